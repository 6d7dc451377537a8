"""What it costs to judge a payment inside its own transaction.

    python -m benchmarks.decision [--customers 100000] [--payments 10] [--decisions 2000] [--stop]

Each of the customers has paid before, a part of the payees is known for fraud; 50 officers' rules
and a model of 150 trees are in force. Every decision is made as in a transfer: under the locks of
its accounts, in its transaction, which then moves the money and commits. In every other turn the
same transfer is made without being judged. As in a bank, hardly any is stopped; with `--stop` all
are, and each is explained with its exact contributions, alerts and joins its customer's case.

    assess_p50_ms, assess_p99_ms   what judging adds to the transfer, warm
    decisions_per_s_per_core       of this process, the database's share of the work included
    postgres_round_trips           of the reads, and of all with the writes (as libpq traces them)

Goals: assess_p50_ms below 1.5, assess_p99_ms below 3, one round trip to read.
"""

import argparse
import gc
import os
import random
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import psycopg

from benchmarks import floor
from benchmarks.floor import Bank

RULES = 50
# This model knows nothing of these payments; hardly any is to be stopped, as in a bank.
FLAGGED_FROM, BLOCKED_FROM = 0.98, 0.99
STOP_FROM = 1e-6  # the smallest score there is but none
WARM = 200
MINOR = 1_000_000_00
PAYEES_SHARE = 20  # customers to a payee


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.decision", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--payments", type=int, default=10)
    parser.add_argument("--decisions", type=int, default=2_000)
    parser.add_argument("--stop", action="store_true", help="hold every payment")
    options = parser.parse_args()
    with floor.bank() as bank:
        fill(bank, options.customers, options.payments)
        ruleset = in_force(STOP_FROM if options.stop else FLAGGED_FROM)
        floor.environment(bank)
        print(f"load {os.getloadavg()[0]:.1f} before")
        figures = measured(options.customers, options.decisions)
        print(f"load {os.getloadavg()[0]:.1f} after; {ruleset}")
        floor.report(**figures)


# --- a bank with a history ------------------------------------------------------------------------


def fill(bank: Bank, customers: int, payments: int) -> None:
    """Straight into the tables. Decisions of the past are not needed to judge, and left out."""
    with psycopg.connect(bank.administrator) as connection:
        connection.execute("SET session_replication_role = replica")  # no foreign keys meanwhile
        for statement in _STATEMENTS:
            connection.execute(statement, {
                "customers": customers, "payments": payments, "minor": MINOR,
                "payees": customers // PAYEES_SHARE, "rows": customers * payments,
            })  # fmt: skip
    bank.execute("VACUUM (ANALYZE)")
    bank.execute("CHECKPOINT")


# The n-th customer has the n-th id and account, so that whoever measures finds them.
_STATEMENTS = (
    """INSERT INTO core_user (id, email, name, password, is_superuser, phone, timezone, kyc,
                              is_staff, is_active)
       SELECT lpad(to_hex(n), 32, '0')::uuid, 'c' || n || '@example.org', 'C', '', false, '',
              'Europe/London', 'verified', false, true
         FROM generate_series(1, %(customers)s) n""",
    """SELECT count(ledger_open(lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid,
                                'checking', 'EUR', 'Current'))
         FROM generate_series(1, least(%(customers)s, 2000)) n""",
    """SELECT count(ledger_move(gen_random_uuid(), c.id, a.id, %(minor)s, 'EUR', 'deposit'))
         FROM banking_account a
         JOIN banking_account c ON c.gl_code = 'clearing' AND c.currency = a.currency
        WHERE a.product = 'checking'""",
    """INSERT INTO fraud_paymentfact
              (subject, kind, account, counterparty, outgoing, amount_minor, currency, local_hour,
               local_weekday, device, unusual, at, recorded_at, customer_id, decision_id)
       SELECT 'trf_' || n, 'transfer', 'acc_' || who, 'pay_' || (n::bigint * 7919 %% %(payees)s),
              true, 1000 + (random() * random() * 40000)::int, 'EUR', 8 + (random() * 13)::int,
              (random() * 6)::int, 'dev_' || who, random() < 0.02, at, at,
              lpad(to_hex(who), 32, '0')::uuid, gen_random_uuid()
         FROM (SELECT n, 1 + n %% %(customers)s AS who,
                      now() - random() * interval '170 days' AS at
                 FROM generate_series(1, %(rows)s) n) AS made""",
    """INSERT INTO fraud_label
              (customer_id, decision_id, counterparty, paid_at, known_at, fraud, source, weight,
               note)
       SELECT customer_id, decision_id, counterparty, at, at + interval '1 day', random() < 0.05,
              'import', 1, ''
         FROM fraud_paymentfact WHERE at < now() - interval '1 day' AND random() < 0.3""",
)


def in_force(flagged_from: float = FLAGGED_FROM) -> str:
    """Fifty rules that rarely match and a model; written as rows, since nobody agrees here."""
    from dataclasses import replace

    from django.contrib.auth import get_user_model

    from fraud.learning.bundle import digest
    from fraud.models import ModelVersion, Rule, Ruleset, RuleVersion
    from fraud.tests import lessons

    officer = get_user_model().objects.create_user("officer@example.org", "x" * 12, name="O")
    known = lessons.history()
    bundle = lessons.training.train(
        known, lessons.labels(known), lessons.window(), replace(lessons.QUICK, rounds=150)
    )
    content = bundle.to_bytes()
    model = ModelVersion.objects.create(
        content=content, sha256=digest(content), features=list(bundle.features),
        window_start=datetime(2025, 1, 1, tzinfo=UTC), window_end=datetime(2026, 1, 1, tzinfo=UTC),
        known_by=datetime(2026, 1, 1, tzinfo=UTC), data_hash="", code_hash="", metrics={}, card="",
    )  # fmt: skip
    versions = []
    for n in range(RULES):
        rule = Rule.objects.create(name=f"Rule {n}", purpose="Measuring", created_by=officer)
        versions.append(
            RuleVersion.objects.create(
                rule=rule, number=1, action="hold", author=officer,
                hour_max=1000, day_max=1000, hundred_max=100,
                condition=f"amount_vs_median > {50 + n} and new_payee and own_count_24h > {n % 7}"
                " or payee_last5_share > 0.9 and amount > 100000",
            )
        )  # fmt: skip
    row = Ruleset.objects.create(
        number=1, live=[version.pk for version in versions], shadow=[], champion=model.public_id,
        shadow_model="", flagged_from=flagged_from, blocked_from=BLOCKED_FROM,
        deed=Ruleset.Deed.PUBLISH, why="Measuring", by=officer,
    )  # fmt: skip
    return f"{len(versions)} rules, {model.public_id}, {row.public_id}"


# --- measuring ------------------------------------------------------------------------------------


def measured(customers: int, decisions: int) -> dict[str, float]:
    dice = random.Random(0)
    for _ in range(WARM):
        transfer(dice, customers, judged=True)
        transfer(dice, customers, judged=False)
    gc.collect()
    gc.disable()  # as the web processes do between requests
    with_, without, added = [], [], []
    began, busy = time.perf_counter(), time.process_time()
    for _ in range(decisions):
        whole, judging = transfer(dice, customers, judged=True)
        with_.append(whole)
        added.append(judging)
        without.append(transfer(dice, customers, judged=False)[0])
    gc.enable()
    print(f"{decisions} of each in {time.perf_counter() - began:.0f} s, "
          f"{time.process_time() - busy:.0f} s of them this process")  # fmt: skip
    print(f"transfer_with_ms {median(with_) * 1000:.4g}")
    print(f"transfer_without_ms {median(without) * 1000:.4g}")
    hundredths = quantiles(added, n=100)
    reads, all_ = trips(dice, customers)
    return {
        "assess_p50_ms": median(added) * 1000,
        "assess_p99_ms": hundredths[98] * 1000,
        "decisions_per_s_per_core": len(added) / sum(added),
        "postgres_round_trips": reads,
        "postgres_round_trips_with_writes": all_,
    }


def transfer(dice: random.Random, customers: int, *, judged: bool) -> tuple[float, float]:
    """Seconds of a whole transfer, and of judging it."""
    from django.db import transaction

    from banking import ledger
    from fintrust.core.ids import uuid7
    from fintrust.core.money import Money
    from fraud import services

    facts = asked(dice, customers)
    source, target = dice.sample(accounts(), 2)
    began, judging = time.perf_counter(), 0.0
    with transaction.atomic():
        ledger.lock(source, target)
        if judged:
            start = time.perf_counter()
            services.assess(facts)
            judging = time.perf_counter() - start
        ledger.move(uuid7(), source, target, Money(1, "EUR"))
    return time.perf_counter() - began, judging


@lru_cache
def accounts() -> list[int]:
    from banking.models import Account

    return list(Account.objects.filter(product="checking").values_list("pk", flat=True))


def asked(dice: random.Random, customers: int) -> Any:
    from fintrust.core.ids import to_public, uuid7
    from fraud.facts import Facts

    who, payee = dice.randrange(1, customers + 1), dice.randrange(customers // PAYEES_SHARE)
    return Facts(
        kind="transfer", subject=to_public("trf", uuid7()), customer_id=UUID(int=who),
        account=f"acc_{who}", counterparty=f"pay_{payee}",
        amount_minor=dice.randrange(5_00, 400_00), currency="EUR", at=datetime.now(UTC),
        timezone="Europe/London", balance_minor=MINOR, device=f"dev_{who}", channel="web",
    )  # fmt: skip


def trips(dice: random.Random, customers: int) -> tuple[int, int]:
    """Round trips of the read alone, and of judging with everything that is written."""
    from django.db import transaction

    from fraud import selectors, services

    with transaction.atomic():
        selectors.known_for(asked(dice, customers))  # the transaction has begun
        reads = traced(lambda: selectors.known_for(asked(dice, customers)))
        return reads, traced(lambda: services.assess(asked(dice, customers)))


def traced(deed: Callable[[], Any]) -> int:
    from django.db import connection

    server = connection.connection.pgconn
    with tempfile.NamedTemporaryFile("w+") as file:
        server.trace(file.fileno())
        deed()
        server.untrace()
        text = Path(file.name).read_text()
    sent = re.findall(r"^\S* ?\S*\tF\t\d+\t(Sync|Query)\b", text, re.M)
    return len(sent)


if __name__ == "__main__":
    main()
