import random
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import fmean

import pytest
import time_machine
from django.core.management import CommandError, call_command

from banking.insights import selectors, sums
from banking.insights.flows import Counterparty, Flow, next_month
from banking.models import Movement, Transfer
from banking.verify import verify_ledger
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.demo import history, people


@pytest.fixture
def loading(bank, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def loaded(loading):
    call_command("load_demo")
    return loading


def test_the_demo_bank_is_loaded_once_and_adds_up(loaded):
    counts = [model.objects.count() for model in (User, Transfer, Movement)]
    assert counts[1] > 400
    call_command("load_demo")
    assert [model.objects.count() for model in (User, Transfer, Movement)] == counts
    assert verify_ledger() == []


def test_there_is_something_to_do_for_everybody(loaded):
    statuses = set(Transfer.objects.values_list("status", flat=True))
    assert {"posted", "held", "refused"} <= statuses
    welcome = (loaded / "welcome.txt").read_text()
    for person in (people.CUSTOMERS[0], *people.STAFF[:2], people.PARTNER):
        assert person.email in welcome
        assert User.objects.get(email=person.email).check_password(people.PASSWORD)


def test_months_are_valued_on_their_days_and_not_today(loaded):
    days = Movement.objects.values_list("value_date", flat=True).distinct()
    assert (max(days) - min(days)).days > 120
    on_one_day = max(Movement.objects.filter(value_date=day).count() for day in days)
    assert on_one_day < 30


def test_whatever_day_it_is_nobody_in_the_story_pays_what_they_have_not_got():
    for offset in range(4 * 366):
        balance: dict[str, int] = defaultdict(int)
        for payment in history.payments(date(2026, 1, 1) + timedelta(days=offset)):
            balance[payment.payee] += payment.minor
            balance[payment.payer] -= payment.minor
            assert payment.payer == "" or balance[payment.payer] >= 0


_READ_THE_CLOCK = """
    SELECT pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND prosrc LIKE '%clock_timestamp()%'
"""


@pytest.mark.parametrize(
    "now",
    [
        datetime(2027, 3, 1, 2, 30, tzinfo=UTC),  # at night, the day after a short month
        datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
    ],
)
def test_the_demo_bank_loads_on_any_day_at_any_hour(loading, owner_sql, now):
    # The database has a clock of its own, and refuses what it takes for the future.
    stands = f"'{now.isoformat()}'::timestamptz"
    for (function,) in owner_sql(_READ_THE_CLOCK):
        owner_sql(re.sub(r"(pg_catalog\.)?clock_timestamp\(\)", stands, function))
    with time_machine.travel(now, tick=True):
        call_command("load_demo")
    assert {"posted", "held", "refused"} <= set(Transfer.objects.values_list("status", flat=True))


def test_a_bank_with_public_passwords_never_runs_in_production(bank, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("load_demo")
    assert not User.objects.exists()


# --- what the bank can foresee of these lives -----------------------------------------------


def life_of(life, months, seed):
    """The spending of one of them, longer than the demo bank knows it."""
    dice, start = random.Random(seed), date(2025, 1, 1)
    days = [start + timedelta(days=n) for n in range((next_month(start, months) - start).days)]
    happened = sorted(one for day in days for one in history._day(life, day, dice))
    return [
        Flow(one.at.date(), Money(-one.minor, "EUR"), Counterparty(one.payee, ""), one.note, "")
        for one in happened
        if one.payer == life.handle and not one.payee.startswith(life.handle)
    ]


def foreseen(flows, months):
    """On the 20th of a month: what was expected of the next, what came, and what the last was."""
    today = next_month(date(2025, 1, 1), months) + timedelta(days=19)
    known = [flow for flow in flows if flow.day < today]
    found, whole = selectors.forecast_of(known, "EUR", today=today)
    assert found and whole == months
    spent = {one.first: one.sum.spending.minor for one in all_months(flows, months + 2)}
    last, truth = (spent[next_month(today.replace(day=1), by)] for by in (-1, 1))
    return found, truth, last


def all_months(flows, count):
    return sums.months(flows, "EUR", until=next_month(date(2025, 1, 1), count - 1), count=count)


def test_their_next_month_is_foreseen_better_than_by_the_last_and_as_surely_as_said():
    trials = [
        foreseen(life_of(life, months + 2, seed), months)
        for life in history.LIVES
        for months in (5, 8, 14)
        for seed in range(4)
    ]
    errors = fmean(abs(found.expected - truth) for found, truth, _ in trials)
    assert errors < 0.9 * fmean(abs(last - truth) for _, truth, last in trials)
    inside = fmean(found.low <= truth <= found.high for found, truth, _ in trials)
    assert inside > fmean(found.coverage for found, *_ in trials) - 0.08
