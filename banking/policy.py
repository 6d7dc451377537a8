"""The bank's own business numbers, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal


@dataclass(frozen=True)
class TransferPolicy:
    hold_max: timedelta = timedelta(hours=72)
    # what is held on Friday evening must still be there on Monday
    deposit_major_max: int = 25_000  # of whole units: a demo top-up, not a lottery win
    accounts_max: int = 20  # for one customer: more is a mistake or a mule


@dataclass(frozen=True)
class ImportPolicy:
    file_bytes_max: int = 50_000_000  # ten years of a busy account; more is not a statement
    chunk_bytes: int = 256 * 1024  # of a stored file: what a reader holds of it at a time
    accounts_max: int = 20  # outside accounts for one customer, as many as they may have here
    waiting_max: int = 3  # files that wait for their owner: each may be as large as above
    lines_max: int = 500_000  # of one file
    account_lines_max: int = 1_000_000  # of one outside account, over all its files
    line_chars_max: int = 20_000  # no bank writes a longer line; whoever does fills our memory
    record_lines_max: int = 50  # of one quoted record: more is a quotation mark nobody closed
    columns_max: int = 60  # the widest export we know has forty
    entry_parts_max: int = 20_000  # elements of one camt or OFX entry; a batch of 400 has 12,000
    depth_max: int = 64  # of elements in elements; camt has fifteen
    text_chars_max: int = 500  # of what is kept of a line's texts; the rest is advertisement
    batch_lines: int = 1_000  # added in one transaction: what a killed worker has to do again
    faults_kept: int = 500  # shown and downloadable; the others are counted
    sample_lines: int = 12  # of the preview
    check_at_once_bytes: int = 300_000  # read while the customer waits; larger ones by the worker
    look: timedelta = timedelta(seconds=150)  # at one whole file: half of what a task may take
    turn: timedelta = timedelta(seconds=60)  # of one file, then the next one has its turn
    keep_waiting: timedelta = timedelta(days=7)  # a file nobody confirmed is forgotten then
    earliest: date = date(1970, 1, 1)
    ahead: timedelta = timedelta(days=31)  # a value date may lie in the next month, not later


@dataclass(frozen=True)
class BatcherPolicy:
    items_max: int = 250  # one batch: long enough to share a commit, short enough to wait for
    waiting_max: int = 1_000  # callers in the queue; the next one is told to come back
    wait: timedelta = timedelta(seconds=10)  # as long as a statement may take
    idle: timedelta = timedelta(seconds=1)  # then the writer gives its connection back


BATCHER = BatcherPolicy()
IMPORTS = ImportPolicy()
STANDARD = TransferPolicy()


@dataclass(frozen=True)
class BooksPolicy:
    journal_legs_max: int = 1_000  # as many as one transaction should lock accounts for
    follow_max: int = 1_000  # movements a worker is given at once
    full_check_every: timedelta = timedelta(hours=24)
    # between full checks only what is new is read, so a falsified past stands for a day at most


BOOKS = BooksPolicy()


@dataclass(frozen=True)
class SharingPolicy:
    invitation_life: timedelta = timedelta(days=14)  # a holiday, and then some
    people_max: int = 10  # of one account: a family; a club needs an account of its own
    invitations_a_day_max: int = 20  # by one customer: nobody's mail is flooded in our name
    share_max: timedelta = timedelta(days=5 * 366)  # an end date further away is a typing mistake


@dataclass(frozen=True)
class CarePolicy:
    overdraft_major_max: int = 10_000  # of whole units: more is a loan, and needs a contract


SHARING = SharingPolicy()
CARE = CarePolicy()


@dataclass(frozen=True)
class InsightsPolicy:
    months_shown: int = 12  # of the bars: a year, so that a month meets its own last year
    months_read: int = 25  # two years for what comes every year, and the month that runs
    entries_max: int = 20_000  # read for one page: more, and the page looks back less far
    range_days_max: int = 731  # what a program may ask for at once: two years, one of them leap
    groups_max: int = 100  # counterparties told apart in one answer; the rest are one line
    recurring_times_max: int = 24  # the newest count: what happened years ago is no rhythm
    recurring_group_max: int = 100  # newest payments to one counterparty that are looked at
    recurring_spread: float = 0.35  # of the usual amount: an energy bill, but not shopping
    recurring_late_days: int = 7  # so late and still expected: weekends, holidays, a new card
    forecast_months_min: int = 4  # whole ones: with fewer, two cannot be held back to check
    forecast_months_max: int = 24  # older habits say little about the next month
    forecast_checks_min: int = 2  # predictions that were checked before one is made
    forecast_coverage: float = 0.8  # how often the truth should lie within: four times in five
    whole_month_from: int = 3  # an account that began later in a month has no whole month there


INSIGHTS = InsightsPolicy()


@dataclass(frozen=True)
class FxPolicy:
    """How currencies are exchanged."""

    pivot: str = "EUR"  # a pair without a rate of its own goes through here
    spread: Decimal = Decimal("0.0020")  # what the middle rate may move while a quote stands
    quote_max: timedelta = timedelta(seconds=60)
    # long enough to read a preview and decide; short enough that waiting for luck is worth
    # less than the spread
    rate_age_max: timedelta = timedelta(days=4)  # Friday's rates carry over an Easter weekend
    demo_rate_age_max: timedelta = timedelta(days=366)  # nobody sets rates in a demo
    slip_max: Decimal = Decimal("0.01")
    # held money goes at the rate of the moment it goes, but never for a hundredth less than agreed


@dataclass(frozen=True)
class FeePolicy:
    """What the bank takes for its work. A fee comes on top of what is sent."""

    transfer_major: Decimal = Decimal(0)  # within a currency a transfer costs the bank nothing
    fx_share: Decimal = Decimal("0.0030")  # said apart, so that nobody has to find it in the rate
    account_month_major: Mapping[str, Decimal] = field(default_factory=dict)  # by product


FX = FxPolicy()
FEES = FeePolicy()


@dataclass(frozen=True)
class LimitPolicy:
    """What one account may send, in units of roughly what a euro buys; staff may set others."""

    day_major: int = 100_000
    month_major: int = 500_000  # five such days: who needs more is known to the bank
    day_count: int = 10_000  # more is a program gone wrong


LIMITS: Mapping[str, LimitPolicy] = {
    "checking": LimitPolicy(),
    "savings": LimitPolicy(),
    "wallet": LimitPolicy(day_major=5_000, month_major=20_000),  # pocket money, and a lost phone
}


@dataclass(frozen=True)
class InterestPolicy:
    """How interest is counted and paid."""

    transaction_max: timedelta = timedelta(days=1)  # none that books money lasts longer
    batch_accounts_max: int = 1_000  # paid in one transaction: a blink for whoever waits
    tiers_max: int = 10
    past_max: timedelta = timedelta(days=11 * 366)  # of books taken over; each month is a sweep


INTEREST = InterestPolicy()


@dataclass(frozen=True)
class StatementPolicy:
    days_max: int = 366  # a year with its leap day; what is longer is an export
    finished_after: timedelta = timedelta(minutes=10)
    # what was booked just before midnight has committed by then, so the period changes no more
    pdf_lines_max: int = 20_000  # 600 pages: nobody reads more, and a page is kept until the last
    page_lines: int = 200  # of one page on the screen
    months_shown: int = 12  # of the list of months at once


STATEMENTS = StatementPolicy()


@dataclass(frozen=True)
class PayeePolicy:
    payees_max: int = 200  # in one address book: more is a list of targets, not of friends
    looks: tuple[tuple[int, timedelta], ...] = (
        (20, timedelta(hours=1)),  # typing mistakes of an evening of bills
        (60, timedelta(days=1)),  # a small business pays so many new people; a harvester, more
    )
    warn_major: int = 250  # a first payment from which on we ask who told you to make it
    warn_share: float = 0.5  # of what is on the account


PAYEES = PayeePolicy()


@dataclass(frozen=True)
class SchedulePolicy:
    schedules_max: int = 50  # alive at once, for one customer
    hours: tuple[int, ...] = (6, 10, 14, 18)
    # on the customer's clock: after the night, so that wages of the day may arrive before the last
    late_days_max: int = 3  # after a long weekend without us, money still goes; later it surprises
    first_days_max: int = 5 * 366  # nobody plans a single payment further ahead
    until_days_max: int = 50 * 366
    times_max: int = 999
    shown: int = 3  # next dates on every page and in every answer


SCHEDULES = SchedulePolicy()


@dataclass(frozen=True)
class ProposalPolicy:
    """What one officer proposes and another decides."""

    life: timedelta = timedelta(days=7)  # who decides later decides about another bank
    legs_max: int = 20  # as many as a colleague can still check by eye


PROPOSALS = ProposalPolicy()


@dataclass(frozen=True)
class HoldPolicy:
    """Money that a program sets aside for a payment it does not know exactly yet."""

    life_max: timedelta = timedelta(days=30)  # a hotel or a hired car; longer is a deposit
    life: timedelta = timedelta(days=7)  # when nobody says how long
    open_max: int = 200  # on one account: more is a program gone wrong


@dataclass(frozen=True)
class BatchPolicy:
    items_max: int = 100  # wages of a small firm; their accounts wait for each other a second


@dataclass(frozen=True)
class WebhookPolicy:
    endpoints_max: int = 10  # of one customer
    secrets_max: int = 3  # good at once: the old, one whose answer got lost, and the new
    overlap: timedelta = timedelta(hours=24)  # an old secret still signs: a deployment, unhurried
    seconds_max: float = 10.0  # of one delivery, from the name to the last byte that is read
    lease: timedelta = timedelta(seconds=60)  # when the hand that held a delivery is believed dead
    excerpt_bytes_max: int = 500  # of an answer: enough to recognise an error page
    attempts_max: int = 12
    first_delay: timedelta = timedelta(seconds=10)
    delay_factor: int = 3
    delay_max: timedelta = timedelta(hours=24)
    # 10 s, 30 s, 90 s … 18 h, 24 h, 24 h: three days in all, a long weekend's outage
    jitter: float = 0.2  # of a delay, so that what failed together does not return together
    failing_max: timedelta = timedelta(days=3)  # without one success, and it is switched off
    batch_max: int = 32  # sent side by side
    per_endpoint_max: int = 4  # of those: a slow receiver must not fill the batch
    sweep_max: timedelta = timedelta(seconds=45)
    kept: timedelta = timedelta(days=30)  # of the log of deliveries


HOLDS = HoldPolicy()
BATCHES = BatchPolicy()
WEBHOOKS = WebhookPolicy()
