from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking.books.selectors import TrialBalance, trial_balance
from fintrust.core.errors import Problem


class Command(BaseCommand):
    help = "Print a currency's trial balance: now, as booked by a moment, or by value date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("currency")
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--at", type=_moment, help="as booked by 2026-01-31T18:00 (UTC)")
        when.add_argument(
            "--on", type=date.fromisoformat, help="at the end of 2026-01-31, by value"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = trial_balance(options["currency"], at=options["at"], on=options["on"])
        except Problem as problem:
            raise CommandError(f"{problem.code}: {problem.message}") from problem
        write_lines(found, self.stdout.write)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def write_lines(found: TrialBalance, write: Callable[[str], Any]) -> None:
    for line in found.lines:
        write(f"{line.kind:10} {line.name:40} {line.debit!s:>24} {line.credit!s:>24}")
    write(f"{'':51} {found.debits!s:>24} {found.credits!s:>24}")
