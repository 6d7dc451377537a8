"""What one officer proposes and another decides: journals by hand, closing a period, checks."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import Record
from banking import checks, errors, ledger
from banking.books.selectors import frozen_trial_balance
from banking.checks import CheckWaits
from banking.models import (
    Account,
    Adjustment,
    CheckRequest,
    Close,
    Closing,
    Journal,
    Movement,
)
from banking.proposals import services
from banking.proposals.errors import ClosingProposed, OwnProposal, ProposalDecided, ProposalExpired
from banking.proposals.services import Leg
from banking.reasons import ReasonMissing
from banking.verify import verify_ledger
from fintrust.core import roles
from fintrust.core.errors import Forbidden, Problem
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, InvalidAmount, Money

WHY = "a fee taken twice"


def colleague(name, role=roles.COMPLIANCE):
    user = User.objects.create_user(f"{name}@bank.example", "x" * 12, name=name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def nina(db):
    return colleague("nina")


@pytest.fixture
def omar(db):
    return colleague("omar")


@pytest.fixture
def back(hers):
    """Ten euros of fees back to Ada, and a cent for rounding."""
    fees, rounding = ledger.internal("fees", "EUR"), ledger.internal("rounding", "EUR")
    return [Leg(fees, hers, Money(10_00, "EUR")), Leg(rounding, fees, Money(1, "EUR"))]


@pytest.fixture
def propose(nina, back):
    def do(**changes):
        asked = {"by": nina, "legs": back, "narrative": "Fee returned", "reason": WHY, **changes}
        return services.propose_adjustment(**asked)

    return do


def balance(account):
    return Account.objects.get(pk=account.pk).balance.minor


def outcome(deed, **request):
    try:
        deed(**request)
    except Problem as problem:
        return problem.code
    return "done"


# --- adjustments ----------------------------------------------------------------------------


def test_a_proposal_moves_nothing_until_a_colleague_approves(propose, omar, hers):
    adjustment = propose()
    assert balance(hers) == 1_000_00
    done = services.approve_adjustment(adjustment=adjustment, by=omar)
    assert balance(hers) == 1_010_00
    assert (done.status, done.decided_by) == ("approved", omar)
    journal = Journal.objects.get(pk=adjustment.pk)
    legs = Movement.objects.filter(journal_id=journal.pk).order_by("booked_at")
    assert {leg.pk for leg in legs} == {leg.pk for leg in adjustment.legs.all()}
    entry = ledger.entries(hers).first()
    assert (entry.narrative, entry.kind, entry.amount.minor) == ("Fee returned", "adjustment", 1000)
    assert verify_ledger() == []


def test_each_step_is_in_the_log_and_the_customer_sees_theirs(propose, omar, nina, hers, ada):
    adjustment = propose()
    services.approve_adjustment(adjustment=adjustment, by=omar, reason="I agree")
    about = Record.objects.filter(subject=adjustment.public_id).order_by("id")
    assert [(r.action, r.actor_id, r.reason) for r in about] == [
        ("banking.adjustment.proposed", nina.pk, WHY),
        ("banking.adjustment.approved", omar.pk, "I agree"),
    ]
    assert hers.public_id in about[0].after["legs"][0]
    told = Record.objects.get(action="banking.account.adjusted")
    assert (told.owner_id, told.subject, told.reason) == (ada.pk, hers.public_id, "Fee returned")


def test_nobody_approves_or_rejects_what_they_proposed(propose, nina):
    adjustment = propose()
    with pytest.raises(OwnProposal):
        services.approve_adjustment(adjustment=adjustment, by=nina)
    with pytest.raises(OwnProposal):
        services.reject_adjustment(adjustment=adjustment, by=nina, reason="second thoughts")
    assert Adjustment.objects.get().status == "open"


def test_only_the_proposer_withdraws(propose, nina, omar):
    adjustment = propose()
    with pytest.raises(Forbidden):
        services.withdraw_adjustment(adjustment=adjustment, by=omar, reason="not mine")
    done = services.withdraw_adjustment(adjustment=adjustment, by=nina, reason="second thoughts")
    assert (done.status, done.decided_by) == ("withdrawn", nina)
    with pytest.raises(ProposalDecided):
        services.approve_adjustment(adjustment=adjustment, by=omar)


def test_who_rejects_says_why_and_nothing_moves(propose, omar, hers):
    adjustment = propose()
    with pytest.raises(ReasonMissing):
        services.reject_adjustment(adjustment=adjustment, by=omar, reason="  ")
    services.reject_adjustment(adjustment=adjustment, by=omar, reason="the fee was right")
    with pytest.raises(ProposalDecided):
        services.approve_adjustment(adjustment=adjustment, by=omar)
    assert balance(hers) == 1_000_00
    assert not Journal.objects.exists()


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.ADMINISTRATOR, roles.SUPPORT])
def test_others_neither_propose_nor_decide(propose, role):
    adjustment, other = propose(), colleague("other", role)
    with pytest.raises(Forbidden):
        propose(by=other)
    for deed in (services.approve_adjustment, services.reject_adjustment):
        with pytest.raises(Forbidden):
            deed(adjustment=adjustment, by=other, reason="because")


def test_what_the_ledger_refuses_keeps_waiting(propose, omar, hers, his):
    adjustment = propose(legs=[Leg(his, hers, Money(50_01, "EUR"))])
    with pytest.raises(errors.InsufficientFunds):
        services.approve_adjustment(adjustment=adjustment, by=omar)
    adjustment.refresh_from_db()
    assert adjustment.status == "open"
    assert not Record.objects.filter(action="banking.adjustment.approved").exists()


def test_a_value_date_is_the_journals_and_is_not_in_the_future(propose, omar):
    yesterday = timezone.now().date() - timedelta(days=1)
    adjustment = propose(value_date=yesterday)
    services.approve_adjustment(adjustment=adjustment, by=omar)
    assert set(Movement.objects.filter(journal_id=adjustment.pk).values_list("value_date")) == {
        (yesterday,)
    }
    with pytest.raises(errors.ValueDateInTheFuture):
        propose(value_date=timezone.now().date() + timedelta(days=1))


def test_a_day_that_is_closed_meanwhile_is_not_booked_into(propose, omar):
    day = timezone.now().date() - timedelta(days=2)
    adjustment = propose(value_date=day)
    ledger.close_period("EUR", day)
    with pytest.raises(errors.PeriodClosed):
        services.approve_adjustment(adjustment=adjustment, by=omar)
    with pytest.raises(errors.PeriodClosed):
        propose(value_date=day)


def test_drafts_that_cannot_be_right_are_refused_at_once(propose, hers, his):
    fees, dollars = ledger.internal("fees", "EUR"), ledger.internal("fees", "USD")
    one = Money(1, "EUR")
    closed = ledger.open_account(owner=his.owner, product="checking", currency="EUR")
    ledger.set_status(closed, "closed")
    for legs, error in [
        ([], errors.JournalEmpty),
        ([Leg(fees, hers, one)] * 21, errors.JournalTooLarge),
        ([Leg(fees, dollars, one)], CurrencyMismatch),
        ([Leg(fees, hers, Money(1, "USD"))], CurrencyMismatch),
        ([Leg(hers, hers, one)], errors.SameAccount),
        ([Leg(fees, hers, Money(0, "EUR"))], InvalidAmount),
        ([Leg(fees, hers, Money(-1, "EUR"))], InvalidAmount),
        ([Leg(fees, closed, one)], errors.AccountClosed),
        ([Leg(fees, Account(pk=999_999, currency="EUR"), one)], errors.UnknownAccount),
    ]:
        with pytest.raises(error):
            propose(legs=legs)
    for words in ({"narrative": "x"}, {"narrative": "x" * 501}, {"reason": ""}):
        with pytest.raises((ReasonMissing, errors.NarrativeTooLong)):
            propose(**words)
    assert not Adjustment.objects.exists()
    assert propose(legs=[Leg(fees, hers, one)] * 20).legs.count() == 20


def test_sent_twice_it_is_one_proposal(propose, omar):
    id = uuid7()
    assert propose(id=id) == propose(id=id)
    assert Record.objects.filter(action="banking.adjustment.proposed").count() == 1
    for change in ({"narrative": "Another"}, {"by": omar}):
        with pytest.raises(errors.IdempotencyConflict):
            propose(id=id, **change)


def test_what_waits_too_long_runs_out(propose, omar, hers):
    adjustment = propose()
    with time_machine.travel(adjustment.expires_at - timedelta(seconds=1)):
        assert services.expire_proposals() == 0
    with time_machine.travel(adjustment.expires_at, tick=False):
        with pytest.raises(ProposalExpired):
            services.approve_adjustment(adjustment=adjustment, by=omar)
        assert services.expire_proposals() == 1
        assert services.expire_proposals() == 0
    adjustment.refresh_from_db()
    assert (adjustment.status, adjustment.decided_by) == ("expired", None)
    assert balance(hers) == 1_000_00


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE banking_adjustment SET status = 'open', decided_by_id = NULL, decided_at = NULL",
        "UPDATE banking_adjustment SET decision_reason = 'other'",
        "UPDATE banking_adjustment SET narrative = 'other'",
        "UPDATE banking_adjustment SET proposed_by_id = decided_by_id",
        "DELETE FROM banking_adjustment",
        "UPDATE banking_adjustmentleg SET amount_minor = 1",
        "DELETE FROM banking_adjustmentleg",
    ],
)
def test_the_database_refuses_to_change_what_was_decided(propose, omar, statement):
    services.approve_adjustment(adjustment=propose(), by=omar)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_the_proposer_as_the_one_who_decides(propose, nina):
    adjustment = propose()
    for status in ("approved", "rejected"):
        with pytest.raises(DatabaseError, match="two_people"), transaction.atomic():
            Adjustment.objects.filter(pk=adjustment.pk).update(
                status=status, decided_by=nina, decided_at=timezone.now()
            )


# --- closing --------------------------------------------------------------------------------

LAST_WEEK = timedelta(days=7)


@pytest.fixture
def day():
    return datetime.now(UTC).date() - LAST_WEEK


@pytest.fixture
def closing(nina, day):
    return services.propose_closing(by=nina, currency="EUR", until_day=day, reason="month end")


def test_a_period_is_closed_by_two(closing, day, omar, nina):
    with pytest.raises(OwnProposal):
        services.confirm_closing(closing=closing, by=nina)
    assert not Close.objects.exists()
    done = services.confirm_closing(closing=closing, by=omar)
    assert (done.status, done.close.until_day) == ("approved", day)
    actions = Record.objects.filter(action__startswith="banking.").values_list("action", flat=True)
    assert {"banking.closing.proposed", "banking.closing.approved", "banking.period.closed"} <= set(
        actions
    )
    with pytest.raises(ProposalDecided):
        services.confirm_closing(closing=closing, by=omar)


def test_the_figures_of_a_close_are_kept(hers, nina, omar):
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        day = timezone.now().date() - timedelta(days=1)
        closing = services.propose_closing(
            by=nina, currency="EUR", until_day=day, reason="month end"
        )
        # The database's clock is the bank's; it decides whether the day is over.
        assert outcome(services.confirm_closing, closing=closing, by=omar) == "period-not-over"
    closing.refresh_from_db()
    assert closing.is_open
    assert not frozen_trial_balance("EUR", day).lines


@pytest.mark.parametrize("days, code", [(0, "period-not-over"), (-1, "period-not-over")])
def test_only_days_that_are_over_are_proposed(nina, days, code):
    day = datetime.now(UTC).date() - timedelta(days=days)
    said = outcome(
        services.propose_closing, by=nina, currency="EUR", until_day=day, reason="month end"
    )
    assert said == code


def test_one_closing_waits_for_each_currency(closing, nina, day):
    again = {"by": nina, "until_day": day, "reason": "month end"}
    with pytest.raises(ClosingProposed):
        services.propose_closing(currency="EUR", **again)
    services.propose_closing(currency="USD", **again)
    with pytest.raises(errors.UnknownCurrency):
        services.propose_closing(currency="XXX", **again)


def test_what_is_closed_is_not_proposed_again(closing, nina, omar, day):
    services.confirm_closing(closing=closing, by=omar)
    with pytest.raises(errors.PeriodClosed):
        services.propose_closing(by=nina, currency="EUR", until_day=day, reason="once more")


def test_a_closing_is_rejected_or_withdrawn(closing, nina, omar, day):
    services.reject_closing(closing=closing, by=omar, reason="the fees are missing")
    again = services.propose_closing(by=nina, currency="EUR", until_day=day, reason="month end")
    services.withdraw_closing(closing=again, by=nina, reason="wrong day")
    assert not Close.objects.exists()
    assert [c.status for c in Closing.objects.order_by("id")] == ["rejected", "withdrawn"]


# --- checks that are asked for --------------------------------------------------------------


def test_a_check_is_asked_for_once_and_answered(nina, hers):
    checks.ask_check(by=nina)
    with pytest.raises(CheckWaits):
        checks.ask_check(by=nina)
    assert Record.objects.get(action="banking.ledger.check_asked").actor_id == nina.pk
    assert checks.answer_asked() == 1
    answer = CheckRequest.objects.get().answer
    assert (answer.full, answer.intact) == (True, True)
    assert checks.answer_asked() == 0
    checks.ask_check(by=nina)


def test_an_auditor_asks_for_no_check(db):
    with pytest.raises(Forbidden):
        checks.ask_check(by=colleague("audi", roles.AUDITOR))
