"""What the bank counts about a payment, declared once. Values only: no Django here.

An Entity says whose rows are read and how many of them at most; an Aggregate, what is counted in
them. `statement` compiles all of them to the one read of a decision, `columns` to arrays over a
whole history, and both give the same whole numbers, bit for bit.

A window reaches from its start (excluded) up to the payment (excluded): only what was asked for
before it counts, and of labels only those that were known before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

MICROSECOND = timedelta(microseconds=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOURS, WEEKDAYS = 24, 7


def micros(length: timedelta) -> int:
    return length // MICROSECOND


# --- whose rows -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The newest rows of one customer, account, payee or device before the payment.

    `key` pairs a column of the rows with the fact that it equals; nothing equals a fact that is
    not given. The bounds are part of every definition: a read that could grow for ever would make
    the busiest customers the slowest.
    """

    name: str
    key: tuple[tuple[str, str], ...]
    rows_max: int
    span: timedelta | None = None  # None: for ever
    outgoing: bool = False  # only money that left a customer
    table: str = "payments"


OWN = Entity(
    name="own",
    key=(("customer", "customer"), ("outgoing", "outgoing")),
    rows_max=500,  # three payments on every day of the span
    span=180 * DAY,  # habits change; half a year still holds yearly-paid people's year
)
PAIR = Entity(
    name="pair",
    key=(("customer", "customer"), ("counterparty", "counterparty")),
    rows_max=100,  # whether and how much, not how often in a lifetime
    outgoing=True,
)
PAYEE = Entity(
    name="payee",
    key=(("credited", "counterparty"),),
    rows_max=300,  # beyond ten a day it is a shop, whose crowd says nothing new
    span=28 * DAY,
)
RECEIVED = Entity(
    name="received",
    key=(("credited", "account"),),
    rows_max=300,
    span=30 * DAY,
)
DEVICE = Entity(
    name="device",
    key=(("device", "device"),),
    rows_max=100,  # a device of more than a few customers is one of many already
    span=30 * DAY,
)
PEERS = Entity(
    name="peers",
    key=(("currency", "currency"),),
    rows_max=1000,
    outgoing=True,
)
PEERS_ASKED_BELOW = 10  # own payments: from then on one is compared with oneself alone
PAYEE_LABELS = Entity(
    name="payee_labels",
    key=(("counterparty", "counterparty"),),
    rows_max=200,
    span=180 * DAY,
    table="labels",
)
OWN_LABELS = Entity(
    name="own_labels",
    key=(("customer", "customer"),),
    rows_max=100,
    span=28 * DAY,
    table="labels",
)
# How far a label must be believed to count about a payee or a customer, for everybody's payments:
# as likely true as not. Holds that nobody confirmed and PINs that locked stay below it, since most
# had changed their minds; a right PIN does not. Models learn from doubted ones too, each by its
# weight. The indexes of labels hold no others: a migration must follow this number.
BELIEVED_MIN = 0.5

ENTITIES = (OWN, PAIR, PAYEE, RECEIVED, DEVICE, PEERS, PAYEE_LABELS, OWN_LABELS)


# --- which of them ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Same:
    """Rows whose column equals the payment's own fact."""

    column: str
    fact: str


@dataclass(frozen=True, slots=True)
class Is:
    """Rows whose column has this value."""

    column: str
    value: int


CURRENCY = Same("currency", "currency")
ACCOUNT = Same("account", "account")
SAME_DEVICE = Same("device", "device")
FROM_THIS_PAYEE = Same("debited", "counterparty")
SPENT = Is("outgoing", 1)
UNUSUAL = Is("unusual", 1)
FRAUD = Is("fraud", 1)


# --- what is counted --------------------------------------------------------------------------

COUNT = "count"
SUM = "sum"  # of amounts, in minor units
SQUARES = "squares"  # the sum of squared amounts
QUANTILE = "quantile"  # the smallest amount that a share of the rows does not exceed
LARGEST = "largest"
DISTINCT = "distinct"  # different values of a column
FIRST, LAST = "first", "last"  # moments, in microseconds since 1970
NEWEST = "newest"  # rows among the n newest by the time of payment
SINCE_FRAUD = "since_fraud"  # genuine payments after the newest fraudulent one
# The first fraud, of those usual for who paid, that no genuine payment followed. What looks usual
# and is fraud points to the payee; what is unusual, to stolen means of payment.
SERIES = "series"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One whole number about the rows of an entity; None when there is nothing to name."""

    name: str
    entity: Entity
    measure: str
    window: timedelta | None = None  # None: as far as the entity reaches
    where: tuple[Same | Is, ...] = ()
    column: str = ""  # of DISTINCT
    share: float = 0.0  # of QUANTILE
    newest: int = 0  # of NEWEST
    habit: bool = False  # only of what the customer lets the bank learn from


def _windows(
    stem: str,
    entity: Entity,
    measure: str,
    *windows: str,
    where: tuple[Same | Is, ...] = (),
    column: str = "",
) -> Iterator[Aggregate]:
    for name in windows:
        yield Aggregate(
            name=f"{stem}_{name}",
            entity=entity,
            measure=measure,
            window=length(name),
            where=where,
            column=column,
        )


_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}


def length(name: str) -> timedelta:
    """`10m`, `24h` or `7d`."""
    return int(name[:-1]) * _UNITS[name[-1]]


# The customer's own payments in this direction, in any currency unless it says otherwise.
_OWN = (
    *_windows("own_count", OWN, COUNT, "10m", "1h", "24h", "7d", "30d"),
    Aggregate(name="own_count_180d", entity=OWN, measure=COUNT, window=180 * DAY, habit=True),
    *_windows("own_sum", OWN, SUM, "10m", "1h", "24h", "7d", "30d", where=(CURRENCY,)),
    Aggregate(name="own_same_count", entity=OWN, measure=COUNT, where=(CURRENCY,), habit=True),
    Aggregate(name="own_same_sum", entity=OWN, measure=SUM, where=(CURRENCY,), habit=True),
    Aggregate(name="own_same_squares", entity=OWN, measure=SQUARES, where=(CURRENCY,), habit=True),
    Aggregate(
        name="own_median", entity=OWN, measure=QUANTILE, share=0.5, where=(CURRENCY,), habit=True
    ),
    Aggregate(
        name="own_high", entity=OWN, measure=QUANTILE, share=0.9, where=(CURRENCY,), habit=True
    ),
    Aggregate(name="own_largest", entity=OWN, measure=LARGEST, where=(CURRENCY,), habit=True),
    Aggregate(name="own_first_at", entity=OWN, measure=FIRST, habit=True),
    Aggregate(name="own_last_at", entity=OWN, measure=LAST),
    Aggregate(name="own_same_first_at", entity=OWN, measure=FIRST, where=(CURRENCY,), habit=True),
    *_windows("own_unusual", OWN, COUNT, "3d", "7d", "30d", where=(UNUSUAL,)),
    *_windows("own_payees", OWN, DISTINCT, "24h", column="counterparty"),
    *_windows("account_sum", OWN, SUM, "24h", where=(ACCOUNT, CURRENCY)),
    Aggregate(name="own_device_count", entity=OWN, measure=COUNT, where=(SAME_DEVICE,)),
    *(
        Aggregate(
            name=f"own_hour_{hour}",
            entity=OWN,
            measure=COUNT,
            where=(Is("local_hour", hour),),
            habit=True,
        )
        for hour in range(HOURS)
    ),
    *(
        Aggregate(
            name=f"own_weekday_{day}",
            entity=OWN,
            measure=COUNT,
            where=(Is("local_weekday", day),),
            habit=True,
        )
        for day in range(WEEKDAYS)
    ),
)

_OTHERS = (
    Aggregate(name="pair_count", entity=PAIR, measure=COUNT, habit=True),
    Aggregate(name="pair_largest", entity=PAIR, measure=LARGEST, where=(CURRENCY,), habit=True),
    Aggregate(name="pair_first_at", entity=PAIR, measure=FIRST, habit=True),
    *_windows("payee_count", PAYEE, COUNT, "24h", "7d", "28d", where=(SPENT,)),
    *_windows("payee_customers", PAYEE, DISTINCT, "7d", where=(SPENT,), column="customer"),
    *_windows("received_sum", RECEIVED, SUM, "24h", where=(CURRENCY,)),
    Aggregate(name="received_last_at", entity=RECEIVED, measure=LAST),
    *_windows("back_count", RECEIVED, COUNT, "30d", where=(FROM_THIS_PAYEE,)),
    *_windows("device_customers", DEVICE, DISTINCT, "30d", column="customer"),
    Aggregate(name="peer_count", entity=PEERS, measure=COUNT),
    Aggregate(name="peer_customers", entity=PEERS, measure=DISTINCT, column="customer"),
    Aggregate(name="peer_high", entity=PEERS, measure=QUANTILE, share=0.95),
)

# Windows of labels count from when they became known: what was learned yesterday is new, even
# about a payment of last month.
_LABELS = (
    *_windows("payee_frauds", PAYEE_LABELS, COUNT, "1d", "7d", "28d", where=(FRAUD,)),
    *_windows("payee_labels", PAYEE_LABELS, COUNT, "28d"),
    Aggregate(name="payee_last3_labels", entity=PAYEE_LABELS, measure=NEWEST, newest=3),
    Aggregate(
        name="payee_last3_frauds", entity=PAYEE_LABELS, measure=NEWEST, newest=3, where=(FRAUD,)
    ),
    Aggregate(name="payee_last5_labels", entity=PAYEE_LABELS, measure=NEWEST, newest=5),
    Aggregate(
        name="payee_last5_frauds", entity=PAYEE_LABELS, measure=NEWEST, newest=5, where=(FRAUD,)
    ),
    Aggregate(name="payee_first_fraud_at", entity=PAYEE_LABELS, measure=FIRST, where=(FRAUD,)),
    Aggregate(name="payee_last_fraud_at", entity=PAYEE_LABELS, measure=LAST, where=(FRAUD,)),
    Aggregate(name="payee_good_since_fraud", entity=PAYEE_LABELS, measure=SINCE_FRAUD),
    Aggregate(name="payee_series_at", entity=PAYEE_LABELS, measure=SERIES),
    *_windows("own_frauds", OWN_LABELS, COUNT, "28d", where=(FRAUD,)),
)

AGGREGATES: dict[str, Aggregate] = {
    aggregate.name: aggregate for aggregate in (*_OWN, *_OTHERS, *_LABELS)
}


def of_entity(entity: Entity) -> list[Aggregate]:
    return [aggregate for aggregate in AGGREGATES.values() if aggregate.entity == entity]


# --- what is unusual when made ------------------------------------------------------------------

UNUSUAL_PAYMENTS_MIN = 10  # own ones in this currency before anything can be unusual
UNUSUAL_HALVES = 3  # from one and a half times what 90 of 100 own payments stay below


def unusual(amount_minor: int, payments: int, high_minor: int | None) -> bool:
    """Whether a payment is itself out of its customer's habit; whole numbers, so the same
    wherever it is worked out."""
    if high_minor is None or payments < UNUSUAL_PAYMENTS_MIN:
        return False
    return 2 * amount_minor >= UNUSUAL_HALVES * high_minor
