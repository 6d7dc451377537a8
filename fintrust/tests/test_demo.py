from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from banking.models import Movement, Transfer
from banking.verify import verify_ledger
from fintrust.core.models import User
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


@pytest.mark.parametrize(
    "now",
    [
        datetime(2027, 3, 1, 2, 30, tzinfo=UTC),  # at night, the day after a short month
        datetime(2028, 2, 29, 23, 59, tzinfo=UTC),
    ],
)
def test_the_demo_bank_loads_on_any_day_at_any_hour(loading, now):
    with time_machine.travel(now, tick=True):
        call_command("load_demo")
    assert {"posted", "held", "refused"} <= set(Transfer.objects.values_list("status", flat=True))


def test_a_bank_with_public_passwords_never_runs_in_production(bank, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("load_demo")
    assert not User.objects.exists()
