"""`manage.py generate_traffic --rate 20 --for 60 --to redis`: a bank's day, and its thieves."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from banking.models import Account
from fintrust.core.ids import to_public
from fintrust.core.models import User
from fintrust.demo.people import BUSINESSES, CUSTOMERS, DOMAIN, PASSWORD
from fraud.traffic.generator import DAY, Plan, label_of, start_for, traffic
from fraud.traffic.people import Party, Payment
from fraud.traffic.senders import (
    BATCH,
    ApiSender,
    KafkaSender,
    RedisSender,
    Sender,
    SenderFailed,
    SignIn,
)

PAYMENTS_MAX = 10_000_000
CUSTOMERS_MAX = 10_000
EVERY_SECONDS = 2.0  # between two lines of progress


class Command(BaseCommand):
    help = (
        "Send realistic payments with labelled frauds among them. The same seed, start and"
        " customers make the same payments. Never in production."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--rate", type=float, default=10, help="payments a second")
        parser.add_argument("--for", type=float, default=60, dest="seconds", help="seconds")
        parser.add_argument("--to", choices=("api", "redis", "kafka"), default="redis")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--fraud-share", type=float, default=0.01, help="of the payments")
        parser.add_argument(
            "--customers", type=int, default=50, help="made for this; the API has the demo's own"
        )
        parser.add_argument(
            "--start", help="the first day, YYYY-MM-DD; else so that all of it lies before now"
        )
        parser.add_argument("--labels", type=Path, help="a file of JSON lines: what each one was")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Invented customers and public passwords have no place there.")
        wanted = _wanted(options["rate"], options["seconds"])
        parties = _demo() if options["to"] == "api" else _invented(options["customers"])
        plan = _plan(options, wanted, len(parties))
        self.stdout.write(
            f"{wanted} payments of {len(parties)} customers from {plan.start:%d %B %Y} on"
        )
        sender = _sender(options["to"])
        try:
            with ExitStack() as files:
                labels = _opened(files, options["labels"])
                payments = islice(traffic(plan, parties), wanted)
                self._run(sender, payments, options["rate"], labels)
            sender.close()
        except SenderFailed as error:
            raise CommandError(str(error)) from error
        self._tell(sender, "done")

    def _run(
        self, sender: Sender, payments: Iterator[Payment], rate: float, labels: TextIO | None
    ) -> None:
        """In small batches, each when its time has come."""
        begun, told, sent, frauds = time.monotonic(), time.monotonic(), 0, 0
        size = max(1, min(BATCH, int(rate / 10)))
        while batch := list(islice(payments, size)):
            time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
            sender.send(batch)
            if labels:
                labels.writelines(json.dumps(label_of(payment)) + "\n" for payment in batch)
            sent, frauds = sent + len(batch), frauds + sum(payment.fraud for payment in batch)
            if time.monotonic() - told > EVERY_SECONDS:
                told = time.monotonic()
                self._tell(sender, f"{sent} so far, {sent / (told - begun):.0f} a second")
        sender.totals["frauds among them"] = frauds

    def _tell(self, sender: Sender, words: str) -> None:
        counted = ", ".join(f"{name} {count}" for name, count in sorted(sender.totals.items()))
        self.stdout.write(f"{words}: {counted}")
        self.stdout.flush()


def _wanted(rate: float, seconds: float) -> int:
    if not 0 < rate <= 1_000_000 or not 0 < seconds <= 30 * 24 * 3600:
        raise CommandError("--rate and --for are positive, and end some day.")
    return min(PAYMENTS_MAX, max(1, round(rate * seconds)))


def _plan(options: dict[str, Any], wanted: int, parties: int) -> Plan:
    latest = start_for(wanted, parties, until=datetime.now(UTC))
    start = latest
    if options["start"]:
        try:
            start = datetime.strptime(options["start"], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise CommandError("--start is a day: YYYY-MM-DD.") from None
        if start > latest:
            days = (datetime.now(UTC) - latest) // DAY
            raise CommandError(f"So many payments take {days} days: start by {latest:%Y-%m-%d}.")
    try:
        return Plan(seed=options["seed"], start=start, fraud_share=options["fraud_share"])
    except ValueError as error:
        raise CommandError(str(error)) from error


def _opened(files: ExitStack, path: Path | None) -> TextIO | None:
    if path is None:
        return None
    try:
        return files.enter_context(path.open("w", encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"--labels: {error}") from error


# --- who pays -------------------------------------------------------------------------------


def _invented(count: int) -> list[Party]:
    """Customers of this bank who hold their accounts elsewhere. The same ones each time."""
    if not 3 <= count <= CUSTOMERS_MAX:
        raise CommandError(f"--customers lies between 3 and {CUSTOMERS_MAX}.")
    users = [
        User(
            id=uuid5(NAMESPACE_URL, f"https://{DOMAIN}/traffic/{number}"),
            email=f"traffic-{number:05d}@{DOMAIN}",
            name=f"Customer {number:05d}",
            password="!",  # nobody signs in with that
            timezone="Europe/Berlin",
        )
        for number in range(1, count + 1)
    ]
    User.objects.bulk_create(users, ignore_conflicts=True, batch_size=1000)
    return [Party(user.public_id, to_public("acc", uuid5(user.pk, "account"))) for user in users]


def _demo() -> list[Party]:
    """The demo's own people, with their real accounts."""
    accounts = _accounts([person.email for person in CUSTOMERS])
    if len(accounts) < 3:
        raise CommandError("The demo bank is not loaded: run `manage.py load_demo` first.")
    return [Party(owner.public_id, account.public_id) for owner, account in accounts]


def _accounts(emails: Sequence[str]) -> list[tuple[User, Account]]:
    """Each one's current account in euros, the first they opened."""
    found = Account.objects.filter(
        owner__email__in=emails, product="checking", currency="EUR", status=Account.Status.ACTIVE
    ).select_related("owner")
    first = found.order_by("owner__email", "id").distinct("owner__email")
    return [(account.owner, account) for account in first if account.owner is not None]


def _sender(to: str) -> Sender:
    if to == "redis":
        return RedisSender(settings.REDIS_URL, settings.STREAM_TOPIC)
    if to == "kafka":
        if not settings.KAFKA_URL:
            raise CommandError("KAFKA_URL names no brokers.")
        return KafkaSender(settings.KAFKA_URL, settings.STREAM_TOPIC, settings.KAFKA_OPTIONS)
    sign_ins = {
        owner.public_id: SignIn(owner.email, PASSWORD)
        for owner, _ in _accounts([person.email for person in CUSTOMERS])
    }
    payees = [account.public_id for _, account in _accounts([one.email for one in BUSINESSES])]
    return ApiSender(settings.SITE_URL, sign_ins, payees)
