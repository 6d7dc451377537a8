"""Which payments a customer is asked about."""

from collections.abc import Sequence

from banking import selectors
from banking.models import Transfer
from banking.selectors import Seen
from fintrust.core.models import User
from fraud.labels.selectors import questions_of


def asked_about(user: User) -> Sequence[Seen]:
    """Payments that the bank wonders about, as the customer sees them, newest first."""
    asked = [decision.pk for decision in questions_of(user)]
    found = Transfer.objects.filter(decision__in=asked).select_related(
        "source__owner", "target__owner", "decision"
    )
    newest = sorted(found, key=lambda transfer: asked.index(transfer.decision_id))
    return selectors.as_seen_by(user, newest)
