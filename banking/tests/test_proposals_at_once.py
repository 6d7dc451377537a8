"""Two who decide at once, with commits that are commits."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from audit.models import Record
from banking import ledger
from banking.models import Account, AdjustmentLeg, Close
from banking.proposals import services
from banking.proposals.services import Leg
from banking.tests.conftest import open_funded
from banking.tests.test_ledger_concurrency import at_once
from banking.tests.test_proposals import colleague, outcome
from banking.verify import verify_ledger
from fintrust.core.models import User
from fintrust.core.money import Money


@pytest.fixture
def people(bank):
    return [colleague(name) for name in ("nina", "omar", "third")]


@pytest.fixture
def hers(bank):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    return open_funded(ada, 1_000_00)


@pytest.fixture
def adjustment(people, hers):
    return services.propose_adjustment(
        by=people[0],
        legs=[Leg(ledger.internal("fees", "EUR"), hers, Money(10_00, "EUR"))],
        narrative="Fee returned",
        reason="a fee taken twice",
    )


def balance(account):
    return Account.objects.get(pk=account.pk).balance.minor


def approve(adjustment, by):
    return lambda: outcome(services.approve_adjustment, adjustment=adjustment, by=by)


def test_two_who_approve_at_once_book_once(adjustment, people, hers):
    _, omar, third = people
    said = at_once(*[approve(adjustment, omar), approve(adjustment, third)] * 2)
    assert sorted(said) == ["done"] + ["proposal-decided"] * 3
    assert balance(hers) == 1_010_00
    assert Record.objects.filter(action="banking.adjustment.approved").count() == 1
    assert verify_ledger() == []


def test_one_who_approves_and_one_who_rejects_do_not_both_succeed(adjustment, people, hers):
    _, omar, third = people

    def reject():
        return outcome(
            services.reject_adjustment, adjustment=adjustment, by=third, reason="it was right"
        )

    assert sorted(at_once(approve(adjustment, omar), reject)) == ["done", "proposal-decided"]
    adjustment.refresh_from_db()
    assert balance(hers) == (1_010_00 if adjustment.status == "approved" else 1_000_00)


def test_a_proposal_takes_no_more_legs(adjustment, hers):
    with pytest.raises(DatabaseError, match="no more legs"), transaction.atomic():
        AdjustmentLeg.objects.create(
            adjustment=adjustment,
            place=2,
            source=ledger.internal("fees", "EUR"),
            target=hers,
            amount_minor=1,
            currency="EUR",
        )


def test_two_who_confirm_at_once_close_once_and_the_figures_are_kept(people):
    nina, omar, third = people
    day = datetime.now(UTC).date() - timedelta(days=7)
    closing = services.propose_closing(by=nina, currency="EUR", until_day=day, reason="month end")

    def confirm(by):
        return lambda: outcome(services.confirm_closing, closing=closing, by=by)

    assert sorted(at_once(confirm(omar), confirm(third))) == ["done", "proposal-decided"]
    assert Close.objects.count() == 1
