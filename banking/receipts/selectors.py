"""What a receipt says: one transfer, from the side of whoever asks for it."""

from dataclasses import dataclass
from datetime import date, datetime

from audit.models import Record
from audit.selectors import record_about
from banking import selectors
from banking.models import Account, Movement, Transfer
from banking.selectors import Seen
from fintrust.core.models import User
from fintrust.core.money import Money

BANK = "FinTrust"


@dataclass(frozen=True, slots=True)
class Party:
    """One side: a name, and the number where the reader may know it."""

    name: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    seen: Seen
    payer: Party
    payee: Party
    asked_by: str  # nothing when the reader did it
    booked_at: datetime | None
    value_date: date | None
    balance_after: Money | None
    record: Record | None
    proved: bool  # the record has its place in the log, so a proof can be had

    @property
    def transfer(self) -> Transfer:
        return self.seen.transfer


def receipt_of(user: User, transfer: Transfer) -> Receipt:
    """For a transfer of `selectors.transfer_for`, which looked whether it is theirs."""
    (seen,) = selectors.as_seen_by(user, [transfer])
    movement = _own_leg(transfer, incoming=seen.incoming)
    record = record_about(transfer.public_id, "banking.transfer.", reader=user)
    after = None
    if movement is not None:
        minor = movement.target_balance_minor if seen.incoming else movement.source_balance_minor
        after = Money(minor, movement.currency)
    return Receipt(
        seen=seen,
        payer=_party(user, transfer.source, shown=not seen.incoming),
        payee=_party(user, transfer.target, shown=True),
        asked_by=_asked_by(user, transfer, seen),
        booked_at=movement.booked_at if movement else None,
        value_date=movement.value_date if movement else None,
        balance_after=after,
        record=record,
        proved=record is not None and hasattr(record, "leaf"),
    )


def _own_leg(transfer: Transfer, *, incoming: bool) -> Movement | None:
    """The last movement that the reader's account felt of it; a fee comes after the amount."""
    side, account = ("target", transfer.target_id) if incoming else ("source", transfer.source_id)
    felt = [
        leg for leg in selectors.movements_of(transfer) if getattr(leg, f"{side}_id") == account
    ]
    return max(felt, key=lambda leg: getattr(leg, f"{side}_seq"), default=None)


def _party(user: User, account: Account, *, shown: bool) -> Party:
    """Whoever pays keeps their account number to themselves."""
    if account.owner_id is None:
        return Party(selectors.name_of(account))
    name = account.name if account.owner_id == user.pk else selectors.name_of(account)
    return Party(name, account.number if shown else "")


def _asked_by(user: User, transfer: Transfer, seen: Seen) -> str:
    """Who did it, for the side that pays. Officers act for the bank, not under their names."""
    by = transfer.requested_by
    if by.pk == user.pk:
        return ""
    if transfer.channel == Transfer.Channel.CONSOLE:
        return BANK
    return "" if seen.incoming else by.name
