"""What conditions may speak of: each feature's kind, and its words in English. No Django here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fraud.features.catalogue import FEATURES


class Kind(Enum):
    """What a value measures. Values of different kinds are never compared by mistake."""

    NUMBER = "number"
    MONEY = "money"
    COUNT = "count"
    SHARE = "share"
    HOURS = "hours"
    DAYS = "days"
    HOUR = "hour-of-day"
    TEXT = "text"
    FLAG = "flag"

    @property
    def article(self) -> str:
        return _ARTICLES[self]

    @property
    def is_numeric(self) -> bool:
        return self not in (Kind.TEXT, Kind.FLAG)


_ARTICLES = {
    Kind.NUMBER: "a number",
    Kind.MONEY: "an amount of money",
    Kind.COUNT: "a count",
    Kind.SHARE: "a share",
    Kind.HOURS: "a number of hours",
    Kind.DAYS: "a number of days",
    Kind.HOUR: "an hour of the day",
    Kind.TEXT: "a text",
    Kind.FLAG: "a yes or no",
}


@dataclass(frozen=True, slots=True)
class Word:
    """How a feature is spoken of. `{own}` is "the customer's", `{they}` who that is.

    A multiple says `noun is 5 times of`; a flag has a sentence for yes and one for no.
    """

    noun: str
    of: str = ""  # of multiples: times what
    no: str = ""  # of flags: the sentence for no; the noun is the one for yes


def _count(noun: str) -> Word:
    return Word(f"the number of {noun}")


def _times(of: str) -> Word:
    return Word("the amount", of)


_LAST = {
    "10m": "the last 10 minutes",
    "1h": "the last hour",
    "24h": "the last 24 hours",
    "1d": "the last day",
    "3d": "the last 3 days",
    "7d": "the last 7 days",
    "28d": "the last 28 days",
    "30d": "the last 30 days",
    "180d": "the last 180 days",
}


def _windows(stem: str, windows: str, noun: str) -> dict[str, Word]:
    return {f"{stem}_{window}": Word(f"{noun} in {_LAST[window]}") for window in windows.split()}


_WORDS: Mapping[str, Word] = {
    # --- what is asked for ---
    "amount": Word("the amount"),
    "amount_scaled": Word("the amount in units of about one euro"),
    "currency": Word("the currency"),
    "kind": Word("the kind of movement"),
    "channel": Word("the channel"),
    "hour": Word("the hour on {own} clock"),
    "weekday": Word("the day of the week (0 is Monday)"),
    "to_self": Word("the money stays with {they}", no="the money goes to somebody else"),
    "balance_share": Word("the share of the balance that leaves"),
    "place": Word("the declared place"),
    "country": Word("the country"),
    # --- the customer's own payments ---
    **_windows("own_count", "10m 1h 24h 7d 30d 180d", "the number of {own} payments"),
    **_windows("own_sum", "1h 24h 7d 30d", "the money {they} paid"),
    "own_mean": Word("{own} average payment"),
    "own_median": Word("{own} usual payment"),
    "own_high": Word("what 9 of 10 of {own} payments stay below"),
    "own_largest": Word("{own} largest payment"),
    "deviations": Word("the distance from {own} average payment in standard deviations"),
    "amount_vs_mean": _times("{own} average payment"),
    "amount_vs_median": _times("{own} usual payment"),
    "amount_vs_high": _times("what 9 of 10 of {own} payments stay below"),
    "amount_vs_largest": _times("{own} largest payment"),
    **_windows("own_unusual", "3d 7d 30d", "the number of {own} unusual payments"),
    "hours_since_last": Word("the time since {own} last payment"),
    "days_known": Word("the time since {own} first payment"),
    "hour_share": Word("the share of {own} payments at this hour"),
    "weekday_share": Word("the share of {own} payments on this weekday"),
    "own_payees_24h": _count("different payees in the last 24 hours"),
    "own_frauds_28d": _count("known frauds on {they} in the last 28 days"),
    # --- this payee ---
    "pair_count": _count("{own} payments to this payee"),
    "new_payee": Word("the payee is new", no="the payee has been paid before"),
    "amount_vs_pair_largest": _times("{own} largest payment to this payee"),
    "days_since_pair_first": Word("the time since {own} first payment to this payee"),
    **_windows("payee_count", "24h 7d 28d", "the number of payments to this payee by anybody"),
    "payee_customers_7d": _count("customers who paid this payee in the last 7 days"),
    **_windows("payee_frauds", "1d 7d 28d", "the number of known frauds at this payee"),
    "payee_labels_28d": _count("known outcomes at this payee in the last 28 days"),
    "payee_fraud_share_28d": Word(
        "the share of frauds among this payee's outcomes in the last 28 days"
    ),
    "payee_last3_share": Word("the share of frauds among this payee's last 3 outcomes"),
    "payee_last5_share": Word("the share of frauds among this payee's last 5 outcomes"),
    "payee_days_since_first_fraud": Word("the time since this payee's first known fraud"),
    "payee_days_since_last_fraud": Word("the time since this payee's last known fraud"),
    "payee_good_since_fraud": _count("good outcomes since this payee's last known fraud"),
    "payee_days_in_series": Word("the time since this payee's unbroken series of frauds began"),
    # --- mules ---
    "received_24h": Word("the money received in the last 24 hours"),
    "minutes_since_received": Word("the minutes since money was received"),
    "out_in_ratio_24h": Word("the money that leaves", "the money received in the last 24 hours"),
    "back_count_30d": _count("payments that came back from this payee in the last 30 days"),
    # --- device, others, session, travel ---
    "device_new": Word("the device is new", no="the device is known"),
    "device_customers_30d": _count("customers seen on this device in the last 30 days"),
    "peer_high": Word("what 95 of 100 payments of others stay below"),
    "amount_vs_peer_high": _times("what 95 of 100 payments of others stay below"),
    "session_risk": Word("the risk of this session's typing"),
    "travel_kmh": Word("the speed of travel in km/h since the last place"),
    "travel_impossible": Word(
        "nobody could have travelled here", no="the journey here was possible"
    ),
    "device_known": Word("the customer is known to use this device", no="the device is strange"),
    "address_hosting": Word("the address is a VPN's or a server's", no="the address is a home's"),
    "addresses_24h": _count("internet addresses in the last 24 hours"),
    "tries_10s": _count("payments tried in the last 10 seconds"),
    "tries_60s": _count("payments tried in the last minute"),
}
# A feature without words of its own is spoken of by its label.
VOCABULARY: Mapping[str, Word] = {
    name: _WORDS.get(name) or Word(feature.label, no=f"it is not so: {feature.label}")
    for name, feature in FEATURES.items()
}
KINDS: Mapping[str, Kind] = {name: Kind(feature.kind) for name, feature in FEATURES.items()}
