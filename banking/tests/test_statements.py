"""What a statement is made of: days of the bank, lines in order, no gap between periods."""

import tracemalloc
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from banking import ledger
from banking.policy import STATEMENTS
from banking.statements import selectors
from banking.statements.as_csv import text_cell
from banking.statements.errors import (
    BeforeOpening,
    MomentInFuture,
    PeriodInFuture,
    PeriodReversed,
    PeriodTooLong,
)
from banking.statements.selectors import balance_then, months_of, statement_of
from banking.statements.statement import ONE_DAY, Period
from banking.statements.text import grouped, plain, swift
from banking.tests.ledger_help import account, eur
from banking.tests.statement_help import book_at, feed, months_later, now_of, opened_on
from fintrust.core.ids import uuid7
from fintrust.core.money import Money
from fintrust.core.text import clean

TODAY = date(2026, 7, 31)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- periods, text and numbers --------------------------------------------------------------


@pytest.mark.parametrize(
    "first, last, refused",
    [
        (TODAY, TODAY, None),
        (TODAY, TODAY - ONE_DAY, PeriodReversed),
        (TODAY, TODAY + ONE_DAY, PeriodInFuture),
        (TODAY - 365 * ONE_DAY, TODAY, None),
        (TODAY - 366 * ONE_DAY, TODAY, PeriodTooLong),
        (date.min, TODAY, PeriodTooLong),
        (TODAY, date.max, PeriodInFuture),
    ],
)
def test_a_period_is_asked_for_within_bounds(first, last, refused):
    if refused is None:
        assert Period.asked(first, last, today=TODAY) == Period(first, last)
    else:
        with pytest.raises(refused):
            Period.asked(first, last, today=TODAY)


@pytest.mark.parametrize(
    "day, last",
    [
        (date(2026, 2, 14), date(2026, 2, 28)),
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_month_has_its_own_length(day, last):
    month = Period.month_of(day)
    assert (month.first, month.last) == (day.replace(day=1), last)
    assert month.up_to(month.last + ONE_DAY) == month
    assert month.up_to(month.first).words == f"1 {month.first:%b %Y}"


@pytest.mark.parametrize(
    "first, last, words",
    [
        (date(2026, 7, 1), date(2026, 7, 31), "1 – 31 Jul 2026"),
        (date(2026, 6, 30), date(2026, 7, 1), "30 Jun 2026 – 1 Jul 2026"),
        (date(2025, 7, 1), date(2026, 7, 1), "1 Jul 2025 – 1 Jul 2026"),
        (TODAY, TODAY, "31 Jul 2026"),
    ],
)
def test_a_period_in_words(first, last, words):
    assert Period(first, last).words == words


@pytest.mark.parametrize(
    "minor, decimals, written, read",
    [
        (0, 2, "0.00", "0.00"),
        (-5, 2, "-0.05", "−0.05"),
        (-123_456_789, 2, "-1234567.89", "−1,234,567.89"),
        (1_000, 0, "1000", "1,000"),
        (-1, 3, "-0.001", "−0.001"),
        (4 * 10**18, 2, "40000000000000000.00", "40,000,000,000,000,000.00"),
    ],
)
def test_numbers(minor, decimals, written, read):
    assert (plain(minor, decimals), grouped(minor, decimals)) == (written, read)


@pytest.mark.parametrize(
    "text, kept",
    [
        ("a\tb\r\nc", "a b c"),
        ("\x00bell\x07", "bell"),
        ("turn\u202e\u2066ed", "turned"),
        ("  \ufeff ", ""),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_clean_text_is_one_line_that_reads_one_way(text, kept):
    assert clean(text) == kept


@pytest.mark.parametrize(
    "text, spelled",
    [
        ("Zoë Müller-Łukasiewicz", "Zoe Muller-Lukasiewicz"),
        ("Straße & Ærø", "Strasse + Aero"),
        ("Щукин, Юлия ё", "Shchukin, Iuliia e"),
        ("Σοφία", "Sofia"),
        ("£5 ½ ﬁ №", "GBP5 1.2 fi No"),
        ("🎁 gift", "gift"),
        ("日本", ".."),
        ("tab\there {x}", "tab here (x)"),
    ],
)
def test_swift_has_only_its_own_letters(text, spelled):
    assert swift(text) == spelled


@pytest.mark.parametrize(
    "text, cell",
    [
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("-5", "'-5"),
        ("rent; =1", "rent; '=1"),
        ("a = b", "a = b"),
        ("x@example.org", "x@example.org"),
    ],
)
def test_a_text_is_never_a_formula(text, cell):
    assert text_cell(text) == cell


# --- one statement --------------------------------------------------------------------------


@pytest.mark.django_db
class TestOneStatement:
    def test_it_leads_from_opening_to_closing(self):
        mine = account(100_00)
        feed(mine, -30_00, narrative="Rent")
        made = now_of(mine)
        assert (made.opening, made.closing) == (eur(0), eur(70_00))
        assert (made.incoming, made.outgoing, made.count) == (eur(100_00), eur(30_00), 2)
        assert [line.balance_minor for line in made.lines()] == [100_00, 70_00]
        assert [line.seq for line in made.lines()] == [1, 2]

    def test_held_money_is_not_on_it(self):
        mine = account(100_00)
        ledger.hold(uuid7(), mine, eur(40_00))
        assert now_of(mine).closing == eur(100_00)

    def test_a_reversal_is_a_line_that_names_what_it_undoes(self):
        mine = account(100_00)
        moved = feed(mine, -30_00)
        ledger.reverse(uuid7(), moved.id)
        *_, undone, undoing = now_of(mine).lines()
        assert (undoing.reverses, undoing.kind) == (undone.movement, "reversal")

    def test_the_bank_has_statements_of_its_own_accounts(self):
        account(100_00)
        clearing = ledger.internal("clearing", "EUR")
        made = now_of(clearing)
        assert made.holder == "FinTrust"
        assert made.closing == clearing.balance
        assert len(list(made.lines())) == made.count

    def test_what_is_booked_while_it_is_read_is_not_on_it(self):
        mine = account(100_00)
        feed(mine, 1)
        made = now_of(mine)
        lines = made.lines()
        first = next(lines)
        feed(mine, 1)
        assert len([first, *lines]) == made.count == 2

    def test_it_is_finished_when_its_last_day_has_settled(self):
        mine = account(1)
        period = Period(timezone.now().date(), timezone.now().date())
        made = statement_of(mine, period)
        assert not made.finished
        assert made.moment == list(made.lines())[-1].booked_at
        with months_later():
            made = statement_of(mine, period)
        assert made.finished
        assert made.moment == period.ends_at

    def test_before_the_account_there_is_none(self):
        mine = account()
        opened = mine.opened_at.date()
        assert statement_of(mine, Period(opened - 3 * ONE_DAY, opened)).count == 0
        with pytest.raises(BeforeOpening):
            statement_of(mine, Period(opened - 3 * ONE_DAY, opened - ONE_DAY))

    def test_lines_are_read_in_pieces(self, monkeypatch):
        mine = account(1)
        for _ in range(6):
            feed(mine, 1)
        monkeypatch.setattr(selectors, "LINES_AT_ONCE", 3)
        made = now_of(mine)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert [line.seq for line in made.lines()] == list(range(1, 8))
        assert len([q for q in asked.captured_queries if "banking_movement" in q["sql"]]) == 3
        assert [line.seq for line in made.entries.part(2, 3)] == [3, 4, 5]
        assert made.entries.part(7, 3) == made.entries.part(10**18, 3) == []


@pytest.mark.django_db
def test_ten_times_the_lines_take_no_more_memory(monkeypatch):
    monkeypatch.setattr(selectors, "LINES_AT_ONCE", 100)
    mine = account(1)
    clearing = ledger.internal("clearing", "EUR")

    def peak(count: int) -> int:
        ledger.move_many(
            [ledger.Instruction(uuid7(), clearing, mine, eur(1)) for _ in range(count)]
        )
        made = now_of(mine)
        tracemalloc.start()
        assert sum(1 for _ in made.lines()) == made.count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)  # what is made once and kept
    few = peak(200)
    assert peak(2_700) < 2 * few


# --- periods of a life ----------------------------------------------------------------------


@pytest.fixture
def lived(bank, owner_sql):
    """An account with a past: opened in January, used in January and March 2026."""
    mine = account()
    opened_on(owner_sql, mine, date(2026, 1, 10))
    for minor, when in (
        (100_00, "2026-01-10T00:00:00"),
        (-10_00, "2026-01-31T23:59:59.999999"),
        (5_00, "2026-03-01T00:00:00"),
        (7_00, "2026-03-31T12:00:00"),
    ):
        book_at(owner_sql, mine, minor, at(when))
    return mine


def test_months_follow_each_other_without_a_gap(lived):
    months, older = months_of(lived, last=date(2026, 3, 5))
    assert older is None
    assert [
        (
            f"{m.period.first:%b}",
            m.opening.minor,
            m.incoming.minor,
            m.outgoing.minor,
            m.closing.minor,
        )
        for m in months
    ] == [
        ("Mar", 90_00, 12_00, 0, 102_00),
        ("Feb", 90_00, 0, 0, 90_00),
        ("Jan", 0, 100_00, 10_00, 90_00),
    ]
    for month in months:
        made = statement_of(lived, month.period)
        assert (made.opening, made.closing) == (month.opening, month.closing)
        assert (made.incoming, made.outgoing) == (month.incoming, month.outgoing)
        assert made.count == month.count == len(list(made.lines()))
        assert made.finished is month.finished is True


def test_a_day_has_what_was_booked_from_midnight_to_midnight(lived):
    for first, last, opening, closing in (
        ("2026-01-10", "2026-01-10", 0, 100_00),
        ("2026-01-11", "2026-01-30", 100_00, 100_00),
        ("2026-01-31", "2026-01-31", 100_00, 90_00),
        ("2026-02-01", "2026-02-28", 90_00, 90_00),
        ("2026-03-01", "2026-03-01", 90_00, 95_00),
        ("2026-01-01", "2026-03-31", 0, 102_00),
    ):
        made = statement_of(lived, Period(date.fromisoformat(first), date.fromisoformat(last)))
        assert (made.opening.minor, made.closing.minor) == (opening, closing)
        assert sum(line.amount_minor for line in made.lines()) == closing - opening


def test_the_list_of_months_is_a_page_long_and_goes_on(lived, owner_sql):
    opened_on(owner_sql, lived, date(2024, 11, 30))
    months, older = months_of(lived, last=date(2026, 1, 1))
    assert len(months) == STATEMENTS.months_shown
    assert older == date(2025, 1, 31)
    rest, older = months_of(lived, last=older)
    assert [m.period.first for m in rest] == [
        date(2025, 1, 1),
        date(2024, 12, 1),
        date(2024, 11, 1),
    ]
    assert older is None
    assert months_of(lived, last=date.min)[0][-1].period.first == date(2024, 11, 1)


def test_the_balance_of_any_past_moment(lived):
    for when, minor in (
        ("2026-01-10T00:00:00", 100_00),
        ("2026-01-31T23:59:59.999998", 100_00),
        ("2026-01-31T23:59:59.999999", 90_00),
        ("2026-06-01T00:00:00", 102_00),
    ):
        assert balance_then(lived, at(when)).balance == Money(minor, "EUR")
    with pytest.raises(BeforeOpening):
        balance_then(lived, at("2026-01-09T23:59:59"))
    with pytest.raises(MomentInFuture):
        balance_then(lived, timezone.now() + timedelta(minutes=1))


def test_what_was_held_then_is_known_too(bank):
    mine = account(100_00)
    hold = ledger.hold(uuid7(), mine, eur(40_00))
    during = timezone.now()
    ledger.release(hold.id)
    before = balance_then(mine, hold.placed_at - timedelta(microseconds=1))
    then, after = balance_then(mine, during), balance_then(mine, timezone.now())
    assert [one.held.minor for one in (before, then, after)] == [0, 40_00, 0]
    assert [one.available.minor for one in (before, then, after)] == [100_00, 60_00, 100_00]
