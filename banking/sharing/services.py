"""Sharing an account: invite, accept or decline, and end it; nothing of it moves money.

Only the owner invites, with their PIN, since whoever finds a browser open must not let a stranger
in. What an invitation answers never depends on whether its address belongs to a customer.
"""

from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import EmailValidator
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone as clock
from guardian.shortcuts import assign_perm

from audit.services import record
from banking import ledger
from banking.errors import AccountClosed
from banking.models import Account, AccountPermission, Invitation, Right, Share, Transfer
from banking.policy import SHARING, SharingPolicy
from banking.sharing import selectors
from banking.sharing.errors import (
    AlreadyInvited,
    AlreadyShared,
    InvitationEnded,
    InvitationsExhausted,
    OwnInvitation,
    PeopleOnly,
    ShareEnded,
    ShareEndInvalid,
    SharesExhausted,
)
from banking.transfers.services import cancel_because
from biometrics import pins
from fintrust.core import roles
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.models import User

_is_address = EmailValidator()
log = structlog.get_logger()

# --- inviting -------------------------------------------------------------------------------


def invite(
    *,
    account: Account,
    by: User,
    email: str,
    right: Right,
    pin: str,
    until: datetime | None = None,
    policy: SharingPolicy = SHARING,
) -> Invitation:
    """Ask somebody to share the account, by their address. The mail is sent by a sweep."""
    if account.owner_id != by.pk:
        raise NotFound()
    email = _address(email, by)
    _check_end(until, policy)
    pins.verify_pin(user=by, pin=pin)  # counts failures in a transaction of its own
    return invite_after_pin(
        account=account, by=by, email=email, right=right, until=until, policy=policy
    )


def _address(text: str, by: User) -> str:
    email = text.strip().lower()
    try:
        _is_address(email)
    except ValidationError:
        raise Invalid("This is not an e-mail address.", field="email") from None
    if email == by.email:
        raise OwnInvitation()
    return email


def _check_end(until: datetime | None, policy: SharingPolicy) -> None:
    now = clock.now()
    if until is not None and not now < until <= now + policy.share_max:
        raise ShareEndInvalid()


@transaction.atomic
def invite_after_pin(
    *,
    account: Account,
    by: User,
    email: str,
    right: Right,
    until: datetime | None = None,
    policy: SharingPolicy = SHARING,
) -> Invitation:
    """The same for an owner whose PIN was checked just now."""
    # One lock per customer, so that the bounds hold for two tabs too.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    [account] = ledger.lock(account)
    if account.status == Account.Status.CLOSED:
        raise AccountClosed()
    _expire_invitations(account)
    _check_room(account, by, email, policy)
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        right=right,
        until=until,
        expires_at=clock.now() + policy.invitation_life,
    )
    record(
        "banking.invitation.sent",
        subject=invitation,
        by=by,
        owner=by,
        after=_terms(invitation),
        data={"account": account.public_id},
    )
    return invitation


def _check_room(account: Account, by: User, email: str, policy: SharingPolicy) -> None:
    """Only what the owner knows is looked at: whom they invited, never who is a customer."""
    if selectors.people_of(account).filter(invitation__email=email).exists():
        raise AlreadyShared()
    waiting = selectors.invitations_of(account)
    if waiting.filter(email=email).exists():
        raise AlreadyInvited()
    if selectors.people_of(account).count() + waiting.count() >= policy.people_max:
        raise SharesExhausted()
    lately = clock.now() - timedelta(days=1)
    sent = Invitation.objects.filter(account__owner=by, asked_at__gt=lately)
    if sent.count() >= policy.invitations_a_day_max:
        raise InvitationsExhausted()


def _terms(of: Invitation | Share) -> dict[str, object]:
    return {"right": of.right, "until": of.until.isoformat() if of.until else None}


def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """The owner takes an invitation back."""
    if invitation.account.owner_id != by.pk:
        raise NotFound()
    return _answer(invitation, Invitation.Status.WITHDRAWN, by)


def withdraw_all(account: Account) -> None:
    """Nobody is invited to an account that closes."""
    waiting = Invitation.objects.filter(account=account, status=Invitation.Status.OPEN)
    waiting.update(status=Invitation.Status.WITHDRAWN, settled_at=clock.now())


# --- answering ------------------------------------------------------------------------------


def decline(*, invitation: Invitation, by: User) -> Invitation:
    """The invited person does not want it."""
    _must_be_for(invitation, by)
    return _answer(invitation, Invitation.Status.DECLINED, by)


@transaction.atomic
def accept(*, invitation: Invitation, by: User) -> Share:
    """The invited person takes it: from now on they may what the invitation says."""
    _must_be_for(invitation, by)
    if roles.kind_of(by) != roles.CUSTOMER:
        raise PeopleOnly()
    if invitation.account.owner_id == by.pk:
        raise OwnInvitation()
    end_shares(of=by, account=invitation.account)  # a share that ran out leaves no room for another
    invitation = _answer(invitation, Invitation.Status.ACCEPTED, by)
    if invitation.until and invitation.until <= clock.now():
        raise InvitationEnded()
    if Share.objects.filter(account=invitation.account, person=by, ended_at=None).exists():
        raise AlreadyShared()
    share = Share.objects.create(
        account=invitation.account,
        invitation=invitation,
        person=by,
        right=invitation.right,
        until=invitation.until,
    )
    for codename in Right(share.right).codenames:
        assign_perm(f"banking.{codename}", by, share.account)
    _remember(share, "begun", by)
    return share


def _must_be_for(invitation: Invitation, by: User) -> None:
    if not selectors.invitations_for(by).filter(pk=invitation.pk).exists():
        raise NotFound()


@transaction.atomic
def _answer(invitation: Invitation, status: Invitation.Status, by: User) -> Invitation:
    """Settle it, once: of two tabs, or the owner and the invited person, one is first."""
    [account] = ledger.lock(invitation.account)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open:
        raise InvitationEnded()
    if account.status == Account.Status.CLOSED:
        raise AccountClosed()
    invitation.account = account
    invitation.status, invitation.settled_at = status, clock.now()
    invitation.save(update_fields=["status", "settled_at"])
    record(
        f"banking.invitation.{status}",
        subject=invitation,
        by=by,
        owner=account.owner_id,
        data={"account": account.public_id},
    )
    return invitation


# --- ending ---------------------------------------------------------------------------------


def revoke(*, share: Share, by: User) -> Share:
    """The owner ends it, at once: what the person asked for and still waits is cancelled."""
    if share.account.owner_id != by.pk:
        raise NotFound()
    return _end(share, by=by)


def leave(*, share: Share, by: User) -> Share:
    """The person gives their part back."""
    if share.person_id != by.pk:
        raise NotFound()
    return _end(share, by=by)


def end_shares(
    *, of: User | None = None, account: Account | None = None, batch_max: int = 500
) -> int:
    """Tidy up behind shares that ran out. They ended without it; their rows and holds have not."""
    due = Share.objects.filter(ended_at=None, until__lte=clock.now())
    if of is not None:
        due = due.filter(person=of, account=account)
    ended = 0
    for share in due.select_related("account", "person").order_by("until")[:batch_max]:
        try:
            _end(share, by=None)
        except ShareEnded:  # another sweeper, or one of the two people, was faster
            continue
        ended += 1
    return ended


@transaction.atomic
def _end(share: Share, *, by: User | None) -> Share:
    # Whoever uses the share holds this row until their commit, so after ours nobody does.
    locked = (
        Share.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account", "person")
        .get(pk=share.pk)
    )
    if locked.ended_at is not None:
        raise ShareEnded()
    locked.ended_at, locked.ended_by = clock.now(), by
    locked.save(update_fields=["ended_at", "ended_by"])
    AccountPermission.objects.filter(user=locked.person, content_object=locked.account).delete()
    _cancel_what_waits(locked, by)
    _remember(locked, "ended", by)
    return locked


def _cancel_what_waits(share: Share, by: User | None) -> None:
    waiting = Transfer.objects.filter(
        source=share.account, requested_by=share.person, status=Transfer.Status.HELD
    )
    for transfer in waiting.order_by("id"):
        cancel_because(transfer=transfer, by=by, reason="the account is no longer shared")


def _remember(share: Share, what: str, by: User | None) -> None:
    record(
        f"banking.share.{what}",
        subject=share,
        by=by,
        owner=share.account.owner_id,
        after=_terms(share),
        data={"account": share.account.public_id, "person": share.person.public_id},
    )


# --- sweeps ---------------------------------------------------------------------------------


def _expire_invitations(account: Account) -> None:
    Invitation.objects.filter(
        account=account, status=Invitation.Status.OPEN, expires_at__lte=clock.now()
    ).update(status=Invitation.Status.EXPIRED, settled_at=clock.now())


def mail_invitations(batch_max: int = 100) -> int:
    """Send the mails that are due. A crash in between sends one twice, and never none."""
    due = Invitation.objects.filter(status=Invitation.Status.OPEN, mailed_at=None)
    sent = 0
    for pk in due.order_by("id").values_list("pk", flat=True)[:batch_max]:
        try:
            sent += _mail(pk)
        except (SMTPException, OSError):  # one address must not keep the others waiting
            log.exception("invitation not mailed", invitation=str(pk))
    return sent


@transaction.atomic
def _mail(pk: UUID) -> bool:
    due = Invitation.objects.filter(pk=pk, status=Invitation.Status.OPEN, mailed_at=None)
    locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    invitation = locked.select_related("account__owner").first()
    if invitation is None:
        return False
    context = {"invitation": invitation, "site": settings.SITE_URL}
    send_mail(
        f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}an invitation to share an account",
        render_to_string("banking/email/invitation.txt", context),
        None,
        [invitation.email],
    )
    invitation.mailed_at = clock.now()
    invitation.save(update_fields=["mailed_at"])
    return True
