import pytest
from django.core.management import CommandError, call_command

from banking.models import Movement, Transfer
from banking.verify import verify_ledger
from fintrust.core.models import User
from fintrust.demo import people


@pytest.fixture
def loaded(bank, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    call_command("load_demo")
    return tmp_path


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


def test_a_bank_with_public_passwords_never_runs_in_production(bank, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("load_demo")
    assert not User.objects.exists()
