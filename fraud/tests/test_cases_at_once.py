"""Officers, alerts and customers at the same moment, on a database where commits are commits."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from audit.models import Record
from fintrust.core.errors import Problem
from fraud import services as fraud
from fraud.cases import reports, selectors, services
from fraud.labels import services as labels
from fraud.models import Alert, Case, CaseEntry, Label, SuspicionReport
from fraud.tests.factories import customer, facts
from fraud.tests.test_cases import officer, suspicious

pytestmark = pytest.mark.usefixtures("bank")
FRAUD, NOT_FRAUD = Case.Outcome.FRAUD, Case.Outcome.NOT_FRAUD


def at_once(*deeds: Callable[[], Any]) -> Counter[str]:
    """Each in a thread and a connection of its own; how they ended."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> str:
        try:
            connection.ensure_connection()
            start.wait(20)
            deed()
        except Problem as problem:
            return problem.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as threads:
        return Counter(threads.map(run, deeds))


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def team():
    return [officer(name) for name in ("olga", "ravi", "nils", "mara")]


def test_alerts_that_come_at_once_find_one_case(ada):
    said = at_once(*[lambda: suspicious(ada)] * 6)
    assert said == {"done": 6}
    assert selectors.suspected(Case.objects.get()).count() == 6
    assert CaseEntry.objects.filter(kind="opened").count() == 1


def test_of_officers_who_take_a_case_at_once_one_has_it(ada, team):
    suspicious(ada)
    case = Case.objects.get()
    said = at_once(*(lambda by=by: services.take_case(case=case, by=by) for by in team))
    assert said == {"done": 1, "case-taken": 3}
    assert CaseEntry.objects.filter(kind="taken").count() == 1


def test_an_alert_that_comes_while_a_case_closes_is_decided_or_waits(ada, team):
    """It is never in a closed case without having been part of its outcome."""
    for _ in range(5):
        suspicious(ada)
        case = services.take_case(case=Case.objects.open().get(), by=team[0])
        said = at_once(
            lambda case=case: services.close_case(
                case=case, by=team[0], outcome=NOT_FRAUD, text="all well"
            ),
            lambda: suspicious(ada),
        )
        assert said == {"done": 2}
        for closed in Case.objects.filter(status="closed"):
            assert all(one.labels.exists() for one in selectors.suspected(closed))
        for left in Case.objects.open():
            services.take_case(case=left, by=team[0])
            services.close_case(case=left, by=team[0], outcome=NOT_FRAUD, text="all well")
    assert not Alert.objects.filter(entry=None).exists()


def test_of_colleagues_who_agree_at_once_one_closes_it_and_each_payment_is_labelled_once(ada, team):
    suspicious(ada, 5_000_00, "EUR")
    case = services.take_case(case=Case.objects.get(), by=team[0])
    services.close_case(case=case, by=team[0], outcome=FRAUD, text="a stolen card")
    said = at_once(*(lambda by=by: services.approve_case(case=case, by=by) for by in team))
    assert said["done"] == 1
    assert said["own-finding"] + said["case-closed"] == 3
    assert Label.objects.count() == 1


def test_outcome_and_label_are_one_transaction(ada, team):
    suspicious(ada)
    case = services.take_case(case=Case.objects.get(), by=team[0])
    services.close_case(case=case, by=team[0], outcome=FRAUD, text="a stolen card")
    closed = Record.objects.get(action="fraud.case.closed")
    assert Label.objects.get().tx == closed.tx


def test_of_two_who_sign_at_once_one_does(ada, team):
    suspicious(ada)
    draft = reports.draft_report(case=Case.objects.get(), by=team[0], narrative="A scam.")
    said = at_once(*(lambda by=by: reports.sign_report(report=draft, by=by) for by in team))
    assert said["done"] == 1
    assert SuspicionReport.objects.get().status == "signed"


def test_yes_and_no_at_once_end_with_no(ada):
    decision = fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00))
    fraud.raise_alert(decision, kind="afterwards", severity="low", text="odd")
    at_once(
        *(lambda mine=mine: labels.answer(decision=decision, by=ada, mine=mine) for mine in (1, 0))
    )
    assert Label.objects.order_by("-known_at", "-id").first().fraud
    assert Alert.objects.filter(kind="denied").count() == 1
