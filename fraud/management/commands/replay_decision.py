"""`manage.py replay_decision dec_…`: make a stored decision again and compare."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from fintrust.core.errors import NotFound
from fraud.models import Decision
from fraud.replay import replay


class Command(BaseCommand):
    help = "Make stored decisions again from their own facts and snapshot, and compare."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("decision", nargs="+", help="public id, dec_…")

    def handle(self, *args: Any, decision: list[str], **options: Any) -> None:
        different = [text for text in decision if not self._replay(text)]
        if different:
            raise CommandError(f"not reproduced: {', '.join(different)}")

    def _replay(self, text: str) -> bool:
        try:
            result = replay(Decision.objects.get_public(text))
        except NotFound:
            raise CommandError(f"there is no decision {text}") from None
        self.stdout.write(f"{text}: {result}")
        return result.same
