from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from audit.services import record
from banking import ledger


class Command(BaseCommand):
    help = (
        "Let movements queue before one of the bank's own busy accounts, such as `fees EUR`, "
        "instead of waiting for its balance; with --stop, fold them and check each one again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("currency")
        parser.add_argument("--stop", action="store_true")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        account = ledger.internal(options["code"], options["currency"])
        queued = not options["stop"]
        ledger.set_queued(account, queued)
        record("banking.account.queueing", subject=account.public_id, after={"queued": queued})
        self.stdout.write(f"{account} {'queues' if queued else 'does not queue'}.")
