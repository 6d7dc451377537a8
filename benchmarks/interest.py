"""How long the interest of one day takes for a whole bank, and the payment of a month.

    python -m benchmarks.interest [--accounts 1000000] [--paid 20000]

Every account has a balance of its own and tiers to go through; one in twenty has moved since the
day ended, so its balance of then is worked out. Goal: a million accounts in under 30 seconds.
"""

import argparse
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from benchmarks import floor
from benchmarks.floor import Bank


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.interest", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--paid", type=int, default=20_000)
    options = parser.parse_args()
    with floor.bank() as bank:
        prepare(bank, options.accounts)
        floor.environment(bank)
        day = counted(options.accounts)
        month = paid(options.paid)
    floor.report(
        day_s=round(day, 2),
        accounts_per_s=round(options.accounts / day),
        payments_per_s=round(options.paid / month),
    )


def prepare(bank: Bank, accounts: int) -> None:
    """Accounts as the ledger would have made them, in few statements; and terms for savings."""
    from banking.interest.services import set_terms
    from fintrust.core.models import User

    admin = User.objects.create_superuser("root@example.org", "a long enough phrase")
    bank.execute(f"""
        INSERT INTO banking_account (uuid, owner_id, product, kind, gl_code, name, currency, floor,
                                     balance)
        SELECT gen_random_uuid(), '{admin.pk}', 'savings', 'liability', 'savings', 'Savings', 'EUR',
               0, 1 + (n::bigint * 7919) % 5000000
          FROM generate_series(1, {accounts}) n""")
    bank.execute("""
        SELECT count(ledger_move(gen_random_uuid(), c.id, a.id, 100, 'EUR', 'deposit'))
          FROM banking_account a
          JOIN banking_account c
            ON c.gl_code = 'clearing' AND c.stripe = 0 AND c.currency = a.currency
         WHERE a.product = 'savings' AND a.id % 20 = 0""")
    bank.execute("VACUUM ANALYZE")
    bank.execute("CHECKPOINT")
    tiers = [(0, Decimal("0.0225")), (10_000_00, Decimal("0.03")), (30_000_00, Decimal("0.01"))]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    set_terms(product="savings", currency="EUR", valid_from=yesterday, day_count="act/365",
              tiers=tiers, by=admin)  # fmt: skip


def counted(accounts: int) -> float:
    """Seconds that the interest of yesterday takes."""
    from banking.interest.services import sweep
    from banking.models import AccrualRun

    begun = time.perf_counter()
    sweep()
    seconds = time.perf_counter() - begun
    run = AccrualRun.objects.get()
    assert run.accruals == accounts, run.accruals
    return seconds


def paid(accounts: int) -> float:
    """Seconds that paying so many accounts takes, in the batches of the sweep."""
    from banking.interest.services import _pay
    from banking.models import Account

    through: date = datetime.now(UTC).date() - timedelta(days=1)
    rich = Account.objects.filter(product="savings", balance_minor__gt=20_000_00)
    ids = list(rich.order_by("pk").values_list("pk", flat=True)[:accounts])
    begun = time.perf_counter()
    done = sum(_pay(ids[n : n + 1000], through) for n in range(0, len(ids), 1000))
    assert done == len(ids) == accounts, done
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
