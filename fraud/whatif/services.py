"""What would be decided. Nothing is booked, learned or alerted."""

from audit.services import record
from fintrust.core.models import User
from fraud import services
from fraud.facts import Facts
from fraud.verdict import Verdict


def ask(facts: Facts, *, by: User) -> Verdict:
    """The verdict about a movement that does not happen.

    A customer who asks about themselves leaves nothing; an officer has looked at a customer's
    data, and that is remembered like every look.
    """
    if by.pk != facts.customer_id:
        record(
            "core.customer.viewed",
            subject=facts.account,
            by=by,
            owner=facts.customer_id,
            purpose="what-if",
            data={"amount_minor": facts.amount_minor, "currency": facts.currency},
        )
    return services.judge(facts)
