"""Interest: exact against fractions over years, counted once, and right when history changes."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from threading import Event, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from audit.models import Record
from banking import ledger
from banking.errors import UnknownCurrency
from banking.interest.errors import InterestDayClosed, InvalidTerms
from banking.interest.selectors import due_to, earning
from banking.interest.services import set_terms, sweep
from banking.models import (
    Accrual,
    AccrualCorrection,
    AccrualRun,
    InterestMonth,
    InterestPayment,
    Movement,
)
from banking.models.interest import UNITS
from banking.policy import FeePolicy, InterestPolicy
from banking.tests.ledger_help import balance, customer, eur, now
from banking.tests.test_ledger_concurrency import at_once
from banking.verify import verify_ledger
from fintrust.core.errors import Forbidden
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money

JANUARY = date(2024, 1, 1)
TIERS = [(0, Decimal("0.0225")), (1_000_00, Decimal("0.03"))]


def at(day, hour=1):
    """A moment of a day: sweeping then counts the days before it."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def terms(by, product="savings", day_count="act/365", tiers=TIERS, start=JANUARY, **more):
    return set_terms(
        product=product, currency="EUR", valid_from=start, day_count=day_count, tiers=tiers, by=by,
        **more,
    )  # fmt: skip


def opened(product="savings", minor=0, on=JANUARY, **options):
    account = ledger.open_account(owner=customer(), product=product, currency="EUR", **options)
    if minor:
        put(account, minor, on)
    return now(account)


def put(account, minor, on):
    """Money in (or, negative, out), counted from a day."""
    clearing = ledger.internal("clearing", "EUR")
    sides = (clearing, account) if minor > 0 else (account, clearing)
    return ledger.move(uuid7(), *sides, eur(abs(minor)), kind="deposit", value_date=on)


def units(account, through=date(2100, 1, 1)):
    (due,) = due_to([account.pk], through)
    return due.units


def exact(account):
    """What is due and unpaid, in minor units, as a fraction."""
    return Fraction(units(account), UNITS)


def rows():
    models = (Accrual, AccrualCorrection, AccrualRun, InterestPayment, Movement, InterestMonth)
    return [model.objects.count() for model in models]


# --- an oracle in fractions, written apart from the SQL -------------------------------------


def year_part(convention, day):
    """What one day is of a year."""
    if convention == "act/365":
        return Fraction(1, 365)
    if convention == "act/360":
        return Fraction(1, 360)
    nxt = day + timedelta(days=1)
    steps = (nxt.year - day.year) * 360 + (nxt.month - day.month) * 30
    return Fraction(steps + min(nxt.day, 30) - min(day.day, 30), 360)


def brings(balance, tiers, overdraft):
    if balance < 0:
        return balance * Fraction(overdraft)
    ends = [start for start, _ in tiers[1:]] + [None]
    total = Fraction(0)
    for (start, rate), end in zip(tiers, ends, strict=True):
        top = balance if end is None else min(balance, end)
        total += max(top - start, 0) * Fraction(rate)
    return total


def reckon(changes, first, last, convention, tiers, overdraft=0):
    """(what is paid by last day of month, what is left, the last balance), day by day."""
    balance, due, paid = 0, Fraction(0), {}
    by_day: dict[date, int] = defaultdict(int)
    for day, minor in changes:
        by_day[max(day, first)] += minor
    day = first
    while day <= last:
        balance += by_day[day]
        due += brings(balance, tiers, overdraft) * year_part(convention, day)
        day += timedelta(days=1)
        if day.day == 1:
            whole = int(due)  # towards zero
            due -= whole
            if whole:
                paid[day - timedelta(days=1)] = whole
                balance += whole
    return paid, due, balance


class TestTenYears:
    def test_no_minor_unit_is_off_in_any_convention_with_tiers_and_an_overdraft(self, bank):
        admin = User.objects.create_superuser("root@example.org", "correct horse battery")
        first, last = date(2016, 1, 1), date(2025, 12, 31)
        dice = random.Random(11)
        overdraft = Decimal("0.1199")
        kinds = {"savings": "act/365", "checking": "30E/360", "wallet": "act/360"}
        for product, convention in kinds.items():
            terms(admin, product, convention, start=first, overdraft=overdraft)
        accounts = []
        for product, convention in kinds.items():
            account = opened(product, overdraft=eur(10_000_000_00))
            days = [first + timedelta(days=dice.randrange((last - first).days)) for _ in range(40)]
            changes = [(day, dice.randrange(-900_000_00, 1_000_000_00)) for day in days]
            for day, minor in changes:
                put(account, minor, day)
            accounts.append((account, convention, changes))

        assert sweep(now=at(last + timedelta(days=1))) == (last - first).days + 1

        signs: set[bool] = set()
        for account, convention, changes in accounts:
            paid, left, held = reckon(changes, first, last, convention, TIERS, overdraft)
            stored = InterestPayment.objects.filter(account=account)
            assert {row.through: row.paid_minor for row in stored} == paid
            assert len(paid) > 100
            signs |= {amount > 0 for amount in paid.values()}
            assert exact(account) == left
            assert balance(account) == held
        assert signs == {True, False}
        assert AccrualCorrection.objects.count() == 0
        assert verify_ledger() == []
        before = rows()
        assert sweep(now=at(last + timedelta(days=1))) == 0
        assert rows() == before


# --- days -----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestDays:
    @pytest.mark.parametrize("convention", ["act/365", "act/360", "30E/360"])
    @pytest.mark.parametrize("year, days", [(2023, 365), (2024, 366)])
    def test_a_year_and_its_last_of_february(self, treasurer, convention, year, days):
        flat = [(0, Decimal("0.01"))]
        terms(treasurer, day_count=convention, tiers=flat, start=date(year, 1, 1))
        account = opened(minor=36_500_00, on=date(year, 1, 1))
        sweep(now=at(date(year + 1, 1, 1)))
        day = {row.day: row for row in Accrual.objects.filter(account=account)}
        one = lambda d: Fraction(int(day[d].units), day[d].balance_minor * UNITS) * 100  # noqa: E731
        basis = 365 if convention == "act/365" else 360
        assert one(date(year, 3, 5)) == Fraction(1, basis)
        if convention == "30E/360":
            # A 30th is the 31st too; the end of February counts up to the 30th.
            assert date(year, 3, 30) not in day and one(date(year, 3, 31)) == Fraction(1, 360)
            end = date(year, 2, days - 337)
            assert one(end) == Fraction(3 if days == 365 else 2, 360)
            assert sum(one(d) for d in day) == 1
        else:
            assert sum(one(d) for d in day) == Fraction(days, basis)

    def test_the_last_day_is_counted_when_it_is_over(self, treasurer):
        terms(treasurer)
        opened(minor=100_00)
        assert sweep(now=at(JANUARY, 23)) == 0
        assert sweep(now=at(JANUARY + timedelta(days=1), 0)) == 1

    def test_after_several_days_of_pause_all_of_them_are_caught_up(self, treasurer):
        terms(treasurer)
        account = opened(minor=500_00)
        sweep(now=at(date(2024, 1, 3)))
        assert sweep(now=at(date(2024, 3, 10))) == 67
        assert Accrual.objects.filter(account=account).count() == 69
        assert [p.through for p in InterestPayment.objects.all()] == [
            date(2024, 1, 31),
            date(2024, 2, 29),
        ]

    def test_new_terms_count_from_their_day_and_never_for_days_that_are_closed(self, treasurer):
        terms(treasurer, tiers=[(0, Decimal("0.01"))])
        later = date(2024, 1, 11)
        terms(treasurer, tiers=[(0, Decimal("0.02"))], start=later)
        account = opened(minor=36_500_00)
        sweep(now=at(date(2024, 1, 21)))
        found = [int(row.units) for row in Accrual.objects.filter(account=account).order_by("day")]
        assert found[:10] == [36_500_00 * UNITS // 36_500] * 10
        assert found[10:] == [2 * found[0]] * 10
        with pytest.raises(InterestDayClosed), transaction.atomic():
            terms(treasurer, start=date(2024, 1, 20))
        terms(treasurer, start=date(2024, 1, 21))

    def test_nothing_is_written_where_there_is_nothing_to_earn(self, treasurer):
        terms(treasurer)
        opened()
        opened("checking", 100_00)
        sweep(now=at(date(2024, 2, 5)))
        assert rows()[0] == 0 and InterestMonth.objects.count() == 1


# --- once -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("bank")
class TestOnce:
    @pytest.fixture
    def admin(self, bank):
        return User.objects.create_superuser("root@example.org", "correct horse battery")

    def test_parallel_and_repeated_jobs_post_interest_once(self, admin):
        """Fineract PR #5357 and #5550: two jobs at once, and one run again, posted it twice."""
        terms(admin)
        accounts = [opened(minor=10_000_00) for _ in range(5)]
        end = at(date(2024, 3, 1))
        days = at_once(*[lambda: sweep(now=end, policy=InterestPolicy(batch_accounts_max=2))] * 4)
        assert sum(days) == 60
        assert rows()[:4] == [300, 0, 2, 10]
        before = rows()
        assert at_once(*[lambda: sweep(now=end)] * 3) == [0, 0, 0]
        assert rows() == before
        assert len({balance(account) for account in accounts}) == 1
        assert verify_ledger() == []

    def test_a_payment_that_stopped_in_the_middle_is_taken_up(self, admin):
        from banking.interest import services

        terms(admin)
        accounts = [opened(minor=10_000_00) for _ in range(3)]
        end = date(2024, 1, 31)
        assert services._count(date(2024, 2, 1), InterestPolicy())
        assert services._pay([accounts[0].pk], end) == 1  # and here the power went
        sweep(now=at(date(2024, 2, 3)))
        assert InterestPayment.objects.count() == 3
        assert len({balance(account) for account in accounts}) == 1
        assert len({units(account) for account in accounts}) == 1

    def test_a_movement_that_commits_after_its_day_was_counted_is_made_up_for(self, admin):
        terms(admin)
        account = opened(minor=100_00)
        booked, counted = Event(), Event()

        def slow():
            try:
                with transaction.atomic():
                    put(account, 50_00, JANUARY)
                    booked.set()
                    assert counted.wait(20)
            finally:
                connection.close()

        thread = Thread(target=slow)
        thread.start()
        assert booked.wait(20)
        sweep(now=at(date(2024, 1, 2)))
        counted.set()
        thread.join()
        assert Accrual.objects.get().balance_minor == 100_00
        sweep(now=at(date(2024, 1, 3)))
        made_up = AccrualCorrection.objects.get()
        assert (made_up.day, made_up.balance_minor) == (JANUARY, 150_00)


# --- when history changes -------------------------------------------------------------------


@pytest.mark.django_db
class TestHistory:
    def test_a_back_dated_movement_corrects_every_day_it_touches(self, treasurer):
        terms(treasurer)
        account, other = opened(minor=900_00), opened(minor=900_00)
        sweep(now=at(date(2024, 1, 21)))
        changes = [(JANUARY, 900_00), (date(2024, 1, 6), 300_00), (date(2024, 1, 9), -50_00)]
        for day, minor in changes[1:]:
            put(account, minor, day)
        sweep(now=at(date(2024, 1, 22)))
        _, left, _ = reckon(changes, JANUARY, date(2024, 1, 21), "act/365", TIERS)
        assert exact(account) == left
        assert AccrualCorrection.objects.count() == 15
        assert not AccrualCorrection.objects.filter(account=other).exists()
        sweep(now=at(date(2024, 1, 23)))
        assert AccrualCorrection.objects.count() == 15

    def test_a_correction_of_a_paid_month_comes_with_the_next_payment(self, treasurer):
        terms(treasurer, tiers=[(0, Decimal("0.0365"))])
        account = opened(minor=1_000_00)
        sweep(now=at(date(2024, 2, 10)))
        assert balance(account) == 1_003_10
        put(account, 1_000_00, JANUARY)
        sweep(now=at(date(2024, 3, 1)))
        # 31 days at ten cents were missing; February counts 29 days of both, and the paid interest.
        february = 29 * Fraction(2_003_10, 10_000)
        assert InterestPayment.objects.last().paid_minor == int(3_10 + february)

    def test_a_reversal_counts_from_the_day_it_is_made(self, treasurer):
        terms(treasurer)
        account = opened(minor=100_00)
        moved = put(account, 50_00, JANUARY)
        sweep(now=at(date(2024, 1, 10)))
        before = units(account)
        ledger.reverse(uuid7(), moved.id)
        sweep(now=at(date(2024, 1, 11)))
        assert AccrualCorrection.objects.count() == 0
        assert units(account) * 9 == before * 10


# --- accounts that are not as usual ---------------------------------------------------------


@pytest.mark.django_db
class TestAccounts:
    def test_a_frozen_account_earns_and_is_paid_once_it_is_active_again(self, treasurer):
        terms(treasurer)
        account = opened(minor=10_000_00)
        ledger.set_status(account, "frozen")
        sweep(now=at(date(2024, 2, 15)))
        assert balance(account) == 10_000_00 and exact(account) > 0
        ledger.set_status(account, "active")
        sweep(now=at(date(2024, 3, 1)))
        paid = InterestPayment.objects.get(account=account)
        _, left, _ = reckon([(JANUARY, 10_000_00)], JANUARY, date(2024, 2, 28), "act/365", TIERS)
        assert paid.through == date(2024, 2, 29) and paid.paid_minor > left
        assert Fraction(int(paid.carried), UNITS) == exact(account)

    def test_a_closed_account_earns_nothing_more(self, treasurer):
        terms(treasurer)
        account = opened(minor=10_000_00)
        put(account, -10_000_00, date(2024, 1, 11))
        ledger.set_status(account, "closed")
        sweep(now=at(date(2024, 3, 1)))
        assert Accrual.objects.filter(account=account).count() == 10
        assert not InterestPayment.objects.filter(account=account).exists()

    def test_an_overdraft_is_charged_and_waits_when_there_is_no_room(self, treasurer):
        terms(treasurer, "checking", overdraft=Decimal("0.12"))
        room = opened("checking", overdraft=eur(2_000_00))
        full = opened("checking", overdraft=eur(1_000_00))
        for account in (room, full):
            put(account, -1_000_00, JANUARY)
        sweep(now=at(date(2024, 2, 1)))
        charge = int(Fraction(1_000_00 * 12, 100) * 31 / 365)
        assert (balance(room), balance(full)) == (-1_000_00 - charge, -1_000_00)
        assert ledger.internal("interest-income", "EUR").balance_minor == charge
        assert exact(full) < -charge
        put(full, 500_00, date(2024, 2, 1))
        sweep(now=at(date(2024, 3, 1)))
        paid = InterestPayment.objects.get(account=full)
        assert paid.paid_minor == int(
            -Fraction(1_000_00 * 12, 100) * 31 / 365 - Fraction(500_00 * 12, 100) * 29 / 365
        )

    def test_the_rates_of_a_product_are_what_the_account_page_says(self, treasurer, client):
        terms(treasurer)
        account = opened(minor=10_000_00)
        sweep(now=at(date(2024, 1, 21)))
        client.force_login(account.owner)
        page = client.get(reverse("account", args=[account.public_id])).content.decode()
        for shown in ("2.25%", "3% from €1,000.00", "Earned, not yet paid"):
            assert shown in page, shown
        found = earning(account)
        assert found.earned == Money(int(exact(account)), "EUR")
        assert earning(opened("wallet")) is None


# --- account fees ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_fee_of_an_account_is_charged_once_a_month_and_makes_no_debt(treasurer):
    terms(treasurer)
    dear = FeePolicy(account_month_major={"checking": Decimal("2.50")})
    rich, poor = opened("checking", 10_00), opened("checking", 2_49)
    savings = opened("savings", 10_00)
    for _ in range(2):
        sweep(now=at(date(2024, 2, 1)), fees=dear)
    assert [balance(a) for a in (rich, poor)] == [7_50, 2_49]
    assert balance(savings) == 10_01
    assert ledger.internal("fees", "EUR").balance_minor == 2_50
    assert InterestMonth.objects.get().fees == 1


# --- terms ----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestTerms:
    @pytest.mark.parametrize(
        "change, problem",
        [
            ({"product": "internal"}, InvalidTerms),
            ({"product": "gold"}, InvalidTerms),
            ({"currency": "XXX"}, UnknownCurrency),
            ({"day_count": "act/act"}, InvalidTerms),
            ({"tiers": []}, InvalidTerms),
            ({"tiers": [(1, Decimal(0))]}, InvalidTerms),
            ({"tiers": [(0, Decimal(0)), (0, Decimal(0))]}, InvalidTerms),
            ({"tiers": [(n, Decimal(0)) for n in range(11)]}, InvalidTerms),
            ({"tiers": [(0, Decimal("1.000001"))]}, InvalidTerms),
            ({"tiers": [(0, Decimal("-0.01"))]}, InvalidTerms),
            ({"tiers": [(0, Decimal("0.0000001"))]}, InvalidTerms),
            ({"tiers": [(0, Decimal("NaN"))]}, InvalidTerms),
            ({"overdraft": Decimal(2)}, InvalidTerms),
            ({"valid_from": date(1990, 1, 1)}, InvalidTerms),
        ],
    )
    def test_wrong_terms_are_refused_and_not_kept(self, treasurer, change, problem):
        good = {
            "product": "savings", "currency": "EUR", "valid_from": JANUARY, "day_count": "act/365",
            "tiers": TIERS, "by": treasurer,
        }  # fmt: skip
        with pytest.raises(problem), transaction.atomic():
            set_terms(**good | change)
        assert not Record.objects.filter(action="banking.interest.terms_set").exists()

    def test_only_who_may_sets_terms(self, ada, treasurer):
        with pytest.raises(Forbidden):
            terms(ada)
        terms(treasurer)
        assert Record.objects.filter(action="banking.interest.terms_set").count() == 1

    def test_what_was_counted_is_written_once(self, treasurer):
        terms(treasurer)
        opened(minor=10_000_00)
        sweep(now=at(date(2024, 2, 1)))
        for model in (Accrual, AccrualRun, InterestMonth, InterestPayment):
            assert model.objects.exists()
            with pytest.raises(DatabaseError), transaction.atomic():
                model.objects.all().delete()
        actions = Record.objects.filter(action__startswith="banking.interest.")
        assert set(actions.values_list("action", flat=True)) == {
            "banking.interest.terms_set",
            "banking.interest.counted",
            "banking.interest.paid",
        }
