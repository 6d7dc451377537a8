"""What one currency is worth in another, from the rates that were set."""

from datetime import datetime, timedelta
from fractions import Fraction

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from banking.fx.errors import NoRate, RateTooOld
from banking.models import FxRate
from banking.policy import FX, FxPolicy


def middle_rate(
    base: str, quote: str, *, at: datetime | None = None, policy: FxPolicy = FX
) -> Fraction:
    """Units of `quote` for one of `base`, before the bank takes anything.

    A pair with a rate of its own, in either direction, uses that one, and is refused when it is
    too old rather than going around it: a source that fell silent must be noticed. A pair that
    never had one goes through the pivot.
    """
    at = at or timezone.now()
    rate = _pair(base, quote, at, policy)
    if rate is None and policy.pivot not in (base, quote):
        legs = _pair(base, policy.pivot, at, policy), _pair(policy.pivot, quote, at, policy)
        rate = None if None in legs else legs[0] * legs[1]  # type: ignore[operator]
    if rate is None:
        raise NoRate(f"The bank has no rate from {base} to {quote}.")
    return rate


def _pair(base: str, quote: str, at: datetime, policy: FxPolicy) -> Fraction | None:
    """The newest rate of the pair that is valid; an inverse one is turned over exactly."""
    either = Q(base=base, quote=quote) | Q(base=quote, quote=base)
    found = FxRate.objects.filter(either, valid_from__lte=at).order_by("-valid_from", "-id").first()
    if found is None:
        return None
    if found.valid_from < at - _age_max(policy):
        raise RateTooOld(f"The rate between {base} and {quote} is from {found.valid_from:%-d %B}.")
    rate = Fraction(found.rate)
    return rate if found.base == base else 1 / rate


def _age_max(policy: FxPolicy) -> timedelta:
    return policy.demo_rate_age_max if settings.DEMO_FUNDING else policy.rate_age_max
