"""The one seam to judging: what a batch asks of `fraud.services`."""

from collections.abc import Sequence

from django.db import connection

from fraud import services
from fraud.facts import Facts
from fraud.verdict import VERIFIED


def judge_many(payments: Sequence[tuple[Facts, bool]]) -> None:
    """Judge payments in their order and remember them, in the caller's transaction.

    Each is judged knowing those before it. The money moved elsewhere: what is verified, or was
    booked whatever we say, belongs to the customer's normal; the rest raises an alert. What the
    customer's own limit forbids is never learned.
    """
    with connection.cursor() as cursor:
        # A plan for many rows looks dear enough to be compiled, which takes longer than running
        # it; and the one plan is good for any rows, so it is made once a connection.
        cursor.execute(
            "SELECT set_config('jit', 'off', true),"
            " set_config('plan_cache_mode', 'force_generic_plan', true)"
        )
    for round_ in rounds(payments):
        decisions = services.decide_all([facts for facts, _ in round_])
        services.keep_all(decisions)
        services.observe_all(
            [
                decision
                for decision, (_, booked) in zip(decisions, round_, strict=True)
                if (booked or decision.verdict == VERIFIED) and not decision.forbidden
            ]
        )


def rounds(payments: Sequence[tuple[Facts, bool]]) -> list[list[tuple[Facts, bool]]]:
    """Payments that can be judged together: none touches anybody whom an earlier one of the same
    round touched. So each round knows all that came before and concerns it.

    Of strangers nothing but the usual amounts of the newest hundreds is asked, and only about
    newcomers: a few of them more or less change that as little as their order of arrival does.
    """
    found: list[list[tuple[Facts, bool]]] = []
    latest: dict[object, int] = {}
    for payment in payments:
        facts = payment[0]
        touched = {facts.customer_id, facts.account, facts.counterparty, facts.device} - {"", None}
        turn = max((latest[one] + 1 for one in touched if one in latest), default=0)
        latest |= dict.fromkeys(touched, turn)
        if turn == len(found):
            found.append([])
        found[turn].append(payment)
    return found
