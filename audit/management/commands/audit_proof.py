from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import selectors
from audit.models import Record
from fintrust.core.errors import Problem


class Command(BaseCommand):
    help = "Write the proof (C2SP tlog-proof) that a record stands in the log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("record", help="its public id, rec_…")
        parser.add_argument(
            "--output",
            type=Path,
            help="the file to write; the record's id with .tlog-proof if not given",
        )

    def handle(self, *args: Any, record: str, output: Path | None, **options: Any) -> None:
        try:
            proof = selectors.proof_of(Record.objects.get_public(record))
        except Problem as problem:
            raise CommandError(problem.message) from problem
        path = output or Path(f"{record}.tlog-proof")
        path.write_text(str(proof))
        self.stdout.write(str(path))
