"""The customer's own hard limits. They come first, and nothing outweighs them.

To add one: a field of `limits.own.CustomerPolicies` with its line in `stricter`, and a function
below `@policy`. It answers with the Hit that forbids the payment, or with None. What it must know
beside the limits belongs into `limits.own.Standing`. Values only: no Django here.
"""

from collections.abc import Callable

from fraud.facts import WITHDRAWAL, Facts
from fraud.features import Snapshot
from fraud.hits import Hit, say
from fraud.limits import places
from fraud.travel.policy import TRAVEL

Policy = Callable[[Facts, Snapshot], Hit | None]
POLICIES: list[Policy] = []
FORBIDDEN = 1.0


def policy(function: Policy) -> Policy:
    """Every function marked with this is asked, in the order written here."""
    POLICIES.append(function)
    return function


@policy
def largest_amount(facts: Facts, snapshot: Snapshot) -> Hit | None:
    # Decisions of earlier versions know one limit only, and are made again from it.
    limit = snapshot.own.max_transaction_amount.get(facts.currency, snapshot.limit_minor)
    if limit is None or facts.amount_minor <= limit:
        return None
    asked, allowed = say(facts.amount_minor, facts.currency), say(limit, facts.currency)
    return _no("largest_amount", f"{asked} is over your own limit of {allowed} a payment")


@policy
def daily_total(facts: Facts, snapshot: Snapshot) -> Hit | None:
    limit = snapshot.own.daily_total.get(facts.currency)
    spent = snapshot.standing.spent_minor
    if facts.to_self or limit is None or spent + facts.amount_minor <= limit:
        return None
    asked, allowed = say(facts.amount_minor, facts.currency), say(limit, facts.currency)
    before = say(spent, facts.currency)
    because = f"With {before} sent today, {asked} is over your own limit of {allowed} a day"
    return _no("daily_total", because)


@policy
def daily_payments(facts: Facts, snapshot: Snapshot) -> Hit | None:
    limit, made = snapshot.own.daily_payments, snapshot.standing.payments
    if facts.to_self or limit is None or made < limit:
        return None
    payments = "1 payment" if made == 1 else f"{made} payments"
    return _no("daily_payments", f"You sent {payments} today; your own limit is {limit} a day")


@policy
def place_not_allowed(facts: Facts, snapshot: Snapshot) -> Hit | None:
    """A place that is known and not on the list, whether it is said or the address shows it: no
    words excuse an address that says otherwise. One that nobody knows is the next one's."""
    allowed, said, seen = snapshot.own.allowed_locations, facts.place, facts.address_place
    if allowed is None:
        return None
    if seen and not places.may_be(allowed, seen):
        because = (
            f"Your connection comes from {seen}, which is not among the places you allow "
            "payments from"
        )
        return _no("place_not_allowed", because)
    if not places.normalise(said) or places.covers(allowed, said):
        return None
    because = f"{said.strip()} is not among the places you allow payments from"
    return _no("place_not_allowed", because)


@policy
def place_unknown(facts: Facts, snapshot: Snapshot) -> Hit | None:
    """Without a name, or with a device and an address that cannot both be right."""
    if not snapshot.own.block_unknown_locations:
        return None
    if facts.address_km is not None and facts.address_km >= TRAVEL.distance_km_min:
        return _no("place_unknown", "Your device and your connection say different places")
    if places.names_a_place(facts.place):
        return None
    return _no("place_unknown", "You allow no payments from a place that nobody knows")


@policy
def outside_hours(facts: Facts, snapshot: Snapshot) -> Hit | None:
    allowed, standing = snapshot.own.allowed_time_range, snapshot.standing
    if allowed is None or allowed.holds(standing.minute):
        return None
    hours = "at no time just now" if allowed.start == allowed.end else f"from {allowed} only"
    return _no("outside_hours", f"It is {standing.clock} on your clock; you allow payments {hours}")


@policy
def currency_not_allowed(facts: Facts, snapshot: Snapshot) -> Hit | None:
    """What leaves, and what arrives when it is changed on the way."""
    allowed = snapshot.own.allowed_currencies
    for currency in (facts.currency, facts.target_currency):
        if allowed is not None and currency and currency not in allowed:
            because = f"{currency} is not among the currencies you allow"
            return _no("currency_not_allowed", because)
    return None


@policy
def payee_not_allowed(facts: Facts, snapshot: Snapshot) -> Hit | None:
    """Money that leaves to nobody named is to nobody on the list: a withdrawal is refused too."""
    own = snapshot.own
    if not own.only_allowed_payees or facts.to_self or facts.counterparty in own.allowed_payees:
        return None
    return _no("payee_not_allowed", "You allow payments only to the payees on your own list")


@policy
def new_payee_cooling_off(facts: Facts, snapshot: Snapshot) -> Hit | None:
    rule, standing = snapshot.own.new_payee, snapshot.standing
    if rule is None or facts.to_self or not facts.counterparty:
        return None
    most = rule.amount.get(facts.currency)
    total = standing.payee_minor + facts.amount_minor
    if most is None or total <= most or not standing.payee_is_new(facts.at, rule.hours):
        return None
    hours = "hour" if rule.hours == 1 else f"{rule.hours} hours"
    because = (
        f"A new payee gets at most {say(most, facts.currency)} from you in the first "
        f"{hours}, and would have {say(total, facts.currency)}"
    )
    return _no("new_payee_cooling_off", because)


@policy
def withdrawals_blocked(facts: Facts, snapshot: Snapshot) -> Hit | None:
    if not snapshot.own.block_withdrawals or facts.kind != WITHDRAWAL:
        return None
    return _no("withdrawals_blocked", "You allow no withdrawals")


def _no(code: str, because: str) -> Hit:
    return Hit(code, FORBIDDEN, because)
