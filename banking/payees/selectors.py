"""A customer's address book, and what they know of others' names."""

from django.db.models import OuterRef, QuerySet, Subquery

from banking.models import Account, Payee, Transfer
from banking.selectors import name_of, recent_payees
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User


def payees_of(user: User) -> QuerySet[Payee]:
    """The address book, by name, with when each was last paid (`last_paid`)."""
    paid = Transfer.objects.filter(
        requested_by=OuterRef("customer"),
        target=OuterRef("account"),
        status=Transfer.Status.POSTED,
    ).order_by("-id")
    return (
        Payee.objects.filter(customer=user)
        .select_related("account__owner")
        .annotate(last_paid=Subquery(paid.values("asked_at")[:1]))
        .order_by("name", "id")
    )


def payee_for(user: User, public_id: str) -> Payee:
    """One of the customer's payees; somebody else's does not exist."""
    payee = payees_of(user).filter(pk=from_public(Payee.prefix, public_id)).first()
    if payee is None:
        raise NotFound()
    return payee


def saved(user: User, account: Account) -> Payee | None:
    """The line of the address book for this account."""
    return Payee.objects.filter(customer=user, account=account).first()


def book_of(user: User) -> list[tuple[str, str]]:
    """Whom a customer may mean, by the ids of their accounts: the address book, and others they
    paid last. Chosen from where a customer limits whom they pay."""
    saved = {payee.account: payee.title for payee in payees_of(user)}
    paid = {account: name_of(account) for account in recent_payees(user)}
    return [
        (account.public_id, f"{name}, {account.number}") for account, name in (paid | saved).items()
    ]
