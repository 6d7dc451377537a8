"""Sharing an account: who may, what it opens, and that an end is an end."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Record
from banking import selectors
from banking.models import AccountPermission, Invitation, Right, Share, Transfer
from banking.policy import SharingPolicy
from banking.sharing import selectors as sharing_selectors
from banking.sharing import services as sharing
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
    ViewOnly,
)
from banking.tests.conftest import open_funded
from banking.transfers import services
from biometrics import pins
from biometrics.errors import PinNotSet, PinWrong
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db
PIN = "4071"


def proved(user, address=""):
    EmailAddress.objects.create(user=user, email=address or user.email, verified=True)
    return user


def invite(account, email, right=Right.OPERATE, **changes):
    request = {"account": account, "by": account.owner, "email": email, "right": right, "pin": PIN}
    return sharing.invite(**request | changes)


def share(account, person, right=Right.OPERATE, **changes):
    """What two people do to share an account."""
    if not EmailAddress.objects.filter(user=person).exists():
        proved(person)
    return sharing.accept(invitation=invite(account, person.email, right, **changes), by=person)


def pay(by, source, target, minor=10_00, **changes):
    request = {"by": by, "source": source, "target": target, "amount": Money(minor, "EUR")}
    return services.send_transfer(**request | {"request_id": str(uuid7())} | changes)


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


@pytest.fixture
def cleo(db):
    """Nobody's relation."""
    return User.objects.create_user("cleo@example.org", "correct horse battery", name="Cleo Vane")


# --- inviting -------------------------------------------------------------------------------


def test_an_invitation_is_answered_by_whoever_proved_the_address(hers, ben, cleo):
    proved(ben)
    invitation = invite(hers, "  Ben@Example.ORG ")
    assert list(sharing_selectors.invitations_for(ben)) == [invitation]
    for stranger in (cleo, hers.owner):
        with pytest.raises(NotFound):
            sharing.accept(invitation=invitation, by=stranger)
    made = sharing.accept(invitation=invitation, by=ben)
    assert made.is_alive and made.may_operate
    assert {p.permission.codename for p in AccountPermission.objects.filter(user=ben)} == {
        "view_account",
        "operate_account",
    }
    actions = Record.objects.filter(owner=hers.owner).values_list("action", flat=True)
    assert {
        "banking.invitation.sent",
        "banking.invitation.accepted",
        "banking.share.begun",
    } <= set(actions)


def test_an_address_that_was_not_confirmed_opens_nothing(hers, ben):
    EmailAddress.objects.create(user=ben, email=ben.email, verified=False)
    invitation = invite(hers, ben.email)
    with pytest.raises(NotFound):
        sharing.accept(invitation=invitation, by=ben)


def test_an_invitation_waits_for_somebody_who_is_no_customer_yet(hers):
    """And until they answer, nothing tells them from a customer."""
    to_nobody = invite(hers, "later@example.org")
    dora = User.objects.create_user("later@example.org", "correct horse battery", name="Dora Pym")
    assert sharing.accept(invitation=to_nobody, by=proved(dora)).account == hers


def test_only_the_owner_invites_and_only_with_their_pin(hers, ben, cleo):
    with pytest.raises(NotFound):
        invite(hers, "x@example.org", by=ben)
    with pytest.raises(PinWrong):
        invite(hers, "x@example.org", pin="9999")
    share(hers, ben)
    pins.set_pin(user=ben, pin=PIN, password_ok=True)
    with pytest.raises(NotFound):  # who operates it does not hand it on
        invite(hers, cleo.email, by=ben)
    with pytest.raises(PinNotSet):
        invite(open_funded(cleo, 0), "x@example.org")
    assert Invitation.objects.count() == 1


def test_who_shares_already_was_invited_already_or_is_oneself_is_named(hers, ada, ben):
    with pytest.raises(OwnInvitation):
        invite(hers, ada.email.upper())
    invite(hers, ben.email)
    with pytest.raises(AlreadyInvited):
        invite(hers, ben.email, Right.VIEW)
    sharing.accept(invitation=Invitation.objects.get(), by=proved(ben))
    with pytest.raises(AlreadyShared):
        invite(hers, ben.email)


def test_two_addresses_of_one_person_are_one_share(hers, ben):
    proved(ben)
    proved(ben, "ben.okri@example.com")
    first, second = invite(hers, ben.email), invite(hers, "ben.okri@example.com")
    sharing.accept(invitation=first, by=ben)
    with pytest.raises(AlreadyShared), transaction.atomic():
        sharing.accept(invitation=second, by=ben)
    assert Share.objects.count() == 1


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a@example.org\nBcc: x@y.org", "x" * 300])
def test_what_is_no_address_is_invited_nowhere(hers, email):
    with pytest.raises(Invalid):
        invite(hers, email)
    assert not Invitation.objects.exists()


def test_an_account_has_room_for_so_many_people(hers):
    policy = SharingPolicy(people_max=2)
    invite(hers, "a@example.org", policy=policy)
    invite(hers, "b@example.org", policy=policy)
    with pytest.raises(SharesExhausted):
        invite(hers, "c@example.org", policy=policy)


def test_taking_invitations_back_does_not_let_one_flood_a_mailbox(hers, ada):
    policy = SharingPolicy(invitations_a_day_max=2)
    for _ in range(2):
        invitation = invite(hers, "victim@example.org", policy=policy)
        sharing.withdraw(invitation=invitation, by=ada)
    with pytest.raises(InvitationsExhausted):
        invite(hers, "victim@example.org", policy=policy)


@pytest.mark.parametrize("days, works", [(-1, False), (0, False), (1, True), (365 * 6, False)])
def test_a_share_may_end_by_itself_on_a_day_to_come(hers, days, works):
    until = timezone.now() + timedelta(days=days)
    if works:
        assert invite(hers, "b@example.org", until=until).until == until
    else:
        with pytest.raises(ShareEndInvalid):
            invite(hers, "b@example.org", until=until)


def test_an_answer_is_given_once(hers, ada, ben):
    proved(ben)
    invitation = invite(hers, ben.email)
    sharing.decline(invitation=invitation, by=ben)
    for verb in (
        lambda: sharing.withdraw(invitation=invitation, by=ada),
        lambda: sharing.accept(invitation=invitation, by=ben),
    ):
        with pytest.raises((InvitationEnded, NotFound)), transaction.atomic():
            verb()
    with pytest.raises(DatabaseError, match="has ended"), transaction.atomic():
        Invitation.objects.update(status="accepted")
    assert not Share.objects.exists()


def test_an_invitation_runs_out_and_makes_room_for_another(hers, ben):
    proved(ben)
    invitation = invite(hers, ben.email)
    with time_machine.travel(invitation.expires_at - timedelta(seconds=1), tick=False):
        assert sharing_selectors.invitations_for(ben).exists()
    with time_machine.travel(invitation.expires_at, tick=False):
        with pytest.raises(NotFound):
            sharing.accept(invitation=invitation, by=ben)
        again = invite(hers, ben.email)
    assert again.pk != invitation.pk


def test_the_mail_is_sent_once_and_not_for_what_was_taken_back(hers, ada, ben):
    invite(hers, ben.email, until=timezone.now() + timedelta(days=9))
    gone = invite(hers, "gone@example.org")
    sharing.withdraw(invitation=gone, by=ada)
    assert [sharing.mail_invitations(), sharing.mail_invitations()] == [1, 0]
    [letter] = mail.outbox
    assert letter.to == [ben.email]
    assert "Ada Byron invites you" in letter.body and "send money" in letter.body


def test_staff_and_programs_take_no_part(hers, olga):
    with pytest.raises(PeopleOnly):
        share(hers, olga)


# --- what a share opens ---------------------------------------------------------------------


def test_a_strangers_account_does_not_exist(hers, ben):
    for right in (None, Right.VIEW, Right.OPERATE):
        with pytest.raises(NotFound):
            selectors.account_for(ben, hers.public_id, right)


def test_rights_are_a_ladder(hers, ben, his):
    share(hers, ben, Right.VIEW)
    assert selectors.account_for(ben, hers.public_id, Right.VIEW) == hers
    with pytest.raises(ViewOnly):
        selectors.account_for(ben, hers.public_id, Right.OPERATE)
    with pytest.raises(NotFound):
        selectors.account_for(ben, hers.public_id)
    with pytest.raises(NotFound), transaction.atomic():
        pay(ben, hers, his)


@pytest.mark.parametrize("half", ["permission", "share"])
def test_one_half_of_a_share_opens_nothing(hers, ben, half):
    made = share(hers, ben)
    if half == "permission":
        Share.objects.filter(pk=made.pk).update(ended_at=timezone.now())
    else:
        AccountPermission.objects.all().delete()
    with pytest.raises(NotFound):
        selectors.account_for(ben, hers.public_id, Right.VIEW)


def test_who_operates_it_pays_and_the_owner_sees_who_did(hers, ada, ben, his, cleo):
    share(hers, ben)
    target = open_funded(cleo, 0)
    transfer = pay(ben, hers, target)
    assert (transfer.status, transfer.requested_by) == (Transfer.Status.POSTED, ben)
    assert transfer.decision.customer == ada
    record = Record.objects.get(subject=transfer.public_id)
    assert (record.owner, record.actor_id) == (ada, ben.pk)
    assert selectors.transfer_for(ada, transfer.public_id) == transfer
    assert transfer in selectors.transfers_of(ada).newest(5)
    assert transfer not in selectors.transfers_of(ben).newest(5)  # it was not his money
    [seen] = selectors.as_seen_by(ben, [transfer])
    assert (seen.incoming, seen.internal, seen.amount.minor) == (False, False, -10_00)


def test_the_owners_hard_limit_holds_for_everybody(hers, ada, ben, his):
    share(hers, ben)
    limit_payments(ada, {"EUR": 5_00})
    limit_payments(ben, {"EUR": 1_00})
    assert pay(ben, hers, his, 5_00).status == Transfer.Status.POSTED
    refused = pay(ben, hers, his, 5_01)
    assert refused.status == Transfer.Status.REFUSED and refused.decision.forbidden


def test_operating_it_is_not_owning_it(hers, ada, ben):
    share(hers, ben)
    with pytest.raises(NotFound):
        services.withdraw(by=ben, account=hers, amount=Money(1, "EUR"), request_id="w")
    with pytest.raises(NotFound):
        services.deposit(by=ben, account=hers, amount=Money(1, "EUR"), request_id="d")
    assert hers not in selectors.accounts_of(ben)


@pytest.fixture
def waiting(hers, ben, cleo):
    """Ben asked for most of what Ada has, for Cleo; it is held."""
    made = share(hers, ben)
    transfer = pay(ben, hers, open_funded(cleo, 0), 950_00)
    assert transfer.is_held, transfer.decision.reasons
    return made, transfer


def test_held_money_is_confirmed_by_who_asked_or_by_the_owner(waiting, ada, ben, cleo):
    _, transfer = waiting
    pins.set_pin(user=ben, pin="8305", password_ok=True)
    for person in (ada, ben):
        assert transfer in selectors.waiting_for(person)
    with pytest.raises(NotFound):
        services.confirm_transfer(transfer=transfer, by=cleo, pin=PIN)
    with pytest.raises(PinWrong):  # the owner's PIN is not his
        services.confirm_transfer(transfer=transfer, by=ben, pin=PIN)
    done = services.confirm_transfer(transfer=transfer, by=ben, pin="8305")
    assert (done.status, done.settled_by) == (Transfer.Status.POSTED, ben)


def test_the_owner_may_cancel_what_somebody_else_asked_for(waiting, ada):
    _, transfer = waiting
    assert services.cancel_transfer(transfer=transfer, by=ada).status == "cancelled"


# --- the end --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["revoked", "left", "swept"])
def test_after_the_end_nothing_works_and_what_waited_is_cancelled(waiting, hers, ada, ben, how):
    made, transfer = waiting
    pins.set_pin(user=ben, pin=PIN, password_ok=True)
    if how == "revoked":
        sharing.revoke(share=made, by=ada)
    elif how == "left":
        sharing.leave(share=made, by=ben)
    else:
        sharing._end(made, by=None)
    transfer.refresh_from_db()
    hers.refresh_from_db()
    assert (transfer.status, hers.held.minor) == (Transfer.Status.CANCELLED, 0)
    assert not AccountPermission.objects.exists()
    for door in (
        lambda: selectors.account_for(ben, hers.public_id, Right.VIEW),
        lambda: selectors.transfer_for(ben, transfer.public_id),
        lambda: pay(ben, hers, transfer.target),
        lambda: pay(ben, hers, transfer.target, 950_00, request_id=transfer.request_id),  # replay
        lambda: services.confirm_transfer(transfer=transfer, by=ben, pin=PIN),
        lambda: services.cancel_transfer(transfer=transfer, by=ben),
    ):
        with pytest.raises(NotFound), transaction.atomic():
            door()
    with pytest.raises(ShareEnded), transaction.atomic():
        sharing.revoke(share=made, by=ada)
    with pytest.raises(DatabaseError, match="has ended"), transaction.atomic():
        Share.objects.update(ended_at=None)


def test_the_end_date_ends_it_to_the_moment_and_the_sweep_tidies_up(hers, ben, his):
    until = timezone.now() + timedelta(days=2)
    made = share(hers, ben, until=until)
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert selectors.account_for(ben, hers.public_id, Right.OPERATE)
        assert sharing.end_shares() == 0
    with time_machine.travel(until, tick=False):
        with pytest.raises(NotFound), transaction.atomic():
            pay(ben, hers, his)
        assert [sharing.end_shares(), sharing.end_shares()] == [1, 0]
    made.refresh_from_db()
    assert made.ended_at == until and made.ended_by is None


def test_a_share_that_ran_out_makes_room_for_a_new_one_before_any_sweep(hers, ben):
    first = share(hers, ben, until=timezone.now() + timedelta(days=1))
    with time_machine.travel(first.until + timedelta(hours=1), tick=False):
        second = sharing.accept(invitation=invite(hers, ben.email, Right.VIEW), by=ben)
        assert second.is_alive
        with pytest.raises(ViewOnly):
            selectors.account_for(ben, hers.public_id, Right.OPERATE)


def test_only_the_two_of_them_end_it(hers, ada, ben, cleo):
    made = share(hers, ben)
    for verb in (
        lambda: sharing.revoke(share=made, by=ben),
        lambda: sharing.revoke(share=made, by=cleo),
        lambda: sharing.leave(share=made, by=ada),
    ):
        with pytest.raises(NotFound):
            verb()


def test_terms_cannot_be_changed_behind_the_bank(hers, ben, cleo):
    share(hers, ben)
    for change in ({"right": "operate"}, {"until": None}, {"person": cleo}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Share.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Share.objects.all().delete()
