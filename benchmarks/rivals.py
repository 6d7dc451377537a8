"""The same payment as other people write it: plain Django models, and django-hordak.

A process of its own, because it needs other settings: `Rivals` starts it, on a database beside the
bank's, and asks it for one measurement after the other. Threads, connections and the way of
counting are those of `benchmarks.ledger`.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from benchmarks.floor import PROJECT
from fintrust.stack import urls

ACCOUNTS = 10_000


class Rivals:
    """The process, as the benchmark sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def measure(self, who: str, threads: int, seconds: float) -> float:
        """Committed payments a second."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps([who, threads, seconds]), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("The rivals' process has ended.")
        return float(json.loads(answer))


@contextmanager
def rivals(administrator: str) -> Iterator[Rivals]:
    name = f"fintrust_rivals_{os.getpid()}"
    database = sql.Identifier(name)
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rivals"],
            cwd=PROJECT,
            env=os.environ | {"RIVALS_URL": urls.with_login(administrator, database=name)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            if not process.stdout.readline():
                raise SystemExit("The rivals did not start.")
            yield Rivals(process)
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait(60)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


# --- in that process ------------------------------------------------------------------------


def main() -> None:
    payments = prepare()
    print("ready", flush=True)
    for line in sys.stdin:
        who, threads, seconds = json.loads(line)
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(threads) as pool:
            counts = pool.map(partial(_pay_until, deadline, payments[who]), range(threads))
            print(json.dumps(sum(counts) / seconds), flush=True)


def _pay_until(deadline: float, pay: Callable[[int, int], object], seed: int) -> int:
    from django.db import connection

    dice, count = random.Random(seed), 0
    try:
        while time.monotonic() < deadline:
            source = dice.randrange(1, ACCOUNTS)
            pay(source, dice.randrange(source + 1, ACCOUNTS + 1))
            count += 1
    finally:
        connection.close()
    return count


def prepare() -> dict[str, Callable[[int, int], object]]:
    import django
    from django.conf import settings

    parts = conninfo_to_dict(os.environ["RIVALS_URL"])
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts["dbname"],
                "USER": parts.get("user", ""),
                "PASSWORD": parts.get("password", ""),
                "HOST": parts.get("host", ""),
                "PORT": str(parts.get("port", "")),
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {"orm": _orm(), "hordak": _hordak()}


def _orm() -> Callable[[int, int], object]:
    """What anybody would write first: lock both, check, two balances, a transfer, two entries."""
    from django.db import connection, models, transaction

    class Account(models.Model):
        balance = models.BigIntegerField(default=0)

        class Meta:
            app_label = "plain"

    class Transfer(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid4)
        narrative = models.CharField(max_length=500)
        at = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "plain"

    class Entry(models.Model):
        transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="entries")
        account = models.ForeignKey(Account, models.PROTECT, related_name="entries")
        amount = models.BigIntegerField()
        balance = models.BigIntegerField()

        class Meta:
            app_label = "plain"

    with connection.schema_editor() as editor:
        editor.create_model(Account)
        editor.create_model(Transfer)
        editor.create_model(Entry)
    Account.objects.bulk_create([Account(balance=1_000_000_00) for _ in range(ACCOUNTS)])
    accounts: Any = Account.objects

    def pay(source: int, target: int) -> None:
        with transaction.atomic():
            # In the order of their ids, so that two cannot wait for each other.
            locked = accounts.select_for_update()
            found = {pk: locked.get(pk=pk) for pk in sorted([source, target])}
            if found[source].balance < 1:
                raise ValueError("insufficient funds")
            transfer = Transfer.objects.create()
            for pk, change in ((source, -1), (target, 1)):
                found[pk].balance += change
                found[pk].save(update_fields=["balance"])
                Entry.objects.create(
                    transfer=transfer,
                    account=found[pk],
                    amount=change,
                    balance=found[pk].balance,
                )

    return pay


def _hordak() -> Callable[[int, int], object]:
    from django.db import connection, transaction
    from hordak.models import Account
    from moneyed import Money

    # The tree would take a minute to build one by one; every account is a root of its own.
    Account.objects.bulk_create(
        [
            Account(name=f"Account {n}", type="LI", currencies=["EUR"], lft=1, rght=2,
                    tree_id=n, level=0)
            for n in range(1, ACCOUNTS + 1)
        ]
    )  # fmt: skip
    by_pk = list(Account.objects.order_by("pk"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    cent = Money("0.01", "EUR")

    def pay(source: int, target: int) -> None:
        with transaction.atomic():
            by_pk[source - 1].transfer_to(by_pk[target - 1], cent)

    return pay


if __name__ == "__main__":
    main()
