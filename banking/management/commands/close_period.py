from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking.books import selectors, services
from banking.management.commands.trial_balance import write_lines
from fintrust.core.errors import Problem


class Command(BaseCommand):
    help = "Close a currency's books up to a day that is over, and print the frozen trial balance."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("currency")
        parser.add_argument("until_day", type=date.fromisoformat, help="as 2026-01-31")

    def handle(self, *args: Any, **options: Any) -> None:
        currency, until_day = options["currency"], options["until_day"]
        try:
            services.close_period(currency=currency, until_day=until_day)
        except Problem as problem:
            raise CommandError(f"{problem.code}: {problem.message}") from problem
        found = selectors.frozen_trial_balance(currency, until_day)
        self.stdout.write(f"{currency} is closed until {until_day}.")
        write_lines(found, self.stdout.write)
