"""What a long history costs: past balances, the proof of the books, a close, following.

    python -m benchmarks.books [--movements 1000000]

Movements are written straight into the table in a few statements, over 300 days among ten thousand
accounts, a tenth of them on one hot account. Goals: balance_at_ms and balance_on_ms below 2 (at ten
million entries), verify_entries_per_s above a million on one core.
"""

import argparse
import random
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import psycopg

from benchmarks import floor, ledger
from benchmarks.floor import Bank

DAYS, SPREAD, HOT = 300, 9_000, 10_001
ASKED = 300


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.books", description=__doc__)
    parser.add_argument("--movements", type=int, default=1_000_000)
    options = parser.parse_args()
    with floor.bank() as bank:
        ledger.prepare(bank)
        fill(bank, options.movements)
        floor.environment(bank)
        floor.report(**past_balances(), **proofs(), **closing(), **following())


def fill(bank: Bank, count: int) -> None:
    with psycopg.connect(bank.administrator) as connection:
        for statement in _STATEMENTS:
            connection.execute(statement.format(count=count, days=DAYS, spread=SPREAD, hot=HOT))
    bank.execute("VACUUM ANALYZE")
    bank.execute("CHECKPOINT")


_STATEMENTS = (
    "SET timezone = 'UTC'; SET work_mem = '256MB'",
    """CREATE TEMP TABLE plan ON COMMIT DROP AS
       SELECT n, 1 + (random() * ({spread} - 1))::bigint AS source,
              CASE WHEN n % 10 = 0 THEN {hot} ELSE {spread} + 1 + (random() * 900)::bigint END
                  AS target,
              now() - interval '1 day' * {days} * (1 - n::float8 / {count}) AS at
         FROM generate_series(1, {count}) n""",
    """CREATE TEMP TABLE after ON COMMIT DROP AS
       SELECT n, account_id, a.balance + sum(change) OVER w AS balance,
              a.seq + row_number() OVER w AS seq
         FROM (SELECT n, source AS account_id, -1 AS change FROM plan
               UNION ALL SELECT n, target, 1 FROM plan) AS sides
         JOIN banking_account a ON a.id = account_id
       WINDOW w AS (PARTITION BY account_id ORDER BY n)""",
    "ANALYZE plan; ANALYZE after",
    """INSERT INTO banking_movement
              (id, debit_id, credit_id, amount, debit_balance, credit_balance, debit_seq,
               credit_seq, booked_at, value_date, currency, kind, narrative)
       SELECT gen_random_uuid(), source, target, 1, d.balance, c.balance, d.seq, c.seq, at,
              at::date, 'EUR', 'transfer', ''
         FROM plan JOIN after d ON d.n = plan.n AND d.account_id = source
                   JOIN after c ON c.n = plan.n AND c.account_id = target
        ORDER BY plan.n""",
    """UPDATE banking_account a SET balance = last.balance, seq = last.seq
         FROM (SELECT DISTINCT ON (account_id) account_id, balance, seq
                 FROM after ORDER BY account_id, seq DESC) AS last
        WHERE a.id = last.account_id""",
)


def past_balances() -> dict[str, float]:
    """Milliseconds, on the hot account, at moments and on days all over the history."""
    from django.utils import timezone

    from banking import ledger
    from banking.models import Account

    hot, now, dice = Account.objects.get(pk=HOT), timezone.now(), random.Random(1)
    moments = [now - timedelta(days=dice.random() * DAYS) for _ in range(ASKED)]
    return {
        "balance_at_ms": median(_ms(lambda at=at: ledger.balance_at(hot, at)) for at in moments),
        "balance_on_ms": median(
            _ms(lambda at=at: ledger.balance_on(hot, at.date())) for at in moments
        ),
    }


def proofs() -> dict[str, float]:
    """A full check on one core, and a short one that finds nothing new."""
    from django.db import connection

    from banking.verify import check_ledger

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    began = time.monotonic()
    whole = check_ledger()
    seconds = time.monotonic() - began
    short = _ms(lambda: check_ledger(since=whole.checkpoint))
    if whole.findings:
        raise SystemExit(f"The history is wrong: {whole.findings[:3]}")
    return {"verify_entries_per_s": 2 * whole.movements / seconds, "verify_new_ms": short}


def closing() -> dict[str, float]:
    """A month's end: the moment that the bank stands still, and the figures afterwards."""
    from django.utils import timezone

    from banking import ledger

    until = timezone.now().date() - timedelta(days=30)
    return {
        "close_stands_still_ms": _ms(lambda: ledger.close_period("EUR", until)),
        "freeze_ms": _ms(lambda: ledger.freeze_period("EUR", until)),
    }


def following() -> dict[str, float]:
    """A page of a hundred movements that came one transaction each."""
    from banking import ledger
    from fintrust.core.ids import uuid7
    from fintrust.core.money import Money

    begun = ledger.move(uuid7(), 1, 2, Money(1, "EUR"))
    tx = ledger.Movement.objects.get(pk=begun.id).tx
    for _ in range(200):
        ledger.move(uuid7(), 1, 2, Money(1, "EUR"))
    cursor = ledger.Cursor(tx, begun.id)
    return {"follow_100_ms": median(_ms(lambda: ledger.follow(cursor, 100)) for _ in range(50))}


def _ms(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
