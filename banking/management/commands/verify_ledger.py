from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS

from banking.verify import verify_ledger


class Command(BaseCommand):
    help = (
        "Recompute the ledger from its movements and name what is wrong; exit 1 when anything is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        findings = verify_ledger(using=options["database"])
        for finding in findings:
            self.stderr.write(str(finding))
        if findings:
            raise CommandError(f"{len(findings)} findings: the ledger contradicts its movements.")
        self.stdout.write("The ledger agrees with its movements.")
