"""Two persons: one proposes, another decides, and only then money moves or books close.

The proposal's row is locked before anything else and looked at again, so of two who decide at once
one decides and the other is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import record
from banking import ledger
from banking.books import services as books
from banking.errors import (
    AccountClosed,
    IdempotencyConflict,
    JournalEmpty,
    JournalTooLarge,
    NarrativeTooLong,
    PeriodClosed,
    PeriodNotOver,
    SameAccount,
    UnknownAccount,
    UnknownCurrency,
    ValueDateInTheFuture,
)
from banking.models import Account, Adjustment, AdjustmentLeg, Closing, Currency
from banking.models.proposals import Proposal, Status
from banking.policy import PROPOSALS, ProposalPolicy
from banking.proposals.errors import ClosingProposed, OwnProposal, ProposalDecided, ProposalExpired
from banking.reasons import ReasonMissing, clean_reason
from fintrust.core.errors import Forbidden
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, InvalidAmount, Money

NARRATIVE_MAX = 500
KIND = "adjustment"  # of the movements it becomes


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement as somebody proposes it."""

    source: Account
    target: Account
    amount: Money


# --- adjustments ----------------------------------------------------------------------------


@transaction.atomic
def propose_adjustment(
    *,
    by: User,
    legs: Sequence[Leg],
    narrative: str,
    reason: str,
    value_date: date | None = None,
    id: UUID | None = None,
    policy: ProposalPolicy = PROPOSALS,
) -> Adjustment:
    """Ask a colleague to book these movements together. The same id again is the same proposal.

    What can be known now is refused now; whether the money is there is the ledger's to say when it
    is booked.
    """
    _may(by, "propose_adjustment")
    narrative, reason = _narrative(narrative), clean_reason(reason)
    _check_legs(legs, policy)
    if value_date is not None:
        for currency in sorted({leg.amount.currency for leg in legs}):
            _check_day(currency, value_date)
    words: dict[str, Any] = {"narrative": narrative, "reason": reason, "value_date": value_date}
    made, new = Adjustment.objects.get_or_create(
        id=id or uuid7(),
        defaults={"proposed_by": by, "expires_at": timezone.now() + policy.life, **words},
    )
    if not new:
        return _same(made, by, words, legs)
    AdjustmentLeg.objects.bulk_create(
        AdjustmentLeg(
            adjustment=made,
            place=place,
            source=leg.source,
            target=leg.target,
            amount_minor=leg.amount.minor,
            currency=leg.amount.currency,
        )
        for place, leg in enumerate(legs, start=1)
    )
    after = {"legs": _written(legs), "narrative": narrative, "value_date": value_date}
    record("banking.adjustment.proposed", subject=made, by=by, after=after, reason=reason)
    return made


def approve_adjustment(*, adjustment: Adjustment, by: User, reason: str = "") -> Adjustment:
    """Book it, once. What the ledger refuses leaves the proposal waiting."""
    return _approve_adjustment(adjustment, by, _optional(reason))


@transaction.atomic
def _approve_adjustment(adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    adjustment = _lock_for(adjustment, by, "decide_adjustment")
    legs = list(adjustment.legs.select_related("source__owner", "target__owner"))
    ledger.journal(
        adjustment.pk,
        [
            ledger.Instruction(
                leg.pk, leg.source, leg.target, leg.amount, KIND, adjustment.narrative
            )
            for leg in legs
        ],
        narrative=adjustment.narrative,
        value_date=adjustment.value_date,
    )
    _decide(adjustment, Status.APPROVED, by, reason)
    for account in {side.pk: side for leg in legs for side in (leg.source, leg.target)}.values():
        if account.owner_id is not None:  # in the customer's own part of the log, too
            record(
                "banking.account.adjusted",
                subject=account,
                by=by,
                owner=account.owner_id,
                data={"adjustment": adjustment.public_id},
                reason=adjustment.narrative,
            )
    return adjustment


def reject_adjustment(*, adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    return _turn_down(adjustment, by, "decide_adjustment", Status.REJECTED, reason)


def withdraw_adjustment(*, adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    return _turn_down(adjustment, by, "propose_adjustment", Status.WITHDRAWN, reason)


def _check_legs(legs: Sequence[Leg], policy: ProposalPolicy) -> None:
    if not legs:
        raise JournalEmpty()
    if len(legs) > policy.legs_max:
        raise JournalTooLarge(legs_max=policy.legs_max)
    sides = {side.pk for leg in legs for side in (leg.source, leg.target)}
    known = Account.objects.in_bulk(sides)
    for number, leg in enumerate(legs, start=1):
        _check_leg(leg, known, number)


def _check_leg(leg: Leg, known: dict[int, Account], number: int) -> None:
    if leg.source.pk == leg.target.pk:
        raise SameAccount(leg=number)
    if leg.amount.minor <= 0:
        raise InvalidAmount(leg=number)
    for side, account in (("source", leg.source), ("target", leg.target)):
        found = known.get(account.pk)
        if found is None:
            raise UnknownAccount(leg=number, side=side)
        if found.status == Account.Status.CLOSED:
            raise AccountClosed(leg=number, side=side)
        if found.currency != leg.amount.currency:
            raise CurrencyMismatch(
                f"{found.name} is kept in {found.currency}, not in {leg.amount.currency}.",
                leg=number,
                side=side,
            )


def _check_day(currency: str, day: date) -> None:
    if day > _today():
        raise ValueDateInTheFuture()
    closed = Currency.objects.get(code=currency).closed_until
    if closed is not None and day <= closed:
        raise PeriodClosed(closed_until=closed.isoformat())


def _same(made: Adjustment, by: User, words: dict[str, Any], legs: Sequence[Leg]) -> Adjustment:
    stored = [(leg.source_id, leg.target_id, leg.amount) for leg in made.legs.all()]
    asked = [(leg.source.pk, leg.target.pk, leg.amount) for leg in legs]
    same = all(getattr(made, name) == value for name, value in words.items())
    if made.proposed_by_id != by.pk or stored != asked or not same:
        raise IdempotencyConflict()
    return made


def _written(legs: Sequence[Leg]) -> list[str]:
    """Legs in a record: accounts by their public ids, which say nothing about people."""
    return [f"{leg.amount}: {leg.source.public_id} > {leg.target.public_id}" for leg in legs]


def _narrative(text: str) -> str:
    text = " ".join(text.split())
    if len(text) < 3:
        raise ReasonMissing(
            "Write what the entry will say, in 3 characters or more.", field="narrative"
        )
    if len(text) > NARRATIVE_MAX:
        raise NarrativeTooLong()
    return text


# --- closing a period -----------------------------------------------------------------------


def propose_closing(
    *,
    by: User,
    currency: str,
    until_day: date,
    reason: str,
    policy: ProposalPolicy = PROPOSALS,
) -> Closing:
    """Ask a colleague to confirm that a currency's books are closed up to a day."""
    _may(by, "propose_closing")
    reason = clean_reason(reason)
    _check_closing(currency, until_day)
    try:
        return _propose_closing(by, currency, until_day, reason, policy)
    except IntegrityError:  # the database lets one wait for each currency
        raise ClosingProposed() from None


def _check_closing(currency: str, until_day: date) -> None:
    found = Currency.objects.filter(code=currency).first()
    if found is None:
        raise UnknownCurrency()
    if until_day >= _today():
        raise PeriodNotOver(field="until_day")
    if found.closed_until is not None and until_day <= found.closed_until:
        raise PeriodClosed(field="until_day", closed_until=found.closed_until.isoformat())


@transaction.atomic
def _propose_closing(
    by: User, currency: str, until_day: date, reason: str, policy: ProposalPolicy
) -> Closing:
    made = Closing.objects.create(
        currency_id=currency,
        until_day=until_day,
        reason=reason,
        proposed_by=by,
        expires_at=timezone.now() + policy.life,
    )
    after = {"currency": currency, "until_day": until_day.isoformat()}
    record("banking.closing.proposed", subject=made, by=by, after=after, reason=reason)
    return made


def confirm_closing(*, closing: Closing, by: User, reason: str = "") -> Closing:
    """Close the books. The figures are taken after the bank may book again."""
    reason = _optional(reason)
    with transaction.atomic():
        closing = _lock_for(closing, by, "decide_closing")
        _decide(closing, Status.APPROVED, by, reason)
        # Last: from here on nobody can book until the commit.
        books.fence(currency=closing.currency_id, until_day=closing.until_day, by=by)
    books.freeze(closing.currency_id, closing.until_day)
    return closing


def reject_closing(*, closing: Closing, by: User, reason: str) -> Closing:
    return _turn_down(closing, by, "decide_closing", Status.REJECTED, reason)


def withdraw_closing(*, closing: Closing, by: User, reason: str) -> Closing:
    return _turn_down(closing, by, "propose_closing", Status.WITHDRAWN, reason)


# --- both -----------------------------------------------------------------------------------

_P = TypeVar("_P", bound=Proposal)


@transaction.atomic
def _turn_down(proposal: _P, by: User, right: str, status: Status, reason: str) -> _P:
    reason = clean_reason(reason)
    proposal = _lock_for(proposal, by, right, own=status == Status.WITHDRAWN)
    _decide(proposal, status, by, reason)
    return proposal


def _may(by: User, right: str) -> None:
    if not by.has_perm(f"banking.{right}"):
        raise Forbidden()


def _lock_for(proposal: _P, by: User, right: str, *, own: bool = False) -> _P:
    """The proposal as it is now, unchanged by others until the commit, if `by` may decide."""
    _may(by, right)
    proposal = _lock(proposal)
    if (proposal.proposed_by_id == by.pk) != own:
        raise Forbidden() if own else OwnProposal()
    if not proposal.is_open:
        raise ProposalDecided()
    if timezone.now() >= proposal.expires_at:
        raise ProposalExpired()
    return proposal


def _lock(proposal: _P) -> _P:
    rows = type(proposal)._default_manager.select_for_update(no_key=True)
    return rows.get(pk=proposal.pk)


def _decide(proposal: Proposal, status: Status, by: User | None, reason: str) -> None:
    proposal.status, proposal.decided_by = status, by
    proposal.decided_at, proposal.decision_reason = timezone.now(), reason
    proposal.save(update_fields=["status", "decided_by", "decided_at", "decision_reason"])
    record(
        f"banking.{proposal._meta.model_name}.{status}",
        subject=proposal,
        by=by,
        before={"status": Status.OPEN},
        after={"status": status},
        reason=reason,
    )


def _optional(reason: str) -> str:
    """Who agrees need not say why."""
    return clean_reason(reason) if reason.strip() else ""


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def expire_proposals(*, now: datetime | None = None) -> int:
    """End what nobody has decided in time."""
    now = now or timezone.now()
    due = [*Adjustment.objects.due(now), *Closing.objects.due(now)]
    return sum(_expire(proposal, now) for proposal in due)


@transaction.atomic
def _expire(proposal: Proposal, now: datetime) -> bool:
    proposal = _lock(proposal)
    if not proposal.is_open or proposal.expires_at > now:
        return False
    _decide(proposal, Status.EXPIRED, None, "")
    return True
