"""An account shared with another person: the invitation, the share, and the right itself.

`AccountPermission` is django-guardian's row of an object permission, kept in a table of ours with
a foreign key, so that one question joins it by an index. It says who may; the share says on whose
word, since when and until when. Both must say yes.
"""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from guardian.models import UserObjectPermissionBase

from banking.models.ledger import Account
from fintrust.core.ids import PublicModel, PublicQuerySet


class Right(models.TextChoices):
    """What somebody may do with an account that is not theirs."""

    VIEW = "view", "See it"
    OPERATE = "operate", "See it and send money"

    @property
    def codenames(self) -> tuple[str, ...]:
        """The object permissions that make this right, the one that tells it apart first."""
        return ("operate_account", "view_account") if self == Right.OPERATE else ("view_account",)


class AccountPermission(UserObjectPermissionBase):
    """One object permission of one person on one account."""

    content_object = models.ForeignKey(Account, models.PROTECT, related_name="permissions")

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()


class Invitation(PublicModel):
    """The owner's word that whoever proves to have this address may share the account."""

    class Status(models.TextChoices):
        OPEN = "open", "Waiting for an answer"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Ran out"

    prefix: ClassVar[str] = "inv"

    account = models.ForeignKey(Account, models.PROTECT, related_name="invitations")
    email = models.EmailField(max_length=254)
    right = models.CharField(max_length=8, choices=Right)
    until = models.DateTimeField(null=True)  # when the share will end by itself
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=Q(status="open"),
                name="banking_invitation_open_once",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="banking_invitation_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(status="open", settled_at__isnull=True)
                | (~Q(status="open") & Q(settled_at__isnull=False)),
                name="banking_invitation_open_is_unsettled",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["email"], condition=Q(status="open"), name="banking_invitation_for"
            ),
            models.Index(
                fields=["id"],
                condition=Q(status="open", mailed_at__isnull=True),
                name="banking_invitation_unmailed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN and self.expires_at > timezone.now()


class ShareQuerySet(PublicQuerySet):
    def alive(self, at: datetime | None = None) -> Self:
        """Shares that hold now. Time is compared here, so one ends without anybody's help."""
        at = at or timezone.now()
        return self.filter(Q(until=None) | Q(until__gt=at), ended_at=None)


class Share(PublicModel):
    """One person's part in an account, from when they accepted until somebody or the clock ends it.

    Other terms are another share: the database refuses to change one, and to open an ended one.
    """

    prefix: ClassVar[str] = "shr"

    account = models.ForeignKey(Account, models.PROTECT, related_name="shares")
    invitation = models.OneToOneField(Invitation, models.PROTECT, related_name="share")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shares")
    right = models.CharField(max_length=8, choices=Right)
    since = models.DateTimeField(db_default=Now(), editable=False)
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects: ClassVar = ShareQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "person"],
                condition=Q(ended_at__isnull=True),
                name="banking_share_one_alive",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
                name="banking_share_ends_after_it_began",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["until"],
                condition=Q(ended_at__isnull=True, until__isnull=False),
                name="banking_share_runs_out",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_alive(self) -> bool:
        return self.ended_at is None and (self.until is None or self.until > timezone.now())

    @property
    def may_operate(self) -> bool:
        return self.right == Right.OPERATE
