"""What would have passed? Found by deciding again, so every answer is true. No Django here.

The smallest change of each kind: a smaller amount, the same payment later, or to somebody whom
the customer has paid before; and where neither amount nor time is enough alone, both together.
Nothing is promised that `decide` does not verify, on facts and snapshot as they would be then.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from fraud.facts import Facts
from fraud.features import AGGREGATES, Snapshot, local
from fraud.features.aggregates import FIRST, LAST, OWN, PAYEE_LABELS, SINCE_FRAUD, micros
from fraud.features.moments import micros_of
from fraud.hits import say
from fraud.limits.own import CustomerPolicies, Standing
from fraud.lists.matched import Listed
from fraud.policy import EXPLAINING, ExplainingPolicy
from fraud.travel.judge import Around, Travel, judge
from fraud.verdict import NO_MODELS, VERIFIED, Models, Ruleset, decide

AMOUNT, LATER, KNOWN_PAYEE, LESS_LATER = "amount", "later", "known_payee", "less_later"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


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
    when it was, or when no change of that kind is enough.

    It decides a bounded number of times: once or twice for each moment, and once for each bit of
    the amount in either search.
    """

    def passes(asked: Facts, known: Snapshot) -> bool:
        return decide(asked, known, ruleset, models).verdict == VERIFIED

    if passes(facts, snapshot):
        return ()
    times = list(_times(facts, snapshot, policy))
    less, later = _smaller(facts, snapshot, passes), _later(times, passes)
    found = (
        less,
        later,
        _to_somebody_known(facts, snapshot, ruleset, passes),
        _smaller_later(times, passes) if less is None and later is None else None,
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


# --- later --------------------------------------------------------------------------------------


def _later(times: list[Change], passes: Passes) -> Change | None:
    return next((one for one in times if passes(one.facts, one.snapshot)), None)


def _smaller_later(times: list[Change], passes: Passes) -> Change | None:
    """At the first time at which any amount passes, the largest that does."""
    for one in times:
        less = _smaller(one.facts, one.snapshot, passes)
        if less is not None:
            when = one.text[:1].lower() + one.text[1:]
            return replace(less, code=LESS_LATER, text=f"{less.text} {when}")
    return None


def _times(facts: Facts, snapshot: Snapshot, policy: ExplainingPolicy) -> Iterator[Change]:
    """The same payment at each time worth trying, the soonest first: hours from now, when tries of
    this minute are over, and whenever one of the customer's own limits lets go. Whole minutes, as
    they are said, and never before."""
    own = {_whole_minute(moment) for moment in _own_limits_end(facts, snapshot)}
    others = {_whole_minute(facts.at + hours * HOUR) for hours in policy.later_hours}
    if snapshot.around is not None and snapshot.around.tries_60s:
        others.add(_whole_minute(facts.at + MINUTE))
    for moment in sorted(own | others):
        if moment > facts.at:
            text = _from(moment, facts) if moment in own else _in(moment, facts)
            known = after(snapshot, facts, moment - facts.at)
            yield Change(LATER, text, replace(facts, at=moment), known)


def _own_limits_end(facts: Facts, snapshot: Snapshot) -> Iterator[datetime]:
    """When own hours begin, tomorrow does, and a new payee is new no more."""
    own, first = snapshot.own, snapshot.standing.payee_first_at
    clock = local(facts.at, own.timezone)
    days = (clock.date(), clock.date() + DAY)
    if own.allowed_time_range is not None:
        start = time(*divmod(own.allowed_time_range.start, 60), tzinfo=clock.tzinfo)
        yield from (datetime.combine(day, start) for day in days)
    if own.counts_day:
        yield datetime.combine(days[1], time(tzinfo=clock.tzinfo))
    if own.new_payee is not None and first is not None:
        yield first + timedelta(hours=own.new_payee.hours)


def _whole_minute(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + MINUTE


def _in(moment: datetime, facts: Facts) -> str:
    wait = moment - facts.at
    hours, minutes = wait // HOUR, -(-wait // MINUTE)
    if not hours:
        words = "a minute" if minutes == 1 else f"{minutes} minutes"
    else:
        words = f"{hours // 24} days" if hours > 24 else f"{hours} hour{'s' * (hours > 1)}"
    return f"In {words}, at {local(moment, facts.timezone):%H:%M}"


def _from(moment: datetime, facts: Facts) -> str:
    then, now = (local(one, facts.timezone) for one in (moment, facts.at))
    days = (then.date() - now.date()).days
    day = {0: "", 1: "tomorrow, "}.get(days, f"{then.day} {then:%B}, ")
    return f"From {day}{then:%H:%M}"


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
        standing=_standing_after(snapshot.standing, snapshot.own, facts.at, wait),
        travel=_travel_after(snapshot.travel, wait),
        around=_around_after(snapshot.around, wait),
        listed=_not_trusted(snapshot),
    )


def _not_trusted(snapshot: Snapshot) -> Listed | None:
    """Trust ends, and another payee has none; what lists refuse or hold is never promised away."""
    return snapshot.listed and snapshot.listed.without_trust()


def _standing_after(
    standing: Standing, own: CustomerPolicies, at: datetime, wait: timedelta
) -> Standing:
    """On the clock of the limits; another day begins with nothing sent."""
    if not own.uses_clock:
        return standing
    before, clock = local(at, own.timezone), local(at + wait, own.timezone)
    counted = standing if clock.date() == before.date() else _nothing_sent(standing)
    return replace(counted, minute=clock.hour * 60 + clock.minute)


def _nothing_sent(standing: Standing) -> Standing:
    return replace(standing, spent_minor=0, payments=0)


def _travel_after(travel: Travel | None, wait: timedelta) -> Travel | None:
    """The same way in more time."""
    if travel is None:
        return None
    return judge(travel.from_, replace(travel.to, at=travel.to.at + wait))


def _around_after(around: Around | None, wait: timedelta) -> Around | None:
    """Tries are counted for seconds."""
    if around is None:
        return None
    return replace(
        around,
        tries_10s=around.tries_10s and (0 if wait >= MINUTE / 6 else around.tries_10s),
        tries_60s=around.tries_60s and (0 if wait >= MINUTE else around.tries_60s),
    )


# --- to somebody known --------------------------------------------------------------------------


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
