"""What the live pages hear about transfers: enough to see, masked enough to show."""

from banking.models import Account, Transfer
from banking.numbers import number_of
from fintrust.core import live


def announce(transfer: Transfer) -> None:
    """Tell support, and the customers on both sides, what became of a transfer."""
    people = {transfer.requested_by_id, transfer.source.owner_id}
    if transfer.status == Transfer.Status.POSTED:
        people.add(transfer.target.owner_id)
    live.publish(
        [live.SUPPORT, *(f"user:{person}" for person in people - {None})],
        f"transfer.{transfer.status}",
        subject=transfer.public_id,
        data={
            "kind": transfer.kind,
            "amount_minor": transfer.amount_minor,
            "currency": transfer.currency,
            "from": masked(transfer.source),
            "to": masked(transfer.target),
            "verdict": transfer.decision.verdict,
            "review": transfer.decision.review,
            "score": transfer.decision.score,
            "channel": transfer.channel,
        },
    )


def masked(account: Account) -> str:
    """An account as support may see it in passing: •••• and its last four digits."""
    return account.name if account.owner_id is None else f"•••• {number_of(account.pk)[-4:]}"
