"""The numbers of this app, each with its reason. Values in, values out: no Django here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fintrust.core.money import exponent

# Roughly how many units buy what one euro buys, so that a band means the same everywhere.
# Only magnitudes matter: these decide nothing that a rate of exchange would change.
_UNITS: Mapping[str, int] = {
    "JPY": 160,
    "KRW": 1500,
    "HUF": 400,
    "INR": 90,
    "CZK": 25,
    "SEK": 11,
    "NOK": 11,
    "DKK": 7,
    "PLN": 4,
}


@dataclass(frozen=True)
class Band:
    """Three steps of one measure: from `high` on it is noticed, from `extreme` on it is grave."""

    high: float
    very_high: float
    extreme: float

    def pick(self, value: float, weights: "Band") -> float:
        """The weight of the highest step that the value reaches; 0 below all of them."""
        if value >= self.extreme:
            return weights.extreme
        if value >= self.very_high:
            return weights.very_high
        return weights.high if value >= self.high else 0.0


@dataclass(frozen=True)
class Window:
    """A stretch of time before the payment, and what is too much in it."""

    name: str  # as one says it after "within"
    span: str  # as the aggregates call it: own_count_10m
    payments_max: int  # with this payment
    days_max: float  # money in the window, counted in the customer's own usual days


@dataclass(frozen=True)
class FraudPolicy:
    """What the bank takes for suspicious. Changing a number makes another ruleset version."""

    # --- from score to verdict -------------------------------------------------------------
    flagged_from: float = 0.3  # one strong sign, or two weak ones, is worth asking the customer
    blocked_from: float = 0.6  # three signs together: waiting for a PIN is not enough
    suspicious_from: float = 0.5
    critical_from: float = 0.8
    # Whether what the score or a rule blocks waits for an officer instead of being refused. A bank
    # with officers at all hours loses fewer customers so; one without keeps their money from them.
    blocked_goes_to_review: bool = False

    # --- what counts as a customer's own history; see also `features.aggregates` ------------
    own_payments_min: int = 10  # below this a mean and a deviation say nothing
    own_days_min: float = 7.0  # a week, so that "per day" has seen a weekend
    peers_payments_min: int = 100
    peers_customers_min: int = 10  # or the peers are two busy people

    # --- amount ----------------------------------------------------------------------------
    trifle_major: int = 100  # below this nothing is unusual: a lunch is not a fraud
    deviations: Band = Band(3, 6, 12)  # payments are skewed: 3 sd happen, 12 do not
    deviation_share_min: float = 0.2  # who always pays the same is not surprised by a fifth more
    peers_times: Band = Band(1, 2, 5)  # times what 95 of 100 payments of others stay below
    bands_major: Band = Band(500, 1000, 5000)  # nobody to compare with: rent, a wage, a car
    amount_weights: Band = Band(0.20, 0.35, 0.45)  # never enough to block on its own
    known_payee_payments_min: int = 3  # paid this much here before: rent is not a surprise
    known_payee_times_max: float = 1.2

    # --- speed -----------------------------------------------------------------------------
    windows: tuple[Window, ...] = (
        Window("10 minutes", "10m", payments_max=5, days_max=3),
        Window("an hour", "1h", payments_max=10, days_max=5),
        Window("24 hours", "24h", payments_max=30, days_max=10),
    )
    many_payments_weight: float = 0.30
    # In a minute, with this one, moved or not: somebody who is refused tries another amount, and
    # once more. Twice of what may move in ten minutes is a program that finds out what passes.
    tries_max: int = 10
    many_tries_weight: float = 0.30  # enough to ask: a program has no PIN, and a customer waits
    spending_payments_min: int = 3  # with this one; a single large payment is the amount's matter
    spending_weight: float = 0.25

    # --- payee -----------------------------------------------------------------------------
    payee_balance_share: float = 0.5  # half of what is there to somebody never paid before
    payee_median_times: float = 3.0
    payee_weight: float = 0.25

    # --- hour and hand ---------------------------------------------------------------------
    night_hours: tuple[int, int] = (0, 6)  # from, up to: in the customer's own time zone
    night_payments_min: int = 20  # payments that must be known before a habit is
    night_share_max: float = 0.02
    night_weight: float = 0.15
    typing_risk: Band = Band(0.6, 0.75, 0.9)
    typing_weights: Band = Band(0.10, 0.20, 0.30)
    travel_weight: float = 0.30  # enough to ask the customer, never enough to refuse them

    def minor(self, major: float, currency: str) -> int:
        """An amount of this policy in the currency's own minor units and magnitude."""
        return round(major * _UNITS.get(currency, 1) * 10 ** exponent(currency))


STANDARD = FraudPolicy()


# Offered on the page of limits to everybody; a customer's other currencies join once used.
LIMIT_CURRENCIES = ("EUR", "GBP", "USD")
CUSTOMER_PAYMENTS_MAX = 1000  # the newest ones, looked through for currencies


@dataclass(frozen=True)
class AfterwardsPolicy:
    """How payments are looked at again, in batches, by a model that needs no labels."""

    model_hours_max: int = 1  # then it is fitted again: habits of a bank drift in days, not hours
    training_payments_min: int = 200  # a forest of 256-payment trees needs about as many
    training_payments_max: int = 5000
    batch_payments_max: int = 500  # one transaction: a second's work, and no long lock
    batches_max: int = 20  # in one sweep; what is left waits for the next
    overlap: timedelta = timedelta(days=1)  # looked at again: no transaction lasts longer
    trees: int = 100
    tree_payments: int = 256  # each tree sees these many: what is rare is rare in few already
    seed: int = 20  # fixed: the same payments make the same model
    tail_share: float = 0.001  # one in a thousand is what a person can look at
    score_min: float = 0.6  # the forest calls 0.5 ordinary; in a calm week nobody is called


AFTERWARDS = AfterwardsPolicy()


@dataclass(frozen=True)
class LabelPolicy:
    """How far each answer to "was this fraud?" is believed when models learn from it."""

    customer_weight: float = 0.9  # people misremember, and some would rather not have bought it
    step_up_weight: float = 0.5  # a mistyped PIN is no thief yet, and a thief may know the PIN
    officer_weight: float = 1.0  # somebody looked into it
    dispute_weight: float = 0.95  # upheld by the other bank, or paid out by this one
    import_weight: float = 1.0  # as good as the system that it comes from

    # What one source can say in several ways.
    confirmed_weight: float = 0.6  # "yes, it was me": whoever holds the session may be the thief
    disputed_weight: float = 0.8  # in the customer's words, before anybody looked into it
    failed_weight: float = 0.3  # a PIN wrong until it locked: a thief, or a bad morning
    expired_weight: float = 0.2  # nobody confirmed it in time: most had just changed their minds

    # Whoever says so: it is kept and looked into, and moves neither features nor models.
    forbidden_weight: float = 0.0  # the customer's own limit stands for no fraud and no habit

    # --- how long customers are asked, and may speak ---------------------------------------
    question_days_max: int = 30  # whoever has not answered in a month does not remember either
    questions_max: int = 20  # on a page; the oldest wait
    dispute_days_max: int = 395  # thirteen months: what payment law gives a customer


LABELS = LabelPolicy()


@dataclass(frozen=True)
class ExplainingPolicy:
    """How a model's reasons become sentences, and where a payment that would pass is looked for."""

    contribution_min: float = 0.1  # log-odds: less than a tenth more or less likely says nothing
    reasons_max: int = 5  # nobody reads a sixth
    # From where on a value is said to somebody, on the side that speaks for fraud.
    times_min: float = 1.5  # half more than usual; less is how amounts vary
    far_below: float = 0.2  # a fifth of what is usual: who tries a card begins small
    tiny_major: int = 5  # a coffee; that small is only asked whether it works
    seldom_share: float = 0.1  # one payment in ten at that hour is still a habit
    quickly_hours: float = 1.0
    new_days: int = 30  # a month's bills have come once
    payments_min: int = 3  # two in a row are a mistake mended
    crowd_min: int = 10  # payments to one payee, or their payers: more than a family
    car_kmh: float = 200.0  # faster than a car, slower than any flight
    later_hours: tuple[int, ...] = (*range(1, 25), 72, 168)  # each hour of a day, then a week


EXPLAINING = ExplainingPolicy()


def cents(minor: int, currency: str) -> int:
    """An amount as cents of about a euro: to compare, never to pay."""
    return round(minor * 100 / (10 ** exponent(currency) * _UNITS.get(currency, 1)))


def _hours(high: int, medium: int, low: int) -> Mapping[str, timedelta]:
    return {
        "high": timedelta(hours=high),
        "medium": timedelta(hours=medium),
        "low": timedelta(hours=low),
    }


@dataclass(frozen=True)
class CasePolicy:
    """How quickly, by how many, and with how much paper a case is looked into."""

    # From the first alert, by the clock on the wall: money that was stolen moves on at night too.
    # Four hours is half a shift; a hold lives 72 hours, and who looks later decides nothing.
    sla: Mapping[str, timedelta] = field(default_factory=lambda: _hours(4, 24, 72))
    # How likely it is that money is lost, whatever the score, once the customer has said so.
    denied_share: float = 0.95
    disputed_share: float = 0.8  # some regret, some forgot
    # Above this much in all, calling it fraud takes a second person: it marks a customer's payee,
    # and teaches the models. In cents of about a euro.
    four_eyes_cents: int = 1_000_00
    decisions_max: int = 200  # closing labels each in one transaction; more wait for the next case
    entries_max: int = 1_000  # written by people; a case that long should have been closed
    files_max: int = 20
    file_bytes_max: int = 750_000  # a request ends at a million bytes
    text_min: int = 3
    text_max: int = 2_000
    report_text_max: int = 8_000  # a narrative is two pages; a novel hides the point


CASES = CasePolicy()


@dataclass(frozen=True)
class Reporter:
    """Who the bank is to the authority that takes its reports; the authority gives the number."""

    id: int = 1
    name: str = "FinTrust"
    branch: str = "Head office"
    code: str = "FINTRUST"  # among its country's institutions
    first_name: str = "Reporting"
    last_name: str = "Officer"
    address: str = "1 Ledger Lane"
    city: str = "London"
    country: str = "GB"


REPORTER = Reporter()
