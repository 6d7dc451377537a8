"""Letting a partner in, keeping them to it, and remembering every look."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from audit.services import record
from banking.models import Account
from consent import masking, selectors, shared
from consent.errors import (
    ConsentEnded,
    ConsentExists,
    ConsentMissing,
    EndInvalid,
    PartnerInvalid,
    PartnerSuspended,
    PartnerUnavailable,
    PurposeInvalid,
    ScopeNotGranted,
    ScopesInvalid,
)
from consent.models import Consent, ConsentEvent, Disclosure, Partner, Purpose, Refusal, Scope
from consent.policy import STANDARD, ConsentPolicy
from consent.shared import Shared
from fintrust.core import context, live, roles
from fintrust.core.errors import NotFound, Problem
from fintrust.core.ids import from_public
from fintrust.core.models import User

# --- partners ------------------------------------------------------------------------------------


@transaction.atomic
def onboard_partner(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    by: User,
    trading_name: str = "",
    contact: str = "",
    status: str = Partner.Status.ACTIVE,
) -> Partner:
    """Let a firm ask for shared data through this login, which is then for nothing else."""
    if user.is_staff or user.accounts.exists() or Partner.objects.filter(user=user).exists():
        raise PartnerInvalid("A partner's login is its own: no staff, no customer.", field="user")
    partner = Partner(user=user)
    _describe(partner, name, trading_name or name, contact, status, scopes)
    partner.save(force_insert=True)
    user.groups.set([Group.objects.get(name=roles.PARTNER)])
    record("consent.partner.onboarded", subject=partner, by=by, after=_description(partner))
    return partner


@transaction.atomic
def change_partner(
    *,
    partner: Partner,
    by: User,
    name: str,
    trading_name: str,
    contact: str,
    status: str,
    scopes: Collection[str],
) -> Partner:
    """Rename, suspend or narrow a partner. It holds for the very next read."""
    partner = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    before = _description(partner)
    _describe(partner, name, trading_name, contact, status, scopes)
    partner.save(update_fields=["name", "trading_name", "contact", "status", "scopes"])
    record(
        "consent.partner.changed",
        subject=partner,
        by=by,
        before=before,
        after=_description(partner),
    )
    return partner


def _describe(
    partner: Partner,
    name: str,
    trading_name: str,
    contact: str,
    status: str,
    scopes: Collection[str],
) -> None:
    name, trading_name = " ".join(name.split()), " ".join(trading_name.split())
    if not name or not trading_name or status not in Partner.Status.values:
        raise PartnerInvalid()
    if not scopes or not set(scopes) <= set(Scope.values):
        raise PartnerInvalid(field="scopes")
    partner.name, partner.trading_name, partner.contact = name, trading_name, contact.strip()
    partner.status, partner.scopes = status, _in_order(scopes)


def _description(partner: Partner) -> dict[str, Any]:
    names = ("name", "trading_name", "contact", "status", "scopes")
    return {name: getattr(partner, name) for name in names}


def _in_order(scopes: Collection[str]) -> list[str]:
    """Each once, in the order they are listed everywhere."""
    return [scope for scope in Scope.values if scope in scopes]


# --- the customer's word -------------------------------------------------------------------------


@transaction.atomic
def grant_consent(
    *,
    customer: User,
    partner: Partner,
    account: Account,
    scopes: Collection[str],
    purpose: str,
    ends_at: datetime,
    policy: ConsentPolicy = STANDARD,
) -> Consent:
    """Share one own account with one partner, for one purpose, until a moment."""
    if account.owner_id != customer.pk:
        raise NotFound()
    # One lock per customer, so that two tabs agree about what is shared already.
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)
    partner = selectors.locked_partner(partner.user_id)
    now = timezone.now()
    _check_grant(partner, scopes, purpose, ends_at, now, policy)
    _make_room(partner, account, now)
    consent = Consent.objects.create(
        customer=customer,
        partner=partner,
        account=account,
        scopes=_in_order(scopes),
        purpose=purpose,
        starts_at=now,
        ends_at=ends_at,
    )
    ConsentEvent.objects.create(consent=consent, kind=ConsentEvent.Kind.GRANTED, by=customer)
    _remember(consent, "consent.granted", by=customer, after=_terms(consent))
    return consent


def _check_grant(
    partner: Partner,
    scopes: Collection[str],
    purpose: str,
    ends_at: datetime,
    now: datetime,
    policy: ConsentPolicy,
) -> None:
    if not partner.is_active:
        raise PartnerUnavailable()
    if not scopes or not set(scopes) <= set(partner.scopes):
        raise ScopesInvalid()
    if purpose not in Purpose.values:
        raise PurposeInvalid()
    if not now < ends_at <= now + policy.length_max:
        raise EndInvalid()


def _make_room(partner: Partner, account: Account, now: datetime) -> None:
    """One open consent a partner and account; one that ran out unmarked is marked first."""
    open_one = Consent.objects.filter(
        partner=partner, account=account, status=Consent.Status.GRANTED
    ).first()
    if open_one is None:
        return
    if open_one.is_alive(now):
        raise ConsentExists()
    _end(open_one, Consent.Status.EXPIRED, by=None)


@transaction.atomic
def revoke_consent(*, consent: Consent, by: User) -> Consent:
    """Stop sharing. Nothing leaves after this has committed; stopping twice is stopping once."""
    consent = Consent.objects.select_for_update(no_key=True).get(pk=consent.pk)
    if consent.customer_id != by.pk:
        raise NotFound()
    if consent.status == Consent.Status.GRANTED:
        lapsed = consent.ends_at <= timezone.now()
        _end(
            consent,
            Consent.Status.EXPIRED if lapsed else Consent.Status.REVOKED,
            by=None if lapsed else by,
        )
    return consent


def expire_consents(*, now: datetime | None = None, batch_max: int = 500) -> int:
    """Mark what ran out. Reads are refused without the mark too; this is for the lists."""
    expired = 0
    for pk in selectors.overdue(now or timezone.now()).values_list("pk", flat=True)[:batch_max]:
        expired += _expire(pk)
    return expired


@transaction.atomic
def _expire(pk: Any) -> bool:
    open_one = Consent.objects.filter(pk=pk, status=Consent.Status.GRANTED)
    consent = open_one.select_for_update(skip_locked=True, no_key=True).first()
    if consent is None:
        return False
    _end(consent, Consent.Status.EXPIRED, by=None)
    return True


def _end(consent: Consent, status: Consent.Status, *, by: User | None) -> None:
    consent.status = status
    consent.save(update_fields=["status"])
    ConsentEvent.objects.create(consent=consent, kind=status, by=by)
    _remember(consent, f"consent.{status}", by=by)


def _remember(
    consent: Consent, action: str, *, by: User | None, after: dict[str, Any] | None = None
) -> None:
    record(
        action,
        subject=consent,
        by=by,
        owner=consent.customer_id,
        after=after,
        purpose=consent.purpose,
        data={"partner": consent.partner.public_id, "account": consent.account.public_id},
    )
    live.publish(
        [f"user:{consent.customer_id}"],
        action,
        subject=consent.public_id,
        data={"partner": consent.partner.trading_name, "state": consent.status},
    )


def _terms(consent: Consent) -> dict[str, Any]:
    return {"scopes": consent.scopes, "ends_at": consent.ends_at.isoformat()}


# --- the partner's read --------------------------------------------------------------------------


def deliver(
    *,
    partner_user: User,
    account_public_id: str,
    scope: str,
    cursor: str = "",
    limit: int | None = None,
) -> Shared:
    """The masked data of one scope, if the customer agreed to it; every look is remembered.

    A refusal is remembered too, so it commits before it is raised: not inside a transaction.
    """
    answer = _answer(partner_user, account_public_id, scope, cursor, limit)
    if isinstance(answer, Problem):
        raise answer
    return answer


@transaction.atomic(durable=True)
def _answer(
    partner_user: User, account_public_id: str, scope: str, cursor: str, limit: int | None
) -> Shared | Problem:
    partner = selectors.locked_partner(partner_user.pk)
    consent = _consent(partner, account_public_id)
    problem = _objection(partner, consent, scope)
    if problem is not None:
        _remember_refusal(partner, consent, account_public_id, scope, problem, by=partner_user)
        return problem
    assert consent is not None  # or there would be an objection
    found = shared.read(consent, scope, cursor=cursor, limit=limit)
    _remember_disclosure(consent, scope, found, by=partner_user)
    return found


def _consent(partner: Partner, account_public_id: str) -> Consent | None:
    try:
        uuid = from_public(Account.prefix, account_public_id)
    except NotFound:
        return None
    return selectors.newest_consent(partner, uuid)


def _objection(partner: Partner, consent: Consent | None, scope: str) -> Problem | None:
    """Why this read may not be, or None."""
    if not partner.is_active:
        return PartnerSuspended()
    if consent is None:
        return ConsentMissing()
    if not consent.is_alive(timezone.now()):
        return ConsentEnded()
    if scope not in consent.scopes or scope not in partner.scopes:
        return ScopeNotGranted(scopes=[s for s in consent.scopes if s in partner.scopes])
    return None


def _remember_disclosure(consent: Consent, scope: str, found: Shared, *, by: User) -> None:
    disclosure = Disclosure.objects.create(
        consent=consent,
        partner=consent.partner,
        account=consent.account,
        scope=scope,
        masks=dict(masking.FIELDS[scope]),
        rows=found.count,
        request_id=context.current().request_id[:60],
    )
    record(
        "consent.data.disclosed",
        subject=disclosure,
        by=by,
        owner=consent.customer_id,
        purpose=consent.purpose,
        data={"consent": consent.public_id, "scope": scope, "rows": found.count},
    )
    live.publish(
        [f"user:{consent.customer_id}"],
        "consent.data.disclosed",
        subject=disclosure.public_id,
        data={
            "consent": consent.public_id,
            "partner": consent.partner.trading_name,
            "scope": scope,
            "rows": found.count,
        },
    )


def _remember_refusal(
    partner: Partner,
    consent: Consent | None,
    account_public_id: str,
    scope: str,
    problem: Problem,
    *,
    by: User,
) -> None:
    # Without a consent the account may not even exist: what was asked for is kept as text only.
    refusal = Refusal.objects.create(
        partner=partner,
        consent=consent,
        account=consent.account if consent else None,
        scope=scope,
        code=problem.code,
        request_id=context.current().request_id[:60],
    )
    record(
        "consent.data.refused",
        subject=refusal,
        by=by,
        owner=consent.customer_id if consent else None,
        data={"account": account_public_id[:60], "scope": scope, "code": problem.code},
    )
