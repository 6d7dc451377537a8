"""The features: what rules, models and sentences speak of, by name. No Django here.

A feature is worked out from the facts and the snapshot alone, by one of the `forms`, so that it is
the same for one payment and for a column of them. A missing value is None, and NaN in columns.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fintrust.core.money import exponent
from fraud.facts import KINDS, Facts
from fraud.features.aggregates import DAY, HOUR, MINUTE, micros
from fraud.features.forms import Deviations, Form, Given, Nothing, Number, Ratio, Row, Since, Value
from fraud.features.moments import micros_of
from fraud.features.snapshot import Snapshot
from fraud.limits.places import normalise
from fraud.policy import STANDARD
from fraud.travel.judge import Around

NUMBER, MONEY, COUNT, SHARE, FLAG = "number", "money", "count", "share", "flag"
HOURS_KIND, DAYS_KIND, CLOCK, TEXT = "hours", "days", "hour-of-day", "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values that a feature can have: numbers within bounds, whole or not; texts of a form."""

    least: float | None = None
    most: float | None = None
    whole: bool = False
    texts: str = ""  # a regular expression; empty: any text
    means: str = ""  # what the texts are, for whoever writes another

    def holds(self, value: float | str) -> bool:
        if isinstance(value, str):
            return not self.texts or re.fullmatch(self.texts, value) is not None
        return (self.least is None or self.least <= value) and (
            self.most is None or value <= self.most
        )

    def __str__(self) -> str:
        if self.means:
            return self.means
        if self.least is None:
            return "a number"
        return (
            f"{self.least:g} or more" if self.most is None else f"{self.least:g} to {self.most:g}"
        )


_POSITIVE = Domain(least=0)
_PART = Domain(least=0, most=1)
_KINDS: Mapping[str, Domain] = {
    MONEY: _POSITIVE,
    SHARE: _POSITIVE,  # of the account it may be more than all
    COUNT: Domain(least=0, whole=True),
    HOURS_KIND: _POSITIVE,
    DAYS_KIND: _POSITIVE,
    CLOCK: Domain(least=0, most=23, whole=True),
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that can be said about a payment. Money is in major units of its currency."""

    name: str
    kind: str
    label: str
    form: Form
    only: Domain | None = None  # narrower than all of its kind

    @property
    def domain(self) -> Domain:
        return self.only or _KINDS.get(self.kind, Domain())

    @property
    def numeric(self) -> bool:
        """Whether a model can use it."""
        return self.kind != TEXT


def _money(name: str) -> Ratio:
    return Ratio((name,), ("scale",))


_SPANS = {
    "10m": "10 minutes",
    "1h": "hour",
    "24h": "24 hours",
    "1d": "day",
    "3d": "3 days",
    "7d": "7 days",
    "28d": "28 days",
    "30d": "30 days",
    "180d": "180 days",
}


def _each(stem: str, kind: str, label: str, *spans: str) -> list[Feature]:
    def form(name: str) -> Form:
        return _money(name) if kind == MONEY else Number(name)

    return [
        Feature(f"{stem}_{span}", kind, label.format(_SPANS[span]), form(f"{stem}_{span}"))
        for span in spans
    ]


_FACTS = [
    Feature("amount", MONEY, "the amount", _money("amount_minor")),
    Feature(
        "amount_scaled", NUMBER, "the amount, as if in euros", Ratio(("amount_minor",), ("units",))
    ),
    Feature(
        "currency",
        TEXT,
        "the currency",
        Given("currency"),
        Domain(texts="[A-Z]{3}", means="three capital letters"),
    ),
    Feature(
        "kind",
        TEXT,
        "transfer, deposit or withdrawal",
        Given("kind"),
        Domain(texts="|".join(KINDS), means=" or ".join(KINDS)),
    ),
    Feature("channel", TEXT, "how it was asked for", Given("channel")),
    Feature("hour", CLOCK, "the hour on the customer's clock", Number("local_hour")),
    Feature(
        "weekday",
        COUNT,
        "the day of the week, 0 is Monday",
        Number("local_weekday"),
        Domain(least=0, most=6, whole=True),
    ),
    Feature("to_self", FLAG, "goes to an own account", Given("to_self")),
    Feature(
        "balance_share",
        SHARE,
        "the part of the account",
        Ratio(("amount_minor",), ("balance_minor",)),
    ),
    Feature("place", TEXT, "the declared place", Given("place")),
    Feature(
        "country",
        TEXT,
        "the declared country",
        Given("country"),
        Domain(texts="[A-Z]{2}", means="two capital letters"),
    ),
]

_OWN = [
    *_each(
        "own_count", COUNT, "own payments in the last {}", "10m", "1h", "24h", "7d", "30d", "180d"
    ),
    *_each("own_sum", MONEY, "own spending in the last {}", "1h", "24h", "7d", "30d"),
    Feature(
        "own_mean",
        MONEY,
        "the own average payment",
        Ratio(("own_same_sum",), ("own_same_count", "scale")),
    ),
    Feature("own_median", MONEY, "the own middle payment", _money("own_median")),
    Feature(
        "own_median_scaled",
        NUMBER,
        "the own middle payment, as if in euros",
        Ratio(("own_median",), ("units",)),
    ),
    *(
        Feature(
            f"own_sum_{span}_vs_mean",
            NUMBER,
            f"own spending in the last {_SPANS[span]}, in own average payments",
            Ratio((f"own_sum_{span}", "own_same_count"), ("own_same_sum",)),
        )
        for span in ("24h", "7d")
    ),
    Feature("own_high", MONEY, "what 90 of 100 own payments stay below", _money("own_high")),
    Feature("own_largest", MONEY, "the own largest payment", _money("own_largest")),
    Feature(
        "deviations",
        NUMBER,
        "standard deviations above the own average",
        Deviations(
            "own_same_count", "own_same_sum", "own_same_squares", STANDARD.deviation_share_min
        ),
    ),
    Feature(
        "amount_vs_mean",
        NUMBER,
        "times the own average payment",
        Ratio(("amount_minor", "own_same_count"), ("own_same_sum",)),
    ),
    Feature(
        "amount_vs_median",
        NUMBER,
        "times the own middle payment",
        Ratio(("amount_minor",), ("own_median",)),
    ),
    Feature(
        "amount_vs_high",
        NUMBER,
        "times what 90 of 100 own payments stay below",
        Ratio(("amount_minor",), ("own_high",)),
    ),
    Feature(
        "amount_vs_largest",
        NUMBER,
        "times the own largest payment",
        Ratio(("amount_minor",), ("own_largest",)),
    ),
    *_each("own_unusual", COUNT, "own unusual amounts in the last {}", "3d", "7d", "30d"),
    Feature(
        "hours_since_last",
        HOURS_KIND,
        "hours since the own payment before",
        Since("own_last_at", micros(HOUR)),
    ),
    Feature(
        "days_known",
        DAYS_KIND,
        "days since the first own payment",
        Since("own_first_at", micros(DAY)),
    ),
    Feature(
        "hour_share",
        SHARE,
        "own payments around this hour",
        Ratio(("own_near_hour",), ("own_count_180d",)),
        _PART,
    ),
    Feature(
        "weekday_share",
        SHARE,
        "own payments on this day of the week",
        Ratio(("own_this_weekday",), ("own_count_180d",)),
        _PART,
    ),
    *_each("own_payees", COUNT, "different payees in the last {}", "24h"),
    *_each("own_frauds", COUNT, "own payments that became known as fraud in the last {}", "28d"),
]

_PAYEE = [
    Feature("pair_count", COUNT, "own payments to this payee before", Number("pair_count")),
    Feature(
        "new_payee", FLAG, "the first payment to this payee", Nothing("pair_count", "to_somebody")
    ),
    Feature(
        "amount_vs_pair_largest",
        NUMBER,
        "times the largest payment to this payee",
        Ratio(("amount_minor",), ("pair_largest",)),
    ),
    Feature(
        "days_since_pair_first",
        DAYS_KIND,
        "days since the first payment to this payee",
        Since("pair_first_at", micros(DAY)),
    ),
    *_each(
        "payee_count",
        COUNT,
        "payments of all customers to this payee in the last {}",
        "24h",
        "7d",
        "28d",
    ),
    *_each("payee_customers", COUNT, "customers who paid this payee in the last {}", "7d"),
    *_each(
        "payee_frauds",
        COUNT,
        "payments to this payee that became known as fraud in the last {}",
        "1d",
        "7d",
        "28d",
    ),
    *_each(
        "payee_labels", COUNT, "payments to this payee that were cleared up in the last {}", "28d"
    ),
    Feature(
        "payee_fraud_share_28d",
        SHARE,
        "frauds among the payments to this payee cleared up in the last 28 days",
        Ratio(("payee_frauds_28d",), ("payee_labels_28d",)),
        _PART,
    ),
    Feature(
        "payee_last3_share",
        SHARE,
        "frauds among the 3 newest cleared up payments to this payee",
        Ratio(("payee_last3_frauds",), ("payee_last3_labels",)),
        _PART,
    ),
    Feature(
        "payee_last5_share",
        SHARE,
        "frauds among the 5 newest cleared up payments to this payee",
        Ratio(("payee_last5_frauds",), ("payee_last5_labels",)),
        _PART,
    ),
    Feature(
        "payee_days_since_first_fraud",
        DAYS_KIND,
        "days since the first known fraud at this payee",
        Since("payee_first_fraud_at", micros(DAY)),
    ),
    Feature(
        "payee_days_since_last_fraud",
        DAYS_KIND,
        "days since the newest known fraud at this payee",
        Since("payee_last_fraud_at", micros(DAY)),
    ),
    Feature(
        "payee_good_since_fraud",
        COUNT,
        "genuine payments to this payee since its newest known fraud",
        Number("payee_good_since_fraud"),
    ),
    Feature(
        "payee_days_in_series",
        DAYS_KIND,
        "days since frauds at this payee began that look usual and that nothing genuine followed",
        Since("payee_series_at", micros(DAY)),
    ),
]

_OTHERS = [
    Feature(
        "received_24h",
        MONEY,
        "money that reached the account in the last 24 hours",
        _money("received_sum_24h"),
    ),
    Feature(
        "minutes_since_received",
        NUMBER,
        "minutes since money reached the account",
        Since("received_last_at", micros(MINUTE)),
    ),
    Feature(
        "out_in_ratio_24h",
        NUMBER,
        "money leaving the account, to money that reached it, in 24 hours",
        Ratio(("account_out_24h",), ("received_sum_24h",)),
    ),
    *_each("back_count", COUNT, "payments from this payee to the account in the last {}", "30d"),
    Feature(
        "device_new",
        FLAG,
        "a device the customer did not pay with before",
        Nothing("own_device_count", "with_device"),
    ),
    *_each("device_customers", COUNT, "customers who paid with this device in the last {}", "30d"),
    Feature(
        "peer_high", MONEY, "what 95 of 100 payments of others stay below", _money("peer_high")
    ),
    Feature(
        "amount_vs_peer_high",
        NUMBER,
        "times what 95 of 100 payments of others stay below",
        Ratio(("amount_minor",), ("peer_high",)),
    ),
    Feature(
        "session_risk",
        SHARE,
        "how unlike its owner the session typed",
        Given("session_risk"),
        _PART,
    ),
    Feature(
        "travel_kmh",
        NUMBER,
        "the speed the customer would have travelled at, in km/h",
        Given("travel_kmh"),
    ),
    Feature("travel_impossible", FLAG, "nobody travels so fast", Given("travel_impossible")),
    Feature("device_known", FLAG, "the customer is known to use it", Given("device_known")),
    Feature(
        "address_hosting", FLAG, "the address is a VPN's or a server's", Given("address_hosting")
    ),
    Feature("addresses_24h", COUNT, "internet addresses in 24 hours", Given("addresses_24h")),
    Feature("tries_10s", COUNT, "payments tried in the last 10 seconds", Given("tries_10s")),
    Feature("tries_60s", COUNT, "payments tried in the last minute", Given("tries_60s")),
]

FEATURES: Mapping[str, Feature] = {
    feature.name: feature for feature in (*_FACTS, *_OWN, *_PAYEE, *_OTHERS)
}


# --- one payment --------------------------------------------------------------------------------


def of(facts: Facts, snapshot: Snapshot) -> dict[str, Value]:
    """Every feature of one payment."""
    seen = row(facts, snapshot)
    return {name: feature.form.one(seen) for name, feature in FEATURES.items()}


def row(facts: Facts, snapshot: Snapshot) -> Row:
    return Row(wholes(facts, snapshot).get, given(facts, snapshot).get)


def wholes(facts: Facts, snapshot: Snapshot) -> dict[str, int | None]:
    """Every whole number that the forms speak of: the aggregates, the facts, and what follows."""
    hour, weekday = snapshot.local_hour, snapshot.local_weekday
    return {
        **snapshot.values,
        "amount_minor": facts.amount_minor,
        "scale": 10 ** exponent(facts.currency),
        "units": STANDARD.minor(1, facts.currency),
        "balance_minor": facts.balance_minor,
        "at": micros_of(facts.at),
        "local_hour": hour,
        "local_weekday": weekday,
        "to_somebody": int(bool(facts.counterparty) and not facts.to_self),
        "with_device": int(bool(facts.device)),
        # An hour and its neighbours: habits are not that punctual.
        "own_near_hour": snapshot.hours_between(hour - 1, hour + 2),
        "own_this_weekday": None if weekday is None else snapshot.get(f"own_weekday_{weekday}"),
        "account_out_24h": snapshot.count("account_sum_24h") + facts.amount_minor,
    }


def given(facts: Facts, snapshot: Snapshot) -> dict[str, Value]:
    """What is no whole number."""
    travel, around = snapshot.travel, snapshot.around or Around()
    return {
        "currency": facts.currency,
        "kind": facts.kind,
        "channel": facts.channel,
        "to_self": facts.to_self,
        "place": normalise(facts.place) or None,
        "country": country(facts.place),
        "session_risk": snapshot.session_risk,
        "travel_kmh": travel.kmh if travel else None,
        "travel_impossible": travel.impossible if travel else None,
        "device_known": around.device_known,
        "address_hosting": around.hosting,
        "addresses_24h": around.addresses_24h,
        "tries_10s": around.tries_10s,
        "tries_60s": around.tries_60s,
    }


def country(place: str) -> str | None:
    """The country of a declared place: "PT" of "Lisbon, PT"."""
    last = normalise(place).rpartition(", ")[2].upper()
    return last if len(last) == 2 and last.isascii() and last.isalpha() else None


def comparable(name: str, text: str) -> str:
    """A text that somebody wrote beside a feature, as its values are spelled."""
    if name == "place":
        return normalise(text)
    return (country(text) or text) if name == "country" else text
