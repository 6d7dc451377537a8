"""The one seam to judging: what a batch asks of `fraud.services`."""

from collections.abc import Sequence

from fraud import services
from fraud.facts import Facts
from fraud.verdict import VERIFIED


def judge_many(payments: Sequence[tuple[Facts, bool]]) -> None:
    """Judge payments in their order and remember them, in the caller's transaction.

    Each is judged knowing those before it. The money moved elsewhere: what is verified, or was
    booked whatever we say, belongs to the customer's normal; the rest raises an alert. What the
    customer's own limit forbids is never learned.
    """
    for facts, booked in payments:
        decision = services.assess(facts)
        if (booked or decision.verdict == VERIFIED) and not decision.forbidden:
            services.observe(decision)
