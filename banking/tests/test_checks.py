"""A check of the books is remembered; damage is told once, to the log and to the feed.

On schedule only what is new is read, and once a day all of it.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.models import Record
from banking import checks, ledger, tasks
from banking.models import LedgerCheck
from banking.selectors import last_ledger_check
from banking.tests.ledger_help import account, eur
from banking.tests.test_ledger_verify import edited
from banking.verify import Checkpoint, check_ledger
from fintrust.core.ids import uuid7
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


# --- short checks ---------------------------------------------------------------------------


def on_schedule() -> tuple[bool, int, bool]:
    done = checks.check_on_schedule()
    return done.full, done.movements, done.intact


def test_the_first_check_is_whole_and_the_next_read_what_is_new(bank):
    ada, ben = account(100), account()
    assert on_schedule() == (True, 1, True)
    assert on_schedule() == (False, 0, True)
    hold = ledger.hold(uuid7(), ada, eur(10))
    ledger.move(uuid7(), ada, ben, eur(5), value_date=timezone.now().date() - timedelta(days=2))
    ledger.capture(hold.id, uuid7(), account())
    ledger.journal(uuid7(), [ledger.Instruction(uuid7(), ada, ben, eur(1))])
    assert on_schedule() == (False, 3, True)
    assert on_schedule() == (False, 0, True)


def test_once_a_day_everything_is_read(bank):
    account(100)
    old = timezone.now() - timedelta(hours=24, seconds=1)
    kept = check_ledger().checkpoint.to_json()
    LedgerCheck.objects.create(at=old, intact=True, full=True, checkpoint=kept)
    assert on_schedule() == (True, 1, True)
    LedgerCheck.objects.create(intact=True, full=False, checkpoint=kept)
    assert on_schedule() == (False, 0, True)


@pytest.mark.parametrize(
    "damage, code",
    [
        ("UPDATE banking_account SET balance = balance + 1 WHERE id = {other}", "balance"),
        (edited("movement", "UPDATE banking_movement SET amount = 9 WHERE id = '{new}'"),
         "balance"),
        (edited("movement", "DELETE FROM banking_movement WHERE id = '{new}'"), "sequence"),
        (
            edited("movement", "UPDATE banking_movement SET value_date = '2020-01-01'"
                               " WHERE id = '{new}'"),
            "value-date",
        ),
        (
            edited("movement", "UPDATE banking_movement SET journal_id = id WHERE id = '{new}'"),
            "journal",
        ),
        ("UPDATE banking_account SET held = held + 1 WHERE id = {other}", "held"),
    ],
)  # fmt: skip
def test_a_short_check_finds_damage_in_what_is_new_and_in_any_account(
    bank, owner_sql, damage, code
):
    ada, other = account(100), account(50)
    checks.check()
    new = ledger.move(uuid7(), ada, account(), eur(5)).id
    since = Checkpoint.from_json(last_ledger_check().checkpoint)
    assert check_ledger(since=since).findings == []
    owner_sql(damage.format(new=new, other=other.pk))
    assert code in {finding.code for finding in check_ledger(since=since).findings}
    full, _, intact = on_schedule()
    assert (full, intact) == (True, False), "the whole check has the word"
    assert alarms() == (1, 1)


def test_damage_behind_the_last_check_is_found_by_the_next_whole_one(bank, owner_sql):
    ada, ben = account(100), account()
    old = ledger.move(uuid7(), ada, ben, eur(5)).id
    checks.check()
    owner_sql(edited("movement", f"UPDATE banking_movement SET amount = 6 WHERE id = '{old}'"))
    assert on_schedule() == (False, 0, True), "it is not looked at"
    assert checks.check().intact is False
    assert alarms() == (1, 1)
    assert on_schedule()[::2] == (True, False), "nor is it forgotten before it is repaired"
    owner_sql(edited("movement", f"UPDATE banking_movement SET amount = 5 WHERE id = '{old}'"))
    assert on_schedule()[::2] == (True, True)
    assert on_schedule()[::2] == (False, True)


def test_what_commits_after_a_check_is_new_to_the_next_however_old_its_transaction_is(bank):
    ada, ben = account(100), account()
    wrote, commit = Signal(), Signal()

    def late():
        try:
            with transaction.atomic():
                ledger.move(uuid7(), ada, ben, eur(1))
                wrote.set()
                assert commit.wait(20)
        finally:
            connection.close()

    older = ThreadPoolExecutor(1).submit(late)
    assert wrote.wait(20)
    account(7)
    assert on_schedule() == (True, 2, True)
    commit.set()
    older.result(20)
    assert on_schedule() == (False, 1, True)


@pytest.mark.parametrize(
    "forged",
    [
        None,
        [],
        {"snapshot": "1:2:'); DROP", "seed": "1", "states": {}},
        {"snapshot": "5:3:", "seed": "1", "states": {}},
        {"snapshot": "3:5:4,3", "seed": "1", "states": {}},
        {"snapshot": "1:2:", "seed": "x", "states": {}},
        {"snapshot": "1:2:", "seed": "-1", "states": {}},
        {"snapshot": "1:2:", "seed": "1", "states": [1]},
        {"snapshot": "9:9:", "seed": "1", "states": {"EUR": "5"}},
    ],
)
def test_a_checkpoint_that_is_none_makes_the_check_whole(bank, forged):
    account(100)
    checks.check()
    LedgerCheck.objects.create(intact=True, full=False, checkpoint=forged)
    assert on_schedule() == (True, 1, True)
