"""How fast money moves with every guarantee on, against a bare function without any.

    python -m benchmarks.ledger [--rounds 9] [--seconds 1]

The floor is pgbench calling a function of two balance updates and two entry inserts. Ours is
`ledger_move`, called by pgbench (`sql_…`) and through `banking.ledger` from the threads of one
process (`python_…`), one movement per durable commit. Goals: sql_spread_vs_floor 0.57,
sql_hot_vs_floor 0.75, bytes_per_movement below 320. Names ending in `_1` are one client.
"""

import argparse
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from statistics import median
from uuid import UUID

from benchmarks import floor
from benchmarks.floor import Bank

ACCOUNTS = 10_000
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
SELECT * FROM ledger_move(
    ('000' || to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint)
           || substr(md5(:n::text), 1, 16))::uuid, :source, :target, 1, 'EUR');
"""


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    with floor.bank() as bank:
        prepare(bank)
        floor.environment(bank)
        rates = floor.rounds(options.rounds, runs(bank, options.seconds))
        [(size,)] = bank.execute(
            "SELECT pg_total_relation_size('banking_movement') / count(*) FROM banking_movement"
        )
        entries_per_second = verified(bank)
    print("medians, committed transfers a second:")
    for name, values in rates.items():
        print(f"  {name:15} {median(values):8.0f}")
    figures: dict[str, float] = {}
    for clients, ending in ((8, ""), (1, "_1")):
        for way, kind in product(("sql", "python"), ("spread", "hot")):
            ours, bare = rates[f"{way}_{kind}_{clients}"], rates[f"bare_{kind}_{clients}"]
            figures[f"{way}_{kind}_vs_floor{ending}"] = floor.ratio(ours, bare)
    floor.report(
        **figures,
        bytes_per_movement=float(str(size)),
        verify_entries_per_s=entries_per_second,
    )


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
          JOIN banking_account c ON c.gl_code = 'clearing' AND c.currency = a.currency
         WHERE a.product = 'checking'""")
    bank.execute("VACUUM ANALYZE")
    bank.execute("CHECKPOINT")


def runs(bank: Bank, seconds: int) -> dict[str, partial[float]]:
    """Everything that is measured in a round, by name and number of clients."""
    found: dict[str, partial[float]] = {}
    for clients in (8, 1):
        for kind, choice in (("spread", SPREAD), ("hot", HOT)):
            pair = choice.replace(":count", str(ACCOUNTS))
            bare, ours = pair + BARE, pair + OURS
            found[f"bare_{kind}_{clients}"] = partial(bank.pgbench, bare, clients, seconds)
            found[f"sql_{kind}_{clients}"] = partial(bank.pgbench, ours, clients, seconds)
            found[f"python_{kind}_{clients}"] = partial(python, kind == "hot", clients, seconds)
    return found


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
