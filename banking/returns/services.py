"""Giving money back, once. What was posted never changes: its way back is a transfer of its own.

The receiver gives back what they got, and is judged like for any payment of theirs. An officer
takes a transfer back for the bank, with a reason; that is no payment of a customer's, so their
limits have no say in it. See docs/decisions/0060-shared-accounts-and-returns.md.
"""

from banking.errors import ReversalOfReversal
from banking.models import Transfer
from banking.reasons import clean_reason
from banking.returns.errors import NotReturnable
from banking.transfers.execution import carry_out
from banking.transfers.orders import Order
from fintrust.core.errors import NotFound
from fintrust.core.models import User


def return_transfer(
    *, transfer: Transfer, by: User, request_id: str, channel: str = Transfer.Channel.WEB
) -> Transfer:
    """The receiver sends back all of what they got."""
    if transfer.target.owner_id is None or transfer.kind == Transfer.Kind.DEPOSIT:
        raise NotReturnable()
    if transfer.target.owner_id != by.pk:
        raise NotFound()
    if transfer.kind != Transfer.Kind.REVERSAL and not is_returnable(transfer):
        raise NotReturnable()
    return carry_out(_back(transfer, by, request_id, "Returned", channel))


def reverse_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer takes it back. What the receiver has spent already, nobody can take back."""
    order = _back(
        transfer,
        by,
        f"reverse:{transfer.public_id}",
        "Returned by the bank",
        Transfer.Channel.CONSOLE,
    )
    return carry_out(order, reason=clean_reason(reason))


def _back(transfer: Transfer, by: User, request_id: str, note: str, channel: str) -> Order:
    if transfer.kind == Transfer.Kind.REVERSAL:
        raise ReversalOfReversal()
    if not is_reversible(transfer):
        raise NotReturnable()
    return Order(
        Transfer.Kind.REVERSAL,
        by,
        transfer.target,
        transfer.source,
        transfer.arrives,
        request_id,
        note,
        channel,
        returns=transfer,
    )


def may_return(transfer: Transfer, user: User) -> bool:
    """Whether somebody may be offered to give it back."""
    theirs = transfer.target.owner_id == user.pk and transfer.source.owner_id != user.pk
    ordinary = transfer.kind == Transfer.Kind.TRANSFER
    return theirs and ordinary and is_returnable(transfer)


def is_returnable(transfer: Transfer) -> bool:
    """Whether a receiver can give all of it back: one movement between the two accounts. What came
    from another currency, or cost a fee, only the bank can undo."""
    movement = transfer.movement
    return is_reversible(transfer) and movement is not None and movement.journal_id is None


def is_reversible(transfer: Transfer) -> bool:
    """Whether the money has moved. A transfer that gives back is made anew instead."""
    return transfer.movement_id is not None and transfer.kind != Transfer.Kind.REVERSAL
