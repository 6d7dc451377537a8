"""The customer's own hard limits. They come first, and nothing outweighs them.

To add one: write a function below `@policy`. It answers with the Hit that forbids the payment,
or with None. What it needs to know belongs into the Snapshot. Values only: no Django here.
"""

from collections.abc import Callable

from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.hits import Hit, say

Policy = Callable[[Facts, Snapshot], Hit | None]
POLICIES: list[Policy] = []
FORBIDDEN = 1.0


def policy(function: Policy) -> Policy:
    """Every function marked with this is asked, in the order written here."""
    POLICIES.append(function)
    return function


@policy
def largest_amount(facts: Facts, snapshot: Snapshot) -> Hit | None:
    if snapshot.limit_minor is None or facts.amount_minor <= snapshot.limit_minor:
        return None
    asked = say(facts.amount_minor, facts.currency)
    allowed = say(snapshot.limit_minor, facts.currency)
    return Hit(
        "largest_amount", FORBIDDEN, f"{asked} is over your own limit of {allowed} a payment"
    )
