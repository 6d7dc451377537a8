"""What a customer's programs have set aside. What held transfers wait on is not among it."""

from django.db.models import QuerySet

from banking.models import Hold, Reservation
from banking.selectors import InvalidCursor
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User


def shown() -> QuerySet[Reservation]:
    """With what a list tells of each."""
    return Reservation.objects.select_related("hold__account", "hold__end", "hold__transfer")


def hold_for(user: User, public_id: str) -> Reservation:
    """One's own; any other does not exist, nor what a transfer waits on."""
    pk = from_public(Hold.prefix, public_id)
    found = shown().filter(requested_by=user, pk=pk).first()
    if found is None:
        raise NotFound()
    return found


def holds_page(user: User, *, before: str | None, size: int) -> tuple[list[Reservation], str]:
    """The newest first, and the cursor that continues behind them."""
    found = shown().filter(requested_by=user).order_by("-hold_id")
    if before:
        try:
            found = found.filter(pk__lt=from_public(Hold.prefix, before))
        except NotFound:
            raise InvalidCursor() from None
    rows = list(found[: size + 1])
    return rows[:size], rows[size - 1].public_id if len(rows) > size else ""
