"""Features in the customer's words, against the customer's own normal. No Django here.

A sentence is stored with its decision, so it is spelled here and asks no locale library.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fintrust.core.money import exponent
from fraud.facts import Facts
from fraud.features.catalogue import DAYS_KIND, FEATURES, FLAG, HOURS_KIND, MONEY, SHARE
from fraud.features.forms import Value
from fraud.features.snapshot import Snapshot
from fraud.hits import say

Values = Mapping[str, Value]
Say = Callable[["Told"], str]

#: The night as people call it, for sentences about an hour.
_NIGHT = (0, 6)


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence may speak of."""

    facts: Facts
    snapshot: Snapshot
    values: Values

    def number(self, name: str) -> float:
        value = self.values[name]
        assert isinstance(value, int | float)  # a sentence is only asked for what is known
        return float(value)

    def money(self, name: str) -> str:
        currency = self.facts.currency
        return say(self.number(name) * 10 ** exponent(currency), currency)

    @property
    def asked(self) -> str:
        return say(self.facts.amount_minor, self.facts.currency)


def sentence(name: str, facts: Facts, snapshot: Snapshot, values: Values) -> str | None:
    """What this feature says about this payment; None when it is unknown or is no feature."""
    if name in _VOICES:
        return _VOICES[name]
    if name not in FEATURES or values.get(name) is None:
        return None
    told = Told(facts, snapshot, values)
    return _SENTENCES[name](told) if name in _SENTENCES else _plain(name, told)


def topic(name: str) -> str:
    """What a rule or a feature speaks of: two sentences about the same say it twice."""
    for subject, names in _TOPICS.items():
        if name in names:
            return subject
    return name


# --- the sentences ------------------------------------------------------------------------------


def _times(share: str, normal: str, what: str) -> Say:
    return lambda told: (
        f"{told.asked} is {told.number(share):.1f} times {what} {told.money(normal)}"
    )


def _hour(told: Told) -> str:
    """For the night all of it is spoken of, otherwise the hours around."""
    hour, start, end = told.snapshot.local_hour, *_NIGHT
    if not start <= hour < end:
        start, end = max(hour - 1, 0), min(hour + 2, 24)
    clock = f"{hour:02}:{told.snapshot.local_minute:02}"
    paid, payments = told.snapshot.hours_between(start, end), told.snapshot.count("own_count_180d")
    if not paid:
        return f"{clock}, you have never paid between {start} and {end}"
    return f"{clock}, {paid} of your {payments} payments were between {start} and {end}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _weekday(told: Told) -> str:
    share = told.number("weekday_share")
    day = _DAYS[int(told.number("weekday"))]
    return f"{share:.0%} of your payments were on a {day}"


def _number_in(span: str, words: str) -> Say:
    def said(told: Told) -> str:
        return f"Payment number {told.number(f'own_count_{span}') + 1:.0f} within {words}"

    return said


def _spent_in(span: str, words: str) -> Say:
    def said(told: Told) -> str:
        return f"{told.money(f'own_sum_{span}')} spent within {words} before this payment"

    return said


def _share(name: str, text: str) -> Say:
    return lambda told: text.format(asked=told.asked, share=f"{told.number(name):.0%}")


def _whole(name: str, text: str) -> Say:
    return lambda told: text.format(number=f"{told.number(name):,.0f}")


def _flag(name: str, yes: str, no: str) -> Say:
    return lambda told: yes if told.values[name] else no


def _of_newest(n: int) -> Say:
    def said(told: Told) -> str:
        known = told.snapshot.count(f"payee_last{n}_labels")
        frauds = told.snapshot.count(f"payee_last{n}_frauds")
        return f"{frauds} of the {known} newest cleared up payments to this payee were fraud"

    return said


def _pair(told: Told) -> str:
    paid = told.number("pair_count")
    if not paid:
        return _FIRST
    return f"You paid this payee {paid:.0f} time{'s' * (paid != 1)} before"


_FIRST = "First payment to this payee"
_LOW = "what 90 of 100 of your payments stay below,"
_OTHERS = "what 95 of 100 payments of others stay below,"
_FRAUDS = "{number} payments to this payee became known as fraud within "
_CLEARED = "{share} of the payments to this payee cleared up within 28 days were fraud"
_THROUGH = "Money reached the account {number} minutes ago and is leaving again"
_TYPING = "The typing in this session differs from yours ({share})"

_SENTENCES: Mapping[str, Say] = {
    "amount": lambda told: f"{told.asked} is a large amount",
    "amount_scaled": lambda told: f"{told.asked} is a large amount",
    "amount_vs_mean": _times("amount_vs_mean", "own_mean", "your usual"),
    "deviations": _times("amount_vs_mean", "own_mean", "your usual"),
    "amount_vs_median": _times("amount_vs_median", "own_median", "your median payment of"),
    "amount_vs_high": _times("amount_vs_high", "own_high", _LOW),
    "amount_vs_largest": _times("amount_vs_largest", "own_largest", "your largest payment so far,"),
    "amount_vs_peer_high": _times("amount_vs_peer_high", "peer_high", _OTHERS),
    "balance_share": _share("balance_share", "{asked} is {share} of the account"),
    "hour": _hour,
    "hour_share": _hour,
    "weekday_share": _weekday,
    "own_count_10m": _number_in("10m", "10 minutes"),
    "own_count_1h": _number_in("1h", "an hour"),
    "own_count_24h": _number_in("24h", "24 hours"),
    "own_sum_1h": _spent_in("1h", "an hour"),
    "own_sum_24h": _spent_in("24h", "24 hours"),
    "new_payee": _flag("new_payee", _FIRST, "You paid this payee before"),
    "pair_count": _pair,
    "payee_last3_share": _of_newest(3),
    "payee_last5_share": _of_newest(5),
    "payee_frauds_1d": _whole("payee_frauds_1d", _FRAUDS + "a day"),
    "payee_frauds_7d": _whole("payee_frauds_7d", _FRAUDS + "7 days"),
    "payee_frauds_28d": _whole("payee_frauds_28d", _FRAUDS + "28 days"),
    "payee_fraud_share_28d": _share("payee_fraud_share_28d", _CLEARED),
    "minutes_since_received": _whole("minutes_since_received", _THROUGH),
    "session_risk": _share("session_risk", _TYPING),
    "travel_kmh": _whole("travel_kmh", "You would have travelled here at {number} km/h"),
    "travel_impossible": _flag(
        "travel_impossible", "Nobody travels here so fast", "Where you are fits where you were"
    ),
    "device_new": _flag(
        "device_new", "A device you have not paid with before", "A device you have paid with before"
    ),
}


def _plain(name: str, told: Told) -> str:
    """Any other: what it is called, and its value."""
    feature = FEATURES[name]
    label = feature.label[:1].upper() + feature.label[1:]
    return f"{label}: {_value(feature.kind, name, told)}"


def _value(kind: str, name: str, told: Told) -> str:
    value = told.values[name]
    if kind == FLAG:
        return "yes" if value else "no"
    if kind == MONEY:
        return told.money(name)
    if isinstance(value, str):
        return value
    number = told.number(name)
    if kind == SHARE:
        return f"{number:.0%}"
    if kind in {HOURS_KIND, DAYS_KIND}:
        return f"{number:,.1f}"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


#: What speaks in a model beside features.
_VOICES = {"unlike_others": "Unlike most payments of all customers"}

_TOPICS: Mapping[str, frozenset[str]] = {
    "amount": frozenset({
        "unusual_amount", "large_for_newcomer", "amount", "amount_scaled", "amount_vs_mean",
        "amount_vs_median", "amount_vs_high", "amount_vs_largest", "amount_vs_peer_high",
        "deviations", "own_mean", "own_median", "own_high", "own_largest", "peer_high",
        "own_median_scaled",
    }),
    "payee": frozenset({
        "new_payee_large_amount", "new_payee", "pair_count", "amount_vs_pair_largest",
        "days_since_pair_first",
    }),
    "account": frozenset({"balance_share"}),
    "hour": frozenset({"unusual_hour", "hour", "hour_share"}),
    "weekday": frozenset({"weekday", "weekday_share"}),
    "pace": frozenset({
        "many_payments", "own_count_10m", "own_count_1h", "own_count_24h", "hours_since_last",
    }),
    "spending": frozenset({
        "fast_spending", "own_sum_1h", "own_sum_24h", "own_sum_7d", "own_sum_30d",
        "own_sum_24h_vs_mean", "own_sum_7d_vs_mean",
    }),
    "reputation": frozenset({
        "payee_frauds_1d", "payee_frauds_7d", "payee_frauds_28d", "payee_fraud_share_28d",
        "payee_last3_share", "payee_last5_share", "payee_days_since_first_fraud",
        "payee_days_since_last_fraud", "payee_good_since_fraud", "payee_labels_28d",
        "payee_days_in_series",
    }),
    "typing": frozenset({"unusual_typing", "session_risk"}),
    "travel": frozenset({"impossible_travel", "travel_kmh", "travel_impossible"}),
}  # fmt: skip
