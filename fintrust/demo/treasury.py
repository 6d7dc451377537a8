"""What the demo bank's treasury set: rates of exchange, and what savings earn."""

from datetime import date
from decimal import Decimal

from banking.fx.services import set_rate
from banking.interest.services import set_terms
from fintrust.core.models import User

# Units for one euro; other pairs go through it.
RATES = {
    "AUD": "1.7612",
    "BHD": "0.4094",
    "CAD": "1.6010",
    "CHF": "0.9345",
    "CNY": "7.7890",
    "DKK": "7.4605",
    "GBP": "0.8642",
    "INR": "95.12",
    "JPY": "161.35",
    "NOK": "11.7280",
    "PLN": "4.2475",
    "SEK": "11.0930",
    "SGD": "1.4015",
    "USD": "1.0860",
}
SAVINGS = ((0, Decimal("0.0225")), (5_000_00, Decimal("0.0275")))


def set_rates(*, by: User) -> None:
    for currency, rate in RATES.items():
        set_rate(base="EUR", quote=currency, rate=Decimal(rate), source="demo", by=by)


def set_interest(*, since: date, by: User) -> None:
    set_terms(
        product="savings",
        currency="EUR",
        valid_from=since,
        day_count="act/365",
        tiers=SAVINGS,
        by=by,
    )
