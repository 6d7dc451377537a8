"""What the ledger is asked to do for a transfer: its movements, tried and booked."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone as clock

from banking import ledger, selectors
from banking.errors import HoldExpired, HoldTooSmall
from banking.models import Account, Transfer
from fintrust.core.money import Money


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement of a transfer. The first carries the transfer's own id and heads its journal."""

    id: UUID
    source: Account
    target: Account
    amount: Money
    kind: str


def stops_of(transfer: Transfer) -> list[Account]:
    """Every account that the money passes."""
    return [account for leg in _legs(transfer) for account in (leg.source, leg.target)]


def _legs(transfer: Transfer) -> list[Leg]:
    """All movements of a transfer. Across currencies, two through the bank's own positions."""
    if transfer.returns is not None:
        return _legs_back(transfer, transfer.returns)
    source, target, kind = transfer.source, transfer.target, transfer.kind
    if transfer.crosses:
        bought = ledger.internal("fx-position", source.currency, beside=source)
        sold = ledger.internal("fx-position", target.currency, beside=source)
        legs = [
            Leg(transfer.pk, source, bought, transfer.amount, kind),
            Leg(uuid5(transfer.pk, "arrival"), sold, target, transfer.arrives, kind),
        ]
    else:
        legs = [Leg(transfer.pk, source, target, transfer.amount, kind)]
    if transfer.fee_minor:
        fees = ledger.internal("fees", transfer.currency, beside=source)
        legs.append(Leg(uuid5(transfer.pk, "fee"), source, fees, transfer.fee, "fee"))
    return legs


def _legs_back(transfer: Transfer, original: Transfer) -> list[Leg]:
    """The movements of another transfer the other way, beginning with what had arrived."""
    moved = selectors.movements_of(original)
    moved.sort(key=lambda movement: movement.target_id != original.target_id)
    return [
        Leg(
            transfer.pk if number == 0 else uuid5(transfer.pk, str(movement.pk)),
            movement.target,
            movement.source,
            movement.amount,
            transfer.kind,
        )
        for number, movement in enumerate(moved)
    ]


def check(transfer: Transfer) -> None:
    """Refuse what the ledger would refuse, and book nothing."""
    if transfer.hold is not None:
        _try_capture(transfer)
    else:
        _check_legs(transfer)


def _check_legs(transfer: Transfer) -> None:
    first, *rest = _legs(transfer)
    ledger.check(first.id, first.source, first.target, transfer.cost, kind=first.kind)
    for leg in rest:
        if leg.source.pk != first.source.pk:  # its own part of the total is asked for already
            ledger.check(leg.id, leg.source, leg.target, leg.amount, kind=leg.kind)


def _try_capture(transfer: Transfer) -> None:
    """What is held cannot be spent twice, so the ledger is asked by doing it, and undoing it."""
    with transaction.atomic():
        from_hold(transfer)
        transaction.set_rollback(True)


def move(transfer: Transfer) -> UUID:
    """Book all of it, in a journal when it is more than one movement; the id of the first."""
    if transfer.returns is not None:
        return _give_back(transfer, transfer.returns)
    legs = _legs(transfer)
    day = _value_date(transfer)
    if len(legs) > 1:
        booked = ledger.journal(
            transfer.pk,
            [
                ledger.Instruction(
                    leg.id, leg.source, leg.target, leg.amount, leg.kind, transfer.note
                )
                for leg in legs
            ],
            narrative=transfer.note,
            value_date=day,
        )
        return booked.legs[0].id
    (leg,) = legs
    moved = ledger.move(
        leg.id,
        leg.source,
        leg.target,
        leg.amount,
        kind=leg.kind,
        narrative=transfer.note,
        value_date=day,
    )
    return moved.id


def _give_back(transfer: Transfer, original: Transfer) -> UUID:
    """The ledger's own way back: it knows the original, and does it once."""
    movement = original.movement
    assert movement is not None  # only what has moved can be asked back
    if movement.journal_id is None:
        return ledger.reverse(transfer.pk, movement.pk, narrative=transfer.note).id
    journal = ledger.reverse_journal(transfer.pk, movement.journal_id, narrative=transfer.note)
    return next(leg.id for leg in journal.legs if leg.reverses_id == movement.pk)


def from_hold(transfer: Transfer) -> UUID:
    """Move what was set aside; the id of the first movement."""
    if transfer.returns is None and len(_legs(transfer)) == 1:
        return _capture(transfer)
    _unhold(transfer)  # one movement captures a hold; what takes several frees it and books them
    return move(transfer)


def _unhold(transfer: Transfer) -> None:
    """Free the money for its way, unless its time has run out."""
    hold = transfer.hold
    if hold is not None and hold.expires_at is not None and hold.expires_at <= clock.now():
        raise HoldExpired()
    if hold is not None and hold.amount_minor < transfer.amount_minor:
        raise HoldTooSmall()
    ledger.release(hold_of(transfer))


def _capture(transfer: Transfer) -> UUID:
    moved = ledger.capture(
        hold_of(transfer),
        transfer.pk,
        transfer.target,
        transfer.amount,
        kind=transfer.kind,
        narrative=transfer.note,
        value_date=_value_date(transfer),
    )
    return moved.id


def hold_of(transfer: Transfer) -> UUID:
    assert transfer.hold_id is not None  # a constraint of the table: what waits has a hold
    return transfer.hold_id


def _value_date(transfer: Transfer) -> date | None:
    """The day it counts from: the day it is booked, but for what happened long ago."""
    past = transfer.channel == Transfer.Channel.IMPORT
    return transfer.asked_at.date() if past else None
