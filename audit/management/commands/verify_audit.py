from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import checks


class Command(BaseCommand):
    help = "Check every record against the log; exit 1 and name the first that does not fit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=int,
            default=0,
            metavar="SIZE",
            help="trust the checkpoint at or below this tree size and check what came after",
        )
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help="a checkpoint that was kept elsewhere, which the log must still contain",
        )

    def handle(self, *args: Any, since: int, against: Path | None, **options: Any) -> None:
        outcome = checks.check(since=since, against=against.read_text() if against else None)
        if not outcome.intact:
            lines = [str(finding) for finding in outcome.findings]
            raise CommandError("\n".join(["The log is DAMAGED. First:", *lines]))
        checked = f"{outcome.size - outcome.since} of {outcome.size} leaves checked"
        self.stdout.write(self.style.SUCCESS(f"The log is intact: {checked}."))
