"""`manage.py replay_dead_letters`: take again what could not be taken, oldest first."""

from typing import Any

from django.core.management import BaseCommand

from fraud.models import DeadLetter
from fraud.stream import selectors, services


class Command(BaseCommand):
    help = "Replay the waiting dead letters in the order they came; parked ones follow their own."

    def add_arguments(self, parser: Any) -> None:
        reasons = sorted({*DeadLetter.Reason.values} - {DeadLetter.Reason.BEHIND})
        parser.add_argument(
            "--reason", choices=reasons, help="only those that wait for this reason"
        )

    def handle(self, *args: Any, reason: str | None, **options: Any) -> None:
        replayed, left = services.replay_many(selectors.poison(reason))
        self.stdout.write(f"{replayed} replayed, {left} still waiting")
