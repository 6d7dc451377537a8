"""Setting rates of exchange."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from audit.services import record
from banking.errors import UnknownCurrency
from banking.fx.errors import InvalidRate
from banking.fx.terms import RATE_DECIMALS
from banking.models import Currency, FxRate
from fintrust.core.errors import Forbidden
from fintrust.core.models import User

SOURCE_MAX = 60
RATE_MAX = Decimal(10) ** 12
AHEAD_MAX = timedelta(days=366)


@transaction.atomic
def set_rate(
    *,
    base: str,
    quote: str,
    rate: Decimal,
    source: str,
    by: User,
    valid_from: datetime | None = None,
    reason: str = "",
) -> FxRate:
    """So many units of `quote` for one of `base`, from now on or from a time to come."""
    if not by.has_perm("banking.add_fxrate"):
        raise Forbidden()
    now = timezone.now()
    _check(base, quote, rate, source)
    if valid_from is not None and not now - AHEAD_MAX <= valid_from <= now + AHEAD_MAX:
        raise InvalidRate("A rate begins within a year of today.", field="valid_from")
    made = FxRate.objects.create(
        base=base,
        quote=quote,
        rate=rate,
        source=source.strip(),
        valid_from=valid_from or now,
        recorded_by=by,
    )
    record(
        "banking.rate.set",
        subject=f"{base}/{quote}",
        by=by,
        after={"rate": str(rate), "source": made.source, "valid_from": made.valid_from},
        reason=reason,
    )
    return made


def _check(base: str, quote: str, rate: Decimal, source: str) -> None:
    if base == quote:
        raise InvalidRate("A rate is between two currencies.", field="quote")
    known = set(Currency.objects.values_list("code", flat=True))
    if not {base, quote} <= known:
        raise UnknownCurrency()
    if not (rate.is_finite() and 0 < rate < RATE_MAX):
        raise InvalidRate()
    if -int(rate.normalize().as_tuple().exponent) > RATE_DECIMALS:
        raise InvalidRate(f"A rate has at most {RATE_DECIMALS} decimals.")
    if not 0 < len(source.strip()) <= SOURCE_MAX:
        raise InvalidRate("Say in up to 60 characters where the rate is from.", field="source")
