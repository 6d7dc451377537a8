"""What holds an account: who has frozen it, what keeps it from closing, which version it is."""

from banking.models import Account, Schedule, StatusChange
from banking.sharing.selectors import is_shared
from fintrust.core.idempotency import fingerprint

OWNER, BANK = StatusChange.Side.OWNER, StatusChange.Side.BANK


def frozen_by(account: Account) -> set[str]:
    """The sides that have frozen it. What was frozen before anybody wrote it down is the bank's."""
    if account.status != Account.Status.FROZEN:
        return set()
    said = {str(side): _newest(account, side) for side in (OWNER, BANK)}
    frozen = {side for side, change in said.items() if change and change.status == "frozen"}
    return frozen or {str(BANK)}


def _newest(account: Account, side: str) -> StatusChange | None:
    return StatusChange.objects.filter(account=account, side=side).order_by("-id").first()


def changes_of(account: Account, limit: int = 50) -> list[StatusChange]:
    """Who froze, thawed and closed it, newest first."""
    found = StatusChange.objects.filter(account=account).select_related("by")
    return list(found.order_by("-id")[:limit])


def obstacles_to_closing(account: Account) -> list[str]:
    """What the customer has to do before the account can close, in their words.

    A feature that keeps a promise on an account (a standing order, say) adds its line here.
    """
    found = []
    if account.held_minor:
        found.append("Money is set aside on it. Confirm or cancel what waits first.")
    if account.balance_minor < 0:
        found.append("It is overdrawn. Pay the overdraft back first.")
    if is_shared(account):
        found.append("It is shared. Stop sharing it first.")
    if Schedule.objects.filter(source=account).exclude(status=Schedule.Status.ENDED).exists():
        found.append("Payments are scheduled from it. Cancel them first.")
    return found


def version_of(account: Account) -> str:
    """Changes whenever anything that is told about the account changes; the ETag."""
    return fingerprint(
        account=account.uuid,
        name=account.name,
        status=account.status,
        floor=account.floor_minor,
        balance=account.balance_minor,
        held=account.held_minor,
        seq=account.seq,
    )[:32]
