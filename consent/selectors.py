"""What may be asked about sharing. A customer's question starts from what is theirs."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone

from consent.errors import NotAPartner, PartnerSuspended
from consent.models import Consent, Disclosure, Partner, Refusal
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User

LOG_MAX = 50


def listed_partners() -> QuerySet[Partner]:
    """Whom a customer may choose."""
    return Partner.objects.active().order_by("trading_name")


def consents_of(customer: User) -> QuerySet[Consent]:
    """Everything this customer ever agreed to, newest first, with when it was last used."""
    found = Consent.objects.filter(customer=customer)
    return (
        found.select_related("partner", "account")
        .annotate(last_access=Max("disclosures__at"))
        .order_by("-id")
    )


def consent_for(customer: User, public_id: str) -> Consent:
    """One of the customer's own consents; anybody else's does not exist."""
    uuid = from_public(Consent.prefix, public_id)
    consent = consents_of(customer).filter(pk=uuid).first()
    if consent is None:
        raise NotFound()
    return consent


def access_log(consent: Consent) -> list[Disclosure | Refusal]:
    """The latest reads and refused reads under a consent, newest first."""
    reads: Iterable[Disclosure | Refusal] = consent.disclosures.order_by("-id")[:LOG_MAX]
    refused: Iterable[Disclosure | Refusal] = consent.refusals.order_by("-id")[:LOG_MAX]
    both = sorted([*reads, *refused], key=lambda row: row.pk, reverse=True)
    return list(islice(both, LOG_MAX))


# --- the partner's side --------------------------------------------------------------------------


def partner_of(user: User) -> Partner:
    """The partner this login belongs to; suspended ones are told so."""
    partner = Partner.objects.filter(user=user).first()
    if partner is None:
        raise NotAPartner()
    return partner


def shared_with(user: User) -> QuerySet[Consent]:
    """The consents under which this partner may read at this moment."""
    partner = partner_of(user)
    if not partner.is_active:
        raise PartnerSuspended()
    alive = Consent.objects.filter(partner=partner).alive(timezone.now())
    return alive.select_related("account", "partner")


def locked_partner(user_id: UUID) -> Partner:
    """The partner with this login, locked: a suspension waits for what is under way."""
    sql = "SELECT * FROM consent_partner WHERE user_id = %s FOR SHARE"
    partner = next(iter(Partner.objects.raw(sql, [user_id])), None)
    if partner is None:
        raise NotAPartner()
    return partner


def newest_consent(partner: Partner, account_uuid: UUID) -> Consent | None:
    """The last word on this partner and this account, locked against a change of mind.

    Whoever revokes waits for the read that is under way, and no read starts behind them.
    """
    found = Consent.objects.raw(
        """
        SELECT c.* FROM consent_consent c
          JOIN banking_account a ON a.id = c.account_id AND a.owner_id = c.customer_id
         WHERE c.partner_id = %s AND a.uuid = %s
         ORDER BY c.id DESC LIMIT 1
           FOR SHARE OF c
        """,
        [partner.pk, account_uuid],
    )
    return next(iter(found), None)


def overdue(now: datetime) -> QuerySet[Consent]:
    return Consent.objects.all().overdue(now).order_by("ends_at")
