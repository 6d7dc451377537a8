"""How fast money moves with every guarantee on, against a bare function without any.

    python -m benchmarks.ledger [--rounds 9] [--seconds 1]

The floor is pgbench calling a function of two balance updates and two entry inserts, 8 clients.
All of ours is durable, on accounts that are checked:

    sql_…     `ledger_move` called by pgbench, one movement per commit; names ending in `_1` are
              one client
    python_…  the same through `banking.ledger` from 8 threads of one process; against plain Django
              models (`orm`) and django-hordak, driven in the same way
    batch_…   1,000 instructions per `ledger.move_many`, each with its answer; hot: all of them
              reach one account
    hot_strict  64 threads pay into one account through `banking.batcher`, against 8 threads of
              `ledger.move` among all accounts

Goals: sql_spread_vs_floor 0.57, sql_hot_vs_floor 0.75, python_vs_orm 8, python_vs_hordak 3,
batch_vs_floor 2.5, batch_hot_vs_batch 1, hot_strict_vs_spread 0.8,
bytes_per_movement below 320.
"""

import argparse
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from typing import TYPE_CHECKING
from uuid import UUID

from benchmarks import floor
from benchmarks.floor import Bank
from benchmarks.rivals import Rivals, rivals

if TYPE_CHECKING:
    from banking.ledger import Instruction

ACCOUNTS = 10_000
BATCH = 1_000
MINOR = 1_000_000_00

SPREAD = r"""
\set source random(1, :count - 1)
\set target random(:source + 1, :count)
"""
HOT = r"""
\set source random(1, :count)
\set target :count + 1
"""
BARE = r"SELECT bare_move(:source, :target, 1);"
# An id that grows with time and is random at its end, as uuid7() makes them.
OURS = r"""
\set n random(0, 9000000000000000000)
SELECT ledger_move(
    ('000' || to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint)
           || substr(md5(:n::text), 1, 16))::uuid, :source, :target, 1, 'EUR');
"""


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    with floor.bank() as bank, rivals(bank.administrator) as others:
        prepare(bank)
        floor.environment(bank)
        print(f"load {os.getloadavg()[0]:.1f} before")
        rates = floor.rounds(options.rounds, runs(bank, others, options.seconds))
        print(f"load {os.getloadavg()[0]:.1f} after")
        [(size,)] = bank.execute(
            "SELECT pg_total_relation_size('banking_movement') / count(*) FROM banking_movement"
        )
        entries_per_second = verified(bank)
    print("medians, committed transfers a second:")
    for name, values in rates.items():
        print(f"  {name:15} {median(values):8.0f}")
    floor.report(
        **{name: floor.ratio(rates[ours], rates[its]) for name, (ours, its) in RATIOS.items()},
        bytes_per_movement=float(str(size)),
        verify_entries_per_s=entries_per_second,
    )


RATIOS = {
    "sql_spread_vs_floor": ("sql_spread_8", "bare_spread_8"),
    "sql_hot_vs_floor": ("sql_hot_8", "bare_hot_8"),
    "sql_spread_vs_floor_1": ("sql_spread_1", "bare_spread_1"),
    "sql_hot_vs_floor_1": ("sql_hot_1", "bare_hot_1"),
    "python_spread_vs_floor": ("python_spread_8", "bare_spread_8"),
    "python_hot_vs_floor": ("python_hot_8", "bare_hot_8"),
    "python_vs_orm": ("python_spread_8", "orm_8"),
    "python_vs_hordak": ("python_spread_8", "hordak_8"),
    "batch_vs_floor": ("batch_spread", "bare_spread_8"),
    "batch_hot_vs_batch": ("batch_hot", "batch_spread"),
    "hot_strict_vs_spread": ("strict_hot_64", "python_spread_8"),
    "hot_fee_vs_spread": ("sql_fee_32", "sql_spread_32"),
}


def prepare(bank: Bank) -> None:
    """The same accounts for both; the last one is the hot one, and has a floor like the others."""
    bank.execute(floor.BARE)
    bank.execute(
        f"INSERT INTO bare_account SELECT n, {MINOR} FROM generate_series(1, {ACCOUNTS + 1}) n"
    )
    bank.execute("INSERT INTO core_user (id, email, name, password, is_superuser, phone, timezone,"
                 " kyc, is_staff, is_active) VALUES (gen_random_uuid(), 'ada@example.org', 'Ada',"
                 " '', false, '', 'UTC', 'verified', false, true)")  # fmt: skip
    bank.execute(
        "SELECT count(ledger_open(gen_random_uuid(), u.id, 'checking', 'EUR', 'Current'))"
        f" FROM core_user u, generate_series(1, {ACCOUNTS + 1})"
    )
    bank.execute(f"""
        SELECT count(ledger_move(gen_random_uuid(), c.id, a.id, {MINOR}, 'EUR', 'deposit'))
          FROM banking_account a
          JOIN banking_account c
            ON c.gl_code = 'clearing' AND c.stripe = 0 AND c.currency = a.currency
         WHERE a.product = 'checking'""")
    bank.execute("VACUUM ANALYZE")
    bank.execute("CHECKPOINT")


def fees(bank: Bank) -> str:
    """What every payment pays to the bank: into the stripe of its account, as `ledger.internal`."""
    stripes = bank.execute(
        "SELECT id FROM banking_account WHERE gl_code = 'fees' AND currency = 'EUR' ORDER BY stripe"
    )
    ids = ", ".join(str(id) for (id,) in stripes)
    target = f"(ARRAY[{ids}])[1 + :source % {len(stripes)}]"
    source = rf"\set source random(1, {ACCOUNTS})" + "\n"
    return source + OURS.replace(":target", target)


def runs(bank: Bank, others: Rivals, seconds: int) -> dict[str, Callable[[], float]]:
    """Everything that is measured in a round, by name and number of clients."""
    found: dict[str, Callable[[], float]] = {}
    for clients in (8, 1):
        for kind, choice in (("spread", SPREAD), ("hot", HOT)):
            pair = choice.replace(":count", str(ACCOUNTS))
            bare, ours = pair + BARE, pair + OURS
            found[f"bare_{kind}_{clients}"] = partial(bank.pgbench, bare, clients, seconds)
            found[f"sql_{kind}_{clients}"] = partial(bank.pgbench, ours, clients, seconds)
            if clients == 8:
                found[f"python_{kind}_8"] = partial(python, kind == "hot", 8, seconds)
    spread = SPREAD.replace(":count", str(ACCOUNTS)) + OURS
    found["sql_spread_32"] = partial(bank.pgbench, spread, 32, seconds)
    found["sql_fee_32"] = partial(bank.pgbench, fees(bank), 32, seconds)
    found["orm_8"] = partial(others.measure, "orm", 8, seconds)
    found["hordak_8"] = partial(others.measure, "hordak", 8, seconds)
    found["batch_spread"] = partial(batches, False, seconds)
    found["batch_hot"] = partial(batches, True, seconds)
    found["strict_hot_64"] = partial(batched, 64, seconds)
    return found


def batches(hot: bool, seconds: float) -> float:
    """Instructions a second through banking.ledger.move_many, a thousand at a time."""
    from banking import ledger

    dice, count, began = random.Random(0), 0, time.monotonic()
    while (lasted := time.monotonic() - began) < seconds:
        answers = ledger.move_many([_instruction(dice, hot) for _ in range(BATCH)])
        if not all(isinstance(answer, ledger.Moved) for answer in answers):
            raise SystemExit(f"A batch was refused: {answers}")
        count += BATCH
    return count / lasted


def _instruction(dice: random.Random, hot: bool) -> "Instruction":
    from banking.ledger import Instruction
    from fintrust.core.ids import uuid7
    from fintrust.core.money import Money

    source = dice.randrange(1, ACCOUNTS)
    target = ACCOUNTS + 1 if hot else dice.randrange(source + 1, ACCOUNTS + 1)
    return Instruction(uuid7(), source, target, Money(1, "EUR"))


def batched(threads: int, seconds: float) -> float:
    """Movements a second on one checked account, from callers that wait for the batcher."""
    from banking.batcher import Batcher

    def pay(seed: int) -> int:
        dice, count = random.Random(seed), 0
        while time.monotonic() < deadline:
            batcher.move(_instruction(dice, hot=True))
            count += 1
        return count

    with Batcher() as batcher, ThreadPoolExecutor(threads) as pool:
        deadline = time.monotonic() + seconds
        return sum(pool.map(pay, range(threads))) / seconds


def python(hot: bool, threads: int, seconds: float) -> float:
    """Committed movements a second through banking.ledger, from threads of this process."""
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(threads) as pool:
        counts = pool.map(partial(_move_until, deadline, hot), range(threads))
        return sum(counts) / seconds


def _move_until(deadline: float, hot: bool, seed: int) -> int:
    from django.db import connection

    from banking import ledger
    from fintrust.core.ids import uuid7
    from fintrust.core.money import Money

    dice, count, cent = random.Random(seed), 0, Money(1, "EUR")
    try:
        while time.monotonic() < deadline:
            source = dice.randrange(1, ACCOUNTS)
            target = ACCOUNTS + 1 if hot else dice.randrange(source + 1, ACCOUNTS + 1)
            id: UUID = uuid7()
            ledger.move(id, source, target, cent)
            count += 1
    finally:
        connection.close()
    return count


def verified(bank: Bank) -> float:
    """Entries a second that verify_ledger proves; the run counts only if it finds nothing."""
    from banking.verify import verify_ledger

    bank.execute("VACUUM ANALYZE banking_movement")
    [(entries,)] = bank.execute("SELECT 2 * count(*) FROM banking_movement")
    began = time.monotonic()
    if findings := verify_ledger():
        raise SystemExit(f"The ledger is wrong after the run: {findings}")
    return float(str(entries)) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
