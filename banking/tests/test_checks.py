"""A check of the books is remembered; damage is told once, to the log and to the feed."""

import pytest

from audit.models import Record
from banking import checks, tasks
from banking.selectors import last_ledger_check
from banking.tests.ledger_help import account
from fintrust.core.models import Event

DAMAGE = "UPDATE banking_account SET balance = balance + 1 WHERE id = %s"
REPAIR = "UPDATE banking_account SET balance = balance - 1 WHERE id = %s"


def alarms() -> tuple[int, int]:
    kind = "banking.ledger.found_damaged"
    return Record.objects.filter(action=kind).count(), Event.objects.filter(kind=kind).count()


@pytest.mark.django_db
def test_good_books_are_remembered_without_noise():
    account(1_00)
    assert last_ledger_check() is None
    assert tasks.verify_ledger() is True
    assert last_ledger_check().intact
    assert alarms() == (0, 0)


def test_damage_is_told_once_until_the_books_were_good_again(bank, owner_sql):
    broken = account(1_00).pk
    owner_sql(DAMAGE, broken)
    assert tasks.verify_ledger() is False
    assert {found["code"] for found in last_ledger_check().findings} == {"balance", "sum"}
    assert checks.check().intact is False
    assert alarms() == (1, 1)
    owner_sql(REPAIR, broken)
    assert checks.check().intact is True
    owner_sql(DAMAGE, broken)
    checks.check()
    assert alarms() == (2, 2)


def test_what_a_check_found_cannot_be_changed(bank, app_sql):
    checks.check()
    with pytest.raises(Exception, match="permission denied"):
        app_sql("UPDATE banking_ledgercheck SET intact = true")
