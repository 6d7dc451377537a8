"""Who may do what with an account that is not theirs. Every door asks here, nobody has_perm()s."""

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from banking.models import Account, AccountPermission, Invitation, Right, Share
from fintrust.core.errors import NotFound
from fintrust.core.models import User


def shares_of(user: User, right: Right = Right.VIEW) -> QuerySet[Share]:
    """What is shared with somebody, at least with this right, at this moment.

    The permission says who may, the share says until when; one without the other opens nothing.
    """
    permitted = AccountPermission.objects.filter(
        user=user,
        content_object=OuterRef("account"),
        permission__codename=right.codenames[0],
        permission__content_type__app_label="banking",
        permission__content_type__model="account",
    )
    return Share.objects.alive().filter(Exists(permitted), person=user)


def open_to(user: User, right: Right) -> Q:
    """Condition on accounts: one's own, and those that are shared with at least this right."""
    return Q(owner=user) | Q(pk__in=shares_of(user, right).values("account"))


def shared_with(user: User) -> QuerySet[Share]:
    """The accounts other people share with somebody, for lists."""
    return shares_of(user).select_related("account__owner").order_by("account_id")


def hold_right(user: User, account: Account, right: Right) -> None:
    """Somebody may do this now, and until the commit: an end waits for us, or was faster.

    Locks go share, transfer, account, in this order everywhere.
    """
    if account.owner_id == user.pk:
        return
    mine = shares_of(user, right).filter(account=account)
    if mine.select_for_update(of=("self",), no_key=True).first() is None:
        raise NotFound()


# --- what the owner sees --------------------------------------------------------------------


def people_of(account: Account) -> QuerySet[Share]:
    """Who shares the account now, those who came first in front."""
    return Share.objects.alive().filter(account=account).select_related("person").order_by("id")


def is_shared(account: Account) -> bool:
    return Share.objects.alive().filter(account=account).exists()


def past_people_of(account: Account, limit: int = 20) -> QuerySet[Share]:
    """Who shared it before, newest first."""
    alive = Share.objects.alive().filter(account=account).values("pk")
    ended = Share.objects.filter(account=account).exclude(pk__in=alive)
    return ended.select_related("person", "ended_by").order_by("-id")[:limit]


def invitations_of(account: Account) -> QuerySet[Invitation]:
    """Invitations that wait for an answer."""
    return _waiting().filter(account=account).order_by("id")


# --- what the invited person sees -----------------------------------------------------------


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Invitations to an address this person has proved to be theirs; others do not exist."""
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    addresses = [address.lower() for address in proved]
    return _waiting().filter(email__in=addresses).select_related("account__owner").order_by("id")


def _waiting() -> QuerySet[Invitation]:
    return Invitation.objects.filter(status=Invitation.Status.OPEN, expires_at__gt=timezone.now())
