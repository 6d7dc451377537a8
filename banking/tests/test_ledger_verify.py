"""Whatever is wrong in the books is found and named, even when somebody with every right did it."""

import io
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from banking import ledger
from banking.books.services import close_period
from banking.tests.ledger_help import account, eur
from banking.verify import findings, verify_ledger
from fintrust.core.ids import uuid7
from fintrust.testing import servers


def edited(book: str, deed: str) -> str:
    """What an owner would have to do: silence the fence, then falsify the book."""
    return f"ALTER TABLE banking_{book} DISABLE TRIGGER banking_{book}_no_change; {deed}"


def moved(change: str, which: str) -> str:
    deed = f"UPDATE banking_movement SET {change} WHERE id = '{{{which}}}'"
    return edited("movement", deed)


TAMPERING = [
    ("UPDATE banking_account SET balance = balance + 1 WHERE id = {payee}", {"balance", "sum"}),
    ("UPDATE banking_account SET seq = seq + 1 WHERE id = {payee}", {"sequence"}),
    ("UPDATE banking_account SET held = held - 1 WHERE id = {payer}", {"held"}),
    ("UPDATE banking_account SET currency = 'USD' WHERE id = {payee}", {"currency", "sum"}),
    ("UPDATE banking_account SET status = 'closed' WHERE id = {payee}", {"closed"}),
    (
        "ALTER TABLE banking_account DROP CONSTRAINT banking_account_funds;"
        "UPDATE banking_account SET floor = 9000 WHERE id = {payer}",
        {"floor"},
    ),
    (moved("amount = amount + 1", "middle"), {"balance", "running-balance"}),
    (moved("debit_balance = debit_balance - 1", "middle"), {"running-balance"}),
    (moved("currency = 'USD'", "middle"), {"currency"}),
    (
        moved("debit_id = credit_id, debit_seq = 99", "middle"),
        {"same-account", "balance", "gap", "running-balance", "sequence"},
    ),
    (
        moved("credit_id = 777, credit_seq = 1", "middle"),
        {"unknown-account", "balance", "gap", "running-balance"},
    ),
    (moved("reverses = '{first}'", "last"), {"reversal"}),
    (moved("hold_id = NULL", "captured"), {"capture"}),
    (moved("hold_id = '{hold}'", "last"), {"capture"}),
    (
        edited("movement", "DELETE FROM banking_movement WHERE id = '{middle}'"),
        {"balance", "gap", "running-balance"},
    ),
    (
        edited("movement", "DELETE FROM banking_movement WHERE id = '{last}'"),
        {"balance", "sequence"},
    ),
    (edited("hold", "UPDATE banking_hold SET amount = 999 WHERE id = '{hold}'"), {"held"}),
    (edited("hold", "DELETE FROM banking_hold WHERE id = '{hold}'"), {"held"}),
    (edited("hold_end", "UPDATE banking_hold_end SET amount = amount + 1"), {"capture"}),
    (edited("hold_end", "DELETE FROM banking_hold_end"), {"capture", "held"}),
    # What cancels out in a sum: two errors of opposite sign, entries that change places.
    (
        moved("debit_balance = debit_balance + 1, credit_balance = credit_balance - 1", "middle"),
        {"running-balance"},
    ),
    (
        edited(
            "movement",
            "UPDATE banking_movement SET debit_seq = 1000 - debit_seq WHERE id IN"
            " ('{first}', '{middle}');"
            "UPDATE banking_movement SET debit_seq = debit_seq - 995 WHERE id IN"
            " ('{first}', '{middle}')",
        ),
        {"running-balance"},
    ),
    # What a hash that folds 64 bits to 32 would not tell apart.
    (
        moved("debit_balance = debit_balance # ((1::bigint << 32) | 1)", "middle"),
        {"running-balance"},
    ),
    (
        moved("credit_seq = credit_seq # ((1::bigint << 32) | 1)", "middle"),
        {"gap", "running-balance", "sequence"},
    ),
    # Journals are whole.
    (moved("journal_id = NULL", "leg"), {"journal"}),
    (moved("journal_id = '{journal}'", "last"), {"journal"}),
    (moved("journal_id = '{last}'", "last"), {"journal"}),
    (moved("reverses = NULL", "undone"), {"journal"}),
    (
        edited("movement", "DELETE FROM banking_movement WHERE id = '{leg}'"),
        {"balance", "gap", "journal", "reversal", "running-balance"},
    ),
    (
        edited(
            "journal", "UPDATE banking_journal SET leg_ids = leg_ids[1:1] WHERE id = '{journal}'"
        ),
        {"journal"},
    ),
    (edited("journal", "UPDATE banking_journal SET reverses = NULL"), {"journal"}),
    # The other time.
    (moved("value_date = value_date - 1", "late"), {"value-date"}),
    (moved("value_date = value_date + 1", "late"), {"frozen", "value-date"}),
    (moved("value_date = value_date - 1", "last"), {"value-date"}),
    (
        edited("back_dated", "DELETE FROM banking_back_dated WHERE movement_id = '{late}'"),
        {"value-date"},
    ),
    (edited("back_dated", "UPDATE banking_back_dated SET amount = -amount"), {"value-date"}),
    # Closed periods.
    (
        edited(
            "frozen", "UPDATE banking_frozen SET balance = balance + 1 WHERE account_id = {payee}"
        ),
        {"frozen"},
    ),
    (edited("frozen", "DELETE FROM banking_frozen WHERE account_id = {payee}"), {"frozen"}),
    (
        "INSERT INTO banking_frozen SELECT currency, until_day, 1000000000003, 5"
        " FROM banking_close",
        {"frozen"},
    ),
    ("UPDATE banking_currency SET closed_until = NULL WHERE code = 'EUR'", {"period"}),
    ("UPDATE banking_currency SET closed_until = 'today' WHERE code = 'USD'", {"period"}),
    (
        "UPDATE banking_currency SET closed_until = NULL;"
        "SELECT ledger_move(gen_random_uuid(), {payer}, {payee}, 1, 'EUR',"
        "                   p_value_date => (now() AT TIME ZONE 'UTC')::date - 2);"
        "UPDATE banking_currency k SET closed_until ="
        " (SELECT max(until_day) FROM banking_close c WHERE c.currency = k.code)",
        {"frozen", "period"},
    ),
]


@pytest.fixture
def books(bank):
    """A small history: a deposit, payments, a capture, an open hold, a journal and its reversal,
    a payment that counts from an earlier day, and the close of that day."""
    payer, payee = account(100_00), account(1_00)
    first, middle, last = (ledger.move(uuid7(), payer, payee, eur(n)) for n in (1, 2, 3))
    hold, other = (ledger.hold(uuid7(), payer, eur(10_00)) for _ in range(2))
    captured = ledger.capture(other.id, uuid7(), payee, eur(9_00))
    day = timezone.now().date() - timedelta(days=2)
    late = ledger.move(uuid7(), payer, payee, eur(5), value_date=day)
    journal = ledger.journal(
        uuid7(), [ledger.Instruction(uuid7(), payer, payee, eur(n)) for n in (6, 7)]
    )
    undone = ledger.reverse_journal(uuid7(), journal.id)
    close_period(currency="EUR", until_day=day)
    last = ledger.move(uuid7(), payer, payee, eur(4))
    assert verify_ledger() == []
    return {
        "payer": payer.pk, "payee": payee.pk, "first": first.id, "middle": middle.id,
        "last": last.id, "hold": hold.id, "captured": captured.id, "late": late.id,
        "journal": journal.id, "leg": journal.legs[0].id, "undone": undone.legs[0].id,
    }  # fmt: skip


@pytest.fixture
def owner(books):
    """The owner of the tables, in a transaction that is never committed."""
    url = servers.current().addresses(servers.current_database())["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


def test_whatever_was_tampered_with_is_named(books, owner):
    surprises = []
    for tampering, codes in TAMPERING:
        owner.execute(tampering.format(**books))
        found = findings(owner.cursor())
        if {finding.code for finding in found} != codes:
            surprises.append((tampering, [str(finding) for finding in found]))
        owner.rollback()
    assert not surprises, "\n".join(map(str, surprises))
    assert findings(owner.cursor()) == []


def test_a_finding_names_the_place(books, owner):
    owner.execute(TAMPERING[0][0].format(**books))
    found = findings(owner.cursor())
    assert str(found[0]) == (
        f"balance: account {books['payee']} the row says 1016, its entries add up to 1015"
    )


def test_the_command_is_silent_about_good_books_and_fails_on_bad_ones(books, owner_sql):
    said = io.StringIO()
    call_command("verify_ledger", stdout=said)
    assert said.getvalue() == "The ledger agrees with its movements.\n"

    owner_sql(TAMPERING[0][0].format(**books))
    complaint = io.StringIO()
    with pytest.raises(CommandError, match="2 findings"):
        call_command("verify_ledger", stderr=complaint)
    assert f"balance: account {books['payee']}" in complaint.getvalue()


def test_who_reads_reports_may_verify(books):
    assert verify_ledger(using="reader") == []
