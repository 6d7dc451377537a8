"""What conditions may speak of: each feature's kind, and its words in English. No Django here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


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
    """How a feature is spoken of. `{own}` is "the customer's" or "your", `{they}` who that is.

    A multiple says `noun is 5 times of`; a flag has a sentence for yes and one for no.
    """

    kind: Kind
    noun: str
    of: str = ""  # of multiples: times what
    no: str = ""  # of flags: the sentence for no; the noun is the one for yes


def _money(noun: str) -> Word:
    return Word(Kind.MONEY, noun)


def _count(noun: str) -> Word:
    return Word(Kind.COUNT, f"the number of {noun}")


def _times(of: str) -> Word:
    return Word(Kind.NUMBER, "the amount", of)


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


def _windows(stem: str, windows: str, kind: Kind, noun: str) -> dict[str, Word]:
    start = "the number of " if kind is Kind.COUNT else ""
    return {
        f"{stem}_{window}": Word(kind, f"{start}{noun} in {_LAST[window]}")
        for window in windows.split()
    }


VOCABULARY: Mapping[str, Word] = {
    # --- what is asked for ---
    "amount": _money("the amount"),
    "amount_scaled": _money("the amount in units of about one euro"),
    "currency": Word(Kind.TEXT, "the currency"),
    "kind": Word(Kind.TEXT, "the kind of movement"),
    "channel": Word(Kind.TEXT, "the channel"),
    "hour": Word(Kind.HOUR, "the hour on {own} clock"),
    "weekday": Word(Kind.NUMBER, "the day of the week (0 is Monday)"),
    "to_self": Word(Kind.FLAG, "the money stays with {they}", no="the money goes to somebody else"),
    "balance_share": Word(Kind.SHARE, "the share of the balance that leaves"),
    "place": Word(Kind.TEXT, "the declared place"),
    "country": Word(Kind.TEXT, "the country"),
    # --- the customer's own payments ---
    **_windows("own_count", "10m 1h 24h 7d 30d 180d", Kind.COUNT, "{own} payments"),
    **_windows("own_sum", "1h 24h 7d 30d", Kind.MONEY, "the money {they} paid"),
    "own_mean": _money("{own} average payment"),
    "own_median": _money("{own} usual payment"),
    "own_high": _money("what 9 of 10 of {own} payments stay below"),
    "own_largest": _money("{own} largest payment"),
    "deviations": Word(
        Kind.NUMBER, "the distance from {own} average payment in standard deviations"
    ),
    "amount_vs_mean": _times("{own} average payment"),
    "amount_vs_median": _times("{own} usual payment"),
    "amount_vs_high": _times("what 9 of 10 of {own} payments stay below"),
    "amount_vs_largest": _times("{own} largest payment"),
    **_windows("own_unusual", "3d 7d 30d", Kind.COUNT, "{own} unusual payments"),
    "hours_since_last": Word(Kind.HOURS, "the time since {own} last payment"),
    "days_known": Word(Kind.DAYS, "the time since {own} first payment"),
    "hour_share": Word(Kind.SHARE, "the share of {own} payments at this hour"),
    "weekday_share": Word(Kind.SHARE, "the share of {own} payments on this weekday"),
    "payees_24h": _count("different payees in the last 24 hours"),
    "own_frauds_28d": _count("known frauds on {they} in the last 28 days"),
    # --- this payee ---
    "pair_count": _count("{own} payments to this payee"),
    "new_payee": Word(Kind.FLAG, "the payee is new", no="the payee has been paid before"),
    "amount_vs_pair_largest": _times("{own} largest payment to this payee"),
    "days_since_pair_first": Word(Kind.DAYS, "the time since {own} first payment to this payee"),
    **_windows("payee_count", "24h 7d 28d", Kind.COUNT, "payments to this payee by anybody"),
    "payee_customers_7d": _count("customers who paid this payee in the last 7 days"),
    **_windows("payee_frauds", "1d 7d 28d", Kind.COUNT, "known frauds at this payee"),
    "payee_labels_28d": _count("known outcomes at this payee in the last 28 days"),
    "payee_fraud_share_28d": Word(
        Kind.SHARE, "the share of frauds among this payee's outcomes in the last 28 days"
    ),
    "payee_last3_share": Word(Kind.SHARE, "the share of frauds among this payee's last 3 outcomes"),
    "payee_last5_share": Word(Kind.SHARE, "the share of frauds among this payee's last 5 outcomes"),
    "payee_days_since_first_fraud": Word(
        Kind.DAYS, "the time since this payee's first known fraud"
    ),
    "payee_days_since_last_fraud": Word(Kind.DAYS, "the time since this payee's last known fraud"),
    "payee_good_since_fraud": _count("good outcomes since this payee's last known fraud"),
    # --- mules ---
    "received_24h": _money("the money received in the last 24 hours"),
    "minutes_since_received": Word(Kind.NUMBER, "the minutes since money was received"),
    "out_in_ratio_24h": Word(
        Kind.NUMBER, "the money that leaves", "the money received in the last 24 hours"
    ),
    "back_count_30d": _count("payments that came back from this payee in the last 30 days"),
    # --- device, others, session, travel ---
    "device_new": Word(Kind.FLAG, "the device is new", no="the device is known"),
    "device_customers_30d": _count("customers seen on this device in the last 30 days"),
    "peer_high": _money("what 95 of 100 payments of others stay below"),
    "amount_vs_peer_high": _times("what 95 of 100 payments of others stay below"),
    "session_risk": Word(Kind.SHARE, "the risk of this session's typing"),
    "travel_kmh": Word(Kind.NUMBER, "the speed of travel in km/h since the last place"),
    "travel_impossible": Word(
        Kind.FLAG, "nobody could have travelled here", no="the journey here was possible"
    ),
}
KINDS: Mapping[str, Kind] = {name: word.kind for name, word in VOCABULARY.items()}
