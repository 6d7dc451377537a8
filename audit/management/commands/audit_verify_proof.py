import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import notes, proofs


class Command(BaseCommand):
    help = "Check a proof without the bank: no database, no network, only the file and the key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key",
            required=True,
            help="the log's verifier key (as /log/key shows it), or a file with it",
        )
        parser.add_argument(
            "--entry", type=Path, help="the entry, where the proof does not carry it"
        )

    def handle(self, *args: Any, file: Path, key: str, entry: Path | None, **options: Any) -> None:
        try:
            trusted = notes.parse_vkeys(Path(key).read_text() if _is_file(key) else key)
            given = entry.read_bytes() if entry else None
            proven = proofs.verify(file.read_text(), trusted, given)
        except (OSError, notes.NoteError, proofs.ProofError, UnicodeDecodeError) as exc:
            raise CommandError(f"NOT PROVEN: {exc}") from exc
        self.stdout.write(self.style.SUCCESS(f"Proven: entry {proven.index} of {_log(proven)}."))
        self.stdout.write(json.dumps(json.loads(proven.entry), indent=2, ensure_ascii=False))


def _is_file(key: str) -> bool:
    return len(key) < 1000 and Path(key).is_file()


def _log(proven: proofs.Proven) -> str:
    keys = " and ".join(verifier.vkey.split("+")[1] for verifier in proven.signed_by)
    return f"{proven.checkpoint.origin} (size {proven.checkpoint.size}, signed by key {keys})"
