"""A decision beside the customer's own normal, for people. Values only: no Django here."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraud.facts import Facts
from fraud.features import FEATURES, Snapshot
from fraud.hits import say
from fraud.policy import STANDARD
from fraud.verdict import BASE, HOUSE

PARTS_MAX = 12  # of a model's score; the rest of them hardly moves it


@dataclass(frozen=True, slots=True)
class Beside:
    """One line of a payment beside what is usual."""

    what: str
    this: str
    usual: str


def beside(facts: Facts, snapshot: Snapshot) -> list[Beside]:
    """This payment, and the customer's own normal as it was known when it was judged."""
    return [
        Beside("Amount", say(facts.amount_minor, facts.currency), _usual_amount(facts, snapshot)),
        Beside("Payee", *_payee(facts, snapshot)),
        Beside("Hour", f"{snapshot.local_hour:02}:{snapshot.local_minute:02}", _hours(snapshot)),
        Beside("Speed", _speed(snapshot.count("own_count_24h") + 1), _usual_speed(facts, snapshot)),
    ]


def _usual_amount(facts: Facts, snapshot: Snapshot) -> str:
    median, high = snapshot.get("own_median"), snapshot.get("own_high")
    if snapshot.payments < STANDARD.own_payments_min or median is None:
        return f"we know {snapshot.payments or 'none'} of your payments in {facts.currency}"
    usual = f"half of yours are at most {say(median, facts.currency)}"
    # Snapshots of before November 2026 did not keep the high one.
    return usual if high is None else f"{usual}, nine in ten at most {say(high, facts.currency)}"


def _payee(facts: Facts, snapshot: Snapshot) -> tuple[str, str]:
    if facts.to_self:
        return "an account of yours", "no stranger"
    times = snapshot.count("pair_count")
    if not times:
        others = snapshot.count("own_count_180d")
        return "never paid before", f"{others or 'no'} payment{'s' * (others != 1)} to others"
    largest = snapshot.get("pair_largest")
    most = "" if largest is None else f", at most {say(largest, facts.currency)}"
    return "paid before", f"{times} {'time' if times == 1 else 'times'}{most}"


def _hours(snapshot: Snapshot) -> str:
    known = snapshot.count("own_count_180d")
    this = snapshot.count(f"own_hour_{snapshot.local_hour}")
    if not known:
        return "nothing known yet"
    if known == 1:
        return f"your only payment was at {'this' if this else 'another'} hour of the day"
    return f"{this or 'none'} of your {known} payments in this hour of the day"


def _speed(number: int) -> str:
    return f"{'the first' if number == 1 else f'number {number}'} within 24 hours"


def _usual_speed(facts: Facts, snapshot: Snapshot) -> str:
    days = snapshot.days(facts.at)
    if days < STANDARD.own_days_min:
        return "nothing known yet"
    return f"about {snapshot.payments / days * 7:.1f} a week"


@dataclass(frozen=True, slots=True)
class Part:
    """What one feature adds to a model's score, in log-odds: above zero, towards fraud."""

    name: str
    label: str
    log_odds: float


def parts(contributions: Mapping[str, float]) -> list[Part]:
    """What a model's score is made of, the heaviest first; nothing when rules alone decided."""
    named = [name for name in contributions if name != BASE]
    heaviest = sorted(named, key=lambda name: (-abs(contributions[name]), name))[:PARTS_MAX]
    return [Part(name, _label(name), contributions[name]) for name in heaviest]


def _label(name: str) -> str:
    if name == HOUSE:
        return "what the bank's own rules say together"
    return FEATURES[name].label if name in FEATURES else name
