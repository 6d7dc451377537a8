"""Features in the customer's words, against the customer's own normal. No Django here.

A model asks for a sentence where a feature's value makes fraud likelier. Where a person would not
see why, there is none: a euro is no large amount, and a payee of many years no reason. A sentence
is stored with its decision, so it is spelled here and asks no locale library.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fintrust.core.money import exponent
from fraud.facts import Facts
from fraud.features.aggregates import HOURS
from fraud.features.forms import Value
from fraud.features.snapshot import Snapshot
from fraud.hits import ordinal, say, times
from fraud.policy import EXPLAINING, STANDARD
from fraud.travel.policy import TRAVEL

Values = Mapping[str, Value]
Say = Callable[["Told"], str | None]


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence may speak of."""

    facts: Facts
    snapshot: Snapshot
    values: Values

    def number(self, name: str) -> float:
        """A feature's value; one that is unknown is nothing."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) else 0.0

    def money(self, name: str) -> str:
        currency = self.facts.currency
        return say(self.number(name) * 10 ** exponent(currency), currency)

    @property
    def asked(self) -> str:
        return say(self.facts.amount_minor, self.facts.currency)

    @property
    def clock(self) -> str:
        return f"{self.snapshot.local_hour:02}:{self.snapshot.local_minute:02}"

    @property
    def payments(self) -> int:
        return self.snapshot.count("own_count_180d")

    @property
    def has_habits(self) -> bool:
        return self.payments >= STANDARD.night_payments_min

    @property
    def to_somebody(self) -> bool:
        return bool(self.facts.counterparty) and not self.facts.to_self


def sentence(name: str, facts: Facts, snapshot: Snapshot, values: Values) -> str | None:
    """What this feature says against this payment; None when it is unknown, is no feature, or
    says nothing against it."""
    if name in _VOICES:
        return _VOICES[name]
    if name not in _SENTENCES or values.get(name) is None:
        return None
    return _SENTENCES[name](Told(facts, snapshot, values))


def topic(name: str) -> str:
    """What a rule or a feature speaks of: two sentences about the same say it twice."""
    for subject, names in _TOPICS.items():
        if name in names:
            return subject
    return name


# --- amounts ------------------------------------------------------------------------------------


def _amount(told: Told) -> str | None:
    """Large or tiny by itself; large never below what the customer usually pays."""
    minor, currency = told.facts.amount_minor, told.facts.currency
    if minor <= STANDARD.minor(EXPLAINING.tiny_major, currency):
        return f"{told.asked} is a very small amount, as if to try whether it works"
    large = minor >= STANDARD.minor(STANDARD.bands_major.high, currency)
    return f"{told.asked} is a large amount" if large and minor > _median(told) else None


def _median(told: Told) -> int:
    return told.snapshot.count("own_median")


def _times(share: str, normal: str, what: str, *, small: bool = False) -> Say:
    """So many times a normal; where less than usual is strange as well, also far below it."""

    def said(told: Told) -> str | None:
        value = told.number(share)
        if value >= EXPLAINING.times_min:
            return f"{told.asked} is {times(value)} {what} {told.money(normal)}"
        if small and 0 < value <= EXPLAINING.far_below:
            return f"{told.asked} is far below {what} {told.money(normal)}"
        return None

    return said


def _pair_largest(told: Told) -> str | None:
    value = told.number("amount_vs_pair_largest")
    if value < EXPLAINING.times_min:
        return None
    most = say(told.snapshot.count("pair_largest"), told.facts.currency)
    return f"{told.asked} is {times(value)} the most that you have paid this payee, {most}"


def _balance(told: Told) -> str | None:
    share = told.number("balance_share")
    if share < STANDARD.payee_balance_share:
        return None
    part = f"{share:.0%} of" if share <= 1 else "more than"
    return f"{told.asked} is {part} what the account holds"


# --- time ---------------------------------------------------------------------------------------


def _hour(told: Told) -> str | None:
    """For the night all of it is spoken of, otherwise the hours around."""
    hour, (start, end) = told.snapshot.local_hour, STANDARD.night_hours
    night = start <= hour < end
    if not told.has_habits:
        return f"It is {told.clock} at night on your clock" if night else None
    if not night:
        start, end = max(hour - 1, 0), min(hour + 2, HOURS)
    return _seldom(
        told, told.snapshot.hours_between(start, end), f"between {start} and {end}", told.clock
    )


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _weekday(told: Told) -> str | None:
    day = told.snapshot.local_weekday
    if day is None or not told.has_habits:
        return None
    return _seldom(told, told.snapshot.count(f"own_weekday_{day}"), f"on a {_DAYS[day]}")


def _seldom(told: Told, paid: int, when: str, begin: str = "") -> str | None:
    """Only what happens seldom."""
    if paid > EXPLAINING.seldom_share * told.payments:
        return None
    if not paid:
        return f"{begin}, you have never paid {when}" if begin else f"You have never paid {when}"
    text = f"{paid} of your {told.payments:,} payments {_were(paid)} {when}"
    return f"{begin}, {text}" if begin else text


def _since_last(told: Told) -> str | None:
    hours = told.number("hours_since_last")
    if hours < EXPLAINING.quickly_hours:
        return f"Your last payment was {ago(hours)}"
    days = int(hours // 24)
    return f"Your first payment for {days:,} days" if days >= EXPLAINING.new_days else None


def _days_known(told: Told) -> str | None:
    days = told.number("days_known")
    if days >= EXPLAINING.new_days:
        return None
    return f"Your first payment was {ago(24 * days)}: we hardly know you yet"


# --- pace ---------------------------------------------------------------------------------------


def _number_in(span: str, words: str) -> Say:
    def said(told: Told) -> str | None:
        number = int(told.number(f"own_count_{span}")) + 1
        if number < EXPLAINING.payments_min:
            return None
        return f"This is your {ordinal(number)} payment within {words}"

    return said


def _count_in(span: str, days: int) -> Say:
    """More than is usual, or the first for long."""

    def said(told: Told) -> str | None:
        number = int(told.number(f"own_count_{span}"))
        if not number and told.payments:
            return f"Your first payment for {days} days"
        usual = _usually(told, told.payments, days)
        if number < EXPLAINING.payments_min or number < EXPLAINING.times_min * usual:
            return None
        return f"You made {number:,} payments in the last {days} days, more than you usually do"

    return said


def _spent_in(name: str, words: str) -> Say:
    """Before this payment, and more than a trifle."""

    def said(told: Told) -> str | None:
        spent = told.snapshot.count(name)
        if spent < STANDARD.minor(STANDARD.trifle_major, told.facts.currency):
            return None
        return f"You have spent {say(spent, told.facts.currency)} in the last {words}"

    return said


def _spent_more(span: str, days: int) -> Say:
    """The same, where it is also more than usual."""
    spent_in = _spent_in(f"own_sum_{span}", f"{days} days" if days > 1 else "24 hours")

    def said(told: Told) -> str | None:
        usual = _usually(told, told.snapshot.count("own_same_sum"), days)
        text = spent_in(told)
        more = told.snapshot.count(f"own_sum_{span}") >= EXPLAINING.times_min * usual
        return f"{text}, more than you usually do" if text and more else None

    return said


def _usually(told: Told, total: int, days: int) -> float:
    """What so many days hold of a total of up to 180 days."""
    known = min(max(told.number("days_known"), 1.0), 180.0)
    return total * min(days / known, 1.0)


def _few(told: Told) -> str | None:
    if told.has_habits:
        return None
    if not told.payments:
        return "We know no payment of yours yet"
    return f"We know only {_of(told.payments, 'payment')} of yours"


def _count(name: str, many: str, *, one: str = "", least: int = 1) -> Say:
    """A count from `least` on; `one` is the sentence for one of them."""

    def said(told: Told) -> str | None:
        number = int(told.number(name))
        if number < least:
            return None
        return one if number == 1 else many.format(number=f"{number:,}")

    return said


# --- the payee ----------------------------------------------------------------------------------

_FIRST = "First payment to this payee"


def _pair(told: Told) -> str | None:
    if not told.to_somebody:
        return None
    before = {0: _FIRST, 1: "You have paid this payee only once before"}
    before[2] = "You have paid this payee only twice before"
    return before.get(int(told.number("pair_count")))


def _pair_first(told: Told) -> str | None:
    days = told.number("days_since_pair_first")
    return f"You first paid this payee {ago(24 * days)}" if days < EXPLAINING.new_days else None


def _paid_by_all(span: str, days: str) -> Say:
    """Nobody pays a new account, and everybody one that collects."""

    def said(told: Told) -> str | None:
        number = int(told.number(f"payee_count_{span}"))
        if not told.to_somebody or 0 < number < EXPLAINING.crowd_min:
            return None
        return f"{_number(number)} payments to this payee by all customers in the last {days}"

    return said


def _payers(told: Told) -> str | None:
    number = int(told.number("payee_customers_7d"))
    if not told.to_somebody or 0 < number < EXPLAINING.crowd_min:
        return None
    return f"{_number(number)} customers paid this payee in the last 7 days"


def _frauds(span: str, when: str) -> Say:
    words = f"to this payee became known as fraud {when}"
    return _count(f"payee_frauds_{span}", f"{{number}} payments {words}", one=f"1 payment {words}")


def _labels(told: Told) -> str | None:
    known = told.snapshot.count("payee_labels_28d")
    return _of_cleared_up(told.snapshot.count("payee_frauds_28d"), known, "", " in 28 days")


def _of_newest(n: int) -> Say:
    def said(told: Told) -> str | None:
        known = told.snapshot.count(f"payee_last{n}_labels")
        return _of_cleared_up(told.snapshot.count(f"payee_last{n}_frauds"), known, "newest ", "")

    return said


def _of_cleared_up(frauds: int, known: int, newest: str, when: str) -> str | None:
    """Only frauds speak against a payee."""
    if not frauds:
        return None
    if known == 1:
        return f"The only payment to this payee cleared up{when} was fraud"
    which = f"{frauds:,} of the {known:,} {newest}payments to this payee cleared up{when}"
    return f"{which} {_were(frauds)} fraud"


def _fraud_ago(name: str, which: str) -> Say:
    return lambda told: f"The {which} known fraud at this payee was {ago(24 * told.number(name))}"


def _series(told: Told) -> str:
    since = ago(24 * told.number("payee_days_in_series"))
    return f"Nothing genuine is known of this payee since its frauds began {since}"


def _good_since(told: Told) -> str | None:
    good = int(told.number("payee_good_since_fraud"))
    if good >= EXPLAINING.crowd_min:
        return None
    number = f"Only {_of(good, 'genuine payment')}" if good else "No genuine payment"
    return f"{number} to this payee since its newest known fraud"


# --- mules, devices, places ---------------------------------------------------------------------


def _received(told: Told) -> str | None:
    received = told.snapshot.count("received_sum_24h")
    if received < STANDARD.minor(STANDARD.trifle_major, told.facts.currency):
        return None
    return f"{say(received, told.facts.currency)} reached the account in the last 24 hours"


def _through(told: Told) -> str | None:
    minutes = told.number("minutes_since_received")
    if minutes >= 24 * 60:
        return None
    return f"Money reached the account {ago(minutes / 60)} and is leaving again"


def _out_of_in(told: Told) -> str | None:
    ratio = told.number("out_in_ratio_24h")
    if ratio < STANDARD.payee_balance_share:
        return None
    if ratio >= EXPLAINING.times_min:
        return f"{_capital(times(ratio))} as much leaves the account as reached it in 24 hours"
    return f"Of what reached the account in 24 hours, {min(ratio, 1):.0%} is leaving again"


def _typing(told: Told) -> str | None:
    risk = told.number("session_risk")
    if risk < STANDARD.typing_risk.high:
        return None
    return f"The typing in this session differs from yours ({risk:.0%})"


def _speed(told: Told) -> str | None:
    """Faster than a car, over more than a town."""
    travel, kmh = told.snapshot.travel, told.number("travel_kmh")
    if travel is None or travel.km < TRAVEL.distance_km_min or kmh < EXPLAINING.car_kmh:
        return None
    return f"You would have travelled here at {kmh:,.0f} km/h"


def _flag(name: str, *, yes: str | None = None, no: str | None = None) -> Say:
    return lambda told: yes if told.values[name] else no


# --- how numbers are said -----------------------------------------------------------------------


def ago(hours: float) -> str:
    """`1 minute ago`, `3 days ago`: whole, and never more than it was."""
    minutes = int(hours * 60)
    if minutes < 1:
        return "less than a minute ago"
    if minutes < 60:
        return f"{_of(minutes, 'minute')} ago"
    return f"{_of(int(hours), 'hour')} ago" if hours < 24 else f"{_of(int(hours / 24), 'day')} ago"


def _of(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"


def _number(number: int) -> str:
    """At the start of a sentence."""
    return f"{number:,}" if number else "No"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- all of them --------------------------------------------------------------------------------

_MEAN = _times("amount_vs_mean", "own_mean", "your usual", small=True)
_MIDDLE = _times("amount_vs_median", "own_median", "your median payment of", small=True)
_HIGH = _times("amount_vs_high", "own_high", "what 90 of 100 of your payments stay below,")
_LARGEST = _times("amount_vs_largest", "own_largest", "your largest payment so far,")
_OTHERS = _times(
    "amount_vs_peer_high", "peer_high", "what 95 of 100 payments of others stay below,"
)

_SENTENCES: Mapping[str, Say] = {
    "amount": _amount,
    "amount_scaled": _amount,
    "amount_vs_mean": _MEAN,
    "own_mean": _MEAN,
    "deviations": _MEAN,
    "amount_vs_median": _MIDDLE,
    "own_median": _MIDDLE,
    "own_median_scaled": _MIDDLE,
    "amount_vs_high": _HIGH,
    "own_high": _HIGH,
    "amount_vs_largest": _LARGEST,
    "own_largest": _LARGEST,
    "amount_vs_peer_high": _OTHERS,
    "peer_high": _OTHERS,
    "amount_vs_pair_largest": _pair_largest,
    "balance_share": _balance,
    "hour": _hour,
    "hour_share": _hour,
    "weekday": _weekday,
    "weekday_share": _weekday,
    "hours_since_last": _since_last,
    "days_known": _days_known,
    "own_count_10m": _number_in("10m", "10 minutes"),
    "own_count_1h": _number_in("1h", "an hour"),
    "own_count_24h": _number_in("24h", "24 hours"),
    "own_count_7d": _count_in("7d", 7),
    "own_count_30d": _count_in("30d", 30),
    "own_count_180d": _few,
    "own_sum_1h": _spent_in("own_sum_1h", "hour"),
    "own_sum_24h": _spent_in("own_sum_24h", "24 hours"),
    "own_sum_24h_vs_mean": _spent_more("24h", 1),
    "own_sum_7d": _spent_more("7d", 7),
    "own_sum_7d_vs_mean": _spent_more("7d", 7),
    "own_sum_30d": _spent_more("30d", 30),
    **{
        f"own_unusual_{days}d": _count(
            f"own_unusual_{days}d",
            f"{{number}} of your payments in the last {days} days were unusually large",
            one=f"1 of your payments in the last {days} days was unusually large",
        )
        for days in (3, 7, 30)
    },
    "own_payees_24h": _count(
        "own_payees_24h", "You paid {number} different payees in the last 24 hours", least=2
    ),
    "own_frauds_28d": _count(
        "own_frauds_28d",
        "{number} of your payments became known as fraud in the last 28 days",
        one="1 of your payments became known as fraud in the last 28 days",
    ),
    "new_payee": _flag("new_payee", yes=_FIRST),
    "pair_count": _pair,
    "days_since_pair_first": _pair_first,
    "payee_count_24h": _paid_by_all("24h", "24 hours"),
    "payee_count_7d": _paid_by_all("7d", "7 days"),
    "payee_count_28d": _paid_by_all("28d", "28 days"),
    "payee_customers_7d": _payers,
    "payee_frauds_1d": _frauds("1d", "within a day"),
    "payee_frauds_7d": _frauds("7d", "in the last 7 days"),
    "payee_frauds_28d": _frauds("28d", "in the last 28 days"),
    "payee_labels_28d": _labels,
    "payee_fraud_share_28d": _labels,
    "payee_last3_share": _of_newest(3),
    "payee_last5_share": _of_newest(5),
    "payee_days_since_first_fraud": _fraud_ago("payee_days_since_first_fraud", "first"),
    "payee_days_since_last_fraud": _fraud_ago("payee_days_since_last_fraud", "newest"),
    "payee_good_since_fraud": _good_since,
    "payee_days_in_series": _series,
    "received_24h": _received,
    "minutes_since_received": _through,
    "out_in_ratio_24h": _out_of_in,
    "back_count_30d": _count(
        "back_count_30d",
        "This payee has paid you {number} times in the last 30 days",
        one="This payee has paid you once in the last 30 days",
    ),
    "session_risk": _typing,
    "travel_kmh": _speed,
    "travel_impossible": _flag("travel_impossible", yes="Nobody travels here so fast"),
    "device_new": _flag("device_new", yes="A device you have not paid with before"),
    "device_known": _flag("device_known", no="A device that we do not know as yours"),
    "device_customers_30d": _count(
        "device_customers_30d",
        "{number} customers paid with this device in the last 30 days",
        least=2,
    ),
    "address_hosting": _flag(
        "address_hosting", yes="The internet address is a VPN's or a server's"
    ),
    "addresses_24h": _count(
        "addresses_24h", "You came from {number} internet addresses in 24 hours", least=3
    ),
    "tries_10s": _count(
        "tries_10s",
        "You tried to pay {number} times in the 10 seconds before",
        one="You tried to pay a moment before",
    ),
    "tries_60s": _count(
        "tries_60s", "You tried to pay {number} times in the minute before", least=2
    ),
    # Money to oneself is what it is: no reason that anybody would understand.
    "to_self": lambda told: None,
}

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
    "tries": frozenset({"many_tries", "tries_10s", "tries_60s"}),
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
