"""What would have passed? Found by deciding again, so every answer is true. No Django here.

The smallest change of each kind: a smaller amount, the same payment later, or to somebody whom
the customer has paid before. Nothing is promised that `decide` does not verify.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from fraud.facts import Facts
from fraud.features import AGGREGATES, Snapshot, local
from fraud.features.aggregates import FIRST, LAST, OWN, PAYEE_LABELS, SINCE_FRAUD, micros
from fraud.features.moments import micros_of
from fraud.hits import say
from fraud.lists.matched import Listed
from fraud.policy import EXPLAINING, ExplainingPolicy
from fraud.verdict import NO_MODELS, VERIFIED, Models, Ruleset, decide

AMOUNT, LATER, KNOWN_PAYEE = "amount", "later", "known_payee"


@dataclass(frozen=True, slots=True)
class Change:
    """What would have been different, in words, and the payment that passes with it."""

    code: str
    text: str
    facts: Facts
    snapshot: Snapshot


def passing(
    facts: Facts,
    snapshot: Snapshot,
    ruleset: Ruleset,
    models: Models = NO_MODELS,
    policy: ExplainingPolicy = EXPLAINING,
) -> tuple[Change, ...]:
    """The smallest change of each kind with which this payment would have been VERIFIED; nothing
    when it was, or when no change of that kind is enough."""

    def passes(asked: Facts, known: Snapshot) -> bool:
        return decide(asked, known, ruleset, models).verdict == VERIFIED

    if passes(facts, snapshot):
        return ()
    found = (
        _smaller(facts, snapshot, passes),
        _later(facts, snapshot, passes, policy),
        _to_somebody_known(facts, snapshot, ruleset, passes),
    )
    return tuple(change for change in found if change is not None)


Passes = Callable[[Facts, Snapshot], bool]


def _smaller(facts: Facts, snapshot: Snapshot, passes: Passes) -> Change | None:
    """An amount that passes while one minor unit more does not. Where a model goes up and down
    there may be several; this is one of them, and it is verified like any."""

    def asked(minor: int) -> Facts:
        return replace(facts, amount_minor=minor)

    good, bad = 1, facts.amount_minor
    if good == bad or not passes(asked(good), snapshot):
        return None
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if passes(asked(middle), snapshot) else (good, middle)
    return Change(AMOUNT, f"Up to {say(good, facts.currency)}", asked(good), snapshot)


def _later(
    facts: Facts, snapshot: Snapshot, passes: Passes, policy: ExplainingPolicy
) -> Change | None:
    for hours in policy.later_hours:
        asked = replace(facts, at=facts.at + timedelta(hours=hours))
        known = after(snapshot, facts, timedelta(hours=hours))
        if passes(asked, known):
            clock = f"{known.local_hour:02}:{known.local_minute:02}"
            words = f"{hours // 24} days" if hours > 24 else f"{hours} hour{'s' * (hours > 1)}"
            return Change(LATER, f"In {words}, at {clock}", asked, known)
    return None


def after(snapshot: Snapshot, facts: Facts, wait: timedelta) -> Snapshot:
    """What would be known if the customer waited and did nothing else: short windows are empty by
    then; longer ones hold at most what they hold now, and that much is assumed."""
    clock = local(facts.at + wait, facts.timezone)
    over = {
        name: 0
        for name, one in AGGREGATES.items()
        if one.entity == OWN and one.window is not None and one.window <= wait
    }
    return replace(
        snapshot,
        local_hour=clock.hour,
        local_minute=clock.minute,
        local_weekday=clock.weekday(),
        values={**snapshot.values, **over},
        listed=_not_trusted(snapshot),
    )


def _not_trusted(snapshot: Snapshot) -> Listed | None:
    """Trust ends, and another payee has none; what lists refuse or hold is never promised away."""
    return snapshot.listed and snapshot.listed.without_trust()


def _to_somebody_known(
    facts: Facts, snapshot: Snapshot, ruleset: Ruleset, passes: Passes
) -> Change | None:
    if facts.to_self or not facts.counterparty or snapshot.count("pair_count"):
        return None
    known = _as_if_known(facts, snapshot, ruleset.policy.known_payee_payments_min)
    if not passes(facts, known):
        return None
    return Change(KNOWN_PAYEE, "To a payee you have paid as much before", facts, known)


def _as_if_known(facts: Facts, snapshot: Snapshot, payments: int) -> Snapshot:
    """Somebody paid this much before, since the customer pays at all, about whom nothing bad is
    known."""
    yesterday = micros_of(facts.at) - micros(timedelta(days=1))
    nothing = {
        name: None if one.measure in {FIRST, LAST, SINCE_FRAUD} else 0
        for name, one in AGGREGATES.items()
        if one.entity == PAYEE_LABELS
    }
    pair = {
        "pair_count": payments,
        "pair_largest": facts.amount_minor,
        "pair_first_at": snapshot.get("own_first_at") or yesterday,
    }
    values = {**snapshot.values, **nothing, **pair}
    return replace(snapshot, values=values, listed=_not_trusted(snapshot))
