"""The bank's rules. To add one, write a function below `@rule`, and a test beside the others.

A rule looks at money that leaves a customer, and answers with a Hit that says why against the
customer's own normal, or with None. Rules that agree add up; see `verdict.combine`.
Its numbers belong into `policy.py`, what it must know into the Snapshot, its name with the next
edition into `JOINED`. No Django here.
"""

from collections.abc import Callable, Mapping

from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.hits import Hit, ordinal, say, times
from fraud.policy import FraudPolicy

Rule = Callable[[Facts, Snapshot, FraudPolicy], Hit | None]
RULES: list[Rule] = []
#: Those that joined after the first edition, and with which one.
JOINED: Mapping[str, int] = {"many_tries": 2}
EDITION = max(JOINED.values())


def rule(function: Rule) -> Rule:
    """Every function marked with this is asked, in the order written here."""
    RULES.append(function)
    return function


def rules_of(edition: int) -> tuple[Rule, ...]:
    """The rules that there were then: what was decided without a rule is made again without it."""
    return tuple(one for one in RULES if JOINED.get(one.__name__, 1) <= edition)


@rule
def unusual_amount(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """Far above one's own payments, in standard deviations."""
    if not _has_history(snapshot, policy) or _ordinary(facts, snapshot, policy):
        return None
    spread = max(snapshot.deviation_minor, policy.deviation_share_min * snapshot.mean_minor)
    deviations = (facts.amount_minor - snapshot.mean_minor) / spread
    weight = policy.deviations.pick(deviations, policy.amount_weights)
    if not weight:
        return None
    ratio = times(facts.amount_minor / snapshot.mean_minor)
    asked, usual = say(facts.amount_minor, facts.currency), say(snapshot.mean_minor, facts.currency)
    return Hit("unusual_amount", weight, f"{asked} is {ratio} your usual {usual}")


@rule
def large_for_newcomer(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """No own normal yet: compared with what others pay, or with a plain band without others."""
    if _has_history(snapshot, policy) or _ordinary(facts, snapshot, policy):
        return None
    asked = say(facts.amount_minor, facts.currency)
    high = _peers_high(snapshot, policy)
    if high is not None:
        weight = policy.peers_times.pick(facts.amount_minor / high, policy.amount_weights)
        why = f"95 of 100 payments of other customers stay below {say(high, facts.currency)}"
    else:
        major = facts.amount_minor / policy.minor(1, facts.currency)
        weight = policy.bands_major.pick(major, policy.amount_weights)
        why = "there is nothing yet to compare it with"
    known = f"only {snapshot.payments}" if snapshot.payments else "none"
    because = f"{asked} is a lot while we know {known} of your payments: {why}"
    return Hit("large_for_newcomer", weight, because) if weight else None


@rule
def many_payments(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """More payments in a short time than a person makes."""
    for window in policy.windows:
        number = snapshot.count(f"own_count_{window.span}") + 1
        if number > window.payments_max:
            because = f"This is your {ordinal(number)} payment within {window.name}"
            return Hit("many_payments", policy.many_payments_weight, because)
    return None


@rule
def many_tries(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """Asked more often in a minute than hands do, whatever became of it: who guesses what passes
    moves no money. Of payments that moved `many_payments` has spoken; twice is no stronger sign."""
    tries = snapshot.around and snapshot.around.tries_60s
    if not tries or tries + 1 <= policy.tries_max or many_payments(facts, snapshot, policy):
        return None
    because = f"This is your {ordinal(tries + 1)} try to pay within a minute"
    return Hit("many_tries", policy.many_tries_weight, because)


@rule
def fast_spending(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """An account emptied in slices: each looks small, together they are days of usual spending."""
    for window in policy.windows:
        total = snapshot.count(f"own_sum_{window.span}") + facts.amount_minor
        number = snapshot.count(f"own_count_{window.span}") + 1
        enough = number >= policy.spending_payments_min
        if enough and total >= _too_fast(facts, snapshot, policy, window.days_max):
            spent = say(total, facts.currency)
            because = f"{spent} in {number} payments within {window.name}"
            if _knows_days(facts, snapshot, policy):
                usual = say(_usual_day(facts, snapshot), facts.currency)
                because += f"; your usual is {usual} a day"
            return Hit("fast_spending", policy.spending_weight, because)
    return None


@rule
def new_payee_large_amount(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """The first payment to somebody, and a big one: the shape of most frauds on people."""
    stranger = facts.counterparty and not facts.to_self and not snapshot.count("pair_count")
    if not stranger or facts.amount_minor < policy.minor(policy.trifle_major, facts.currency):
        return None
    how_much = _much_for_a_stranger(facts, snapshot, policy)
    if how_much is None:
        return None
    because = f"First payment to this payee, and {how_much}"
    return Hit("new_payee_large_amount", policy.payee_weight, because)


@rule
def unusual_hour(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """At night, by the customer's own clock, when this customer does not pay at night."""
    start, end = policy.night_hours
    payments = snapshot.count("own_count_180d")
    if not start <= snapshot.local_hour < end or payments < policy.night_payments_min:
        return None
    nightly = snapshot.hours_between(start, end)
    if nightly > policy.night_share_max * payments:
        return None
    clock = f"{snapshot.local_hour:02}:{snapshot.local_minute:02}"
    count, were = nightly or "none", "was" if nightly == 1 else "were"
    habit = f"{count} of your {payments} payments {were} between {start} and {end} o'clock"
    return Hit("unusual_hour", policy.night_weight, f"It is {clock} on your clock: {habit}")


@rule
def unusual_typing(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """The rhythm of this session is not the customer's own."""
    if snapshot.session_risk is None:
        return None
    weight = policy.typing_risk.pick(snapshot.session_risk, policy.typing_weights)
    because = f"The typing in this session differs from yours ({snapshot.session_risk:.0%})"
    return Hit("unusual_typing", weight, because) if weight else None


@rule
def impossible_travel(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> Hit | None:
    """Here, so soon after having been somewhere far away; see `travel.judge`."""
    travel = snapshot.travel
    if travel is None or not travel.impossible:
        return None
    minutes = round(travel.hours * 60)
    ago = f"{minutes or 'less than 1'} min" if minutes < 120 else f"{travel.hours:.0f} hours"
    before = travel.from_.place or "your last place"
    because = f"{travel.km:,.0f} km from {before}, where you were {ago} before: nobody is that fast"
    return Hit("impossible_travel", policy.travel_weight, because)


# --- what the rules ask -----------------------------------------------------------------------


def _has_history(snapshot: Snapshot, policy: FraudPolicy) -> bool:
    return snapshot.payments >= policy.own_payments_min


def _ordinary(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> bool:
    """A trifle, or what this payee has been paid before, as the rent is every month."""
    if facts.amount_minor < policy.minor(policy.trifle_major, facts.currency):
        return True
    if snapshot.count("pair_count") < policy.known_payee_payments_min:
        return False
    before = snapshot.count("pair_largest")
    return facts.amount_minor <= policy.known_payee_times_max * before


def _peers_high(snapshot: Snapshot, policy: FraudPolicy) -> int | None:
    """What others stay below, once they are enough to stand for others."""
    many = snapshot.count("peer_count") >= policy.peers_payments_min
    different = snapshot.count("peer_customers") >= policy.peers_customers_min
    return snapshot.get("peer_high") if many and different else None


def _knows_days(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> bool:
    return _has_history(snapshot, policy) and snapshot.days(facts.at) >= policy.own_days_min


def _usual_day(facts: Facts, snapshot: Snapshot) -> float:
    return snapshot.count("own_same_sum") / max(snapshot.days(facts.at), 1.0)


def _too_fast(facts: Facts, snapshot: Snapshot, policy: FraudPolicy, days: float) -> float:
    """The money that is too much for a window: so many usual days, or a plain band."""
    floor = policy.minor(policy.trifle_major, facts.currency)
    if _knows_days(facts, snapshot, policy):
        return max(days * _usual_day(facts, snapshot), floor)
    return policy.minor(policy.bands_major.very_high, facts.currency)


def _much_for_a_stranger(facts: Facts, snapshot: Snapshot, policy: FraudPolicy) -> str | None:
    """Half of the account, or several times one's ordinary payment."""
    asked = say(facts.amount_minor, facts.currency)
    if facts.balance_minor and facts.balance_minor > 0:
        share = facts.amount_minor / facts.balance_minor
        if share >= policy.payee_balance_share:
            return f"{asked} is {share:.0%} of the account"
    median = snapshot.get("own_median")
    if median and _has_history(snapshot, policy):
        ratio = facts.amount_minor / median
        if ratio >= policy.payee_median_times:
            return f"{asked} is {times(ratio)} your median payment of {say(median, facts.currency)}"
    return None
