"""Cases as rows of the support feed."""

import pytest

from fintrust.core.models import Event
from fintrust.live import feed
from fraud.models import CaseEntry


def row(kind, **data):
    event = Event(id=1, tx=1, topic="support", kind=kind, subject="cas_x", data=data)
    return feed.row_of(event)


@pytest.mark.parametrize(
    "kind, data, title, text",
    [
        ("case.opened", {"text": "odd"}, "Case opened", "odd"),
        ("case.taken", {"by": "Olga", "officer": "Olga"}, "Case taken", "Olga"),
        ("case.handed", {"by": "Olga", "officer": "Ravi"}, "Case handed over", "Olga to Ravi"),
        ("case.closed", {"by": "Olga", "outcome": "Fraud"}, "Case closed", "Olga: Fraud"),
    ],
)
def test_a_row_says_who_did_what(kind, data, title, text):
    found = row(kind, **data)
    assert (found.family, found.title, found.text) == ("case", title, text)
    assert (found.is_alert, found.parties) == (False, "")


def test_every_deed_that_is_published_has_a_title():
    told = {"opened", "taken", "handed", "released", "escalated", "proposed", "returned", "closed",
            "reopened"}  # fmt: skip
    assert told <= set(CaseEntry.Kind.values)
    assert all(row(f"case.{deed}").title for deed in told)


@pytest.mark.parametrize("kind, family", [("alert.raised", "alert"), ("transfer.held", "transfer"),
                                          ("audit.log.found_damaged", "alert")])  # fmt: skip
def test_other_rows_stay_what_they_were(kind, family):
    assert row(kind).family == family
