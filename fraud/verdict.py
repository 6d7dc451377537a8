"""The one decision: `decide(facts, snapshot, ruleset, models)`. Values in, a value out, no I/O.

The transfer in the making, the preview, a what-if, a backtest and a replay years later call this
function and no other; see docs/decisions/0020-one-pure-decision.md.
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from fraud import features
from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.features.forms import Value
from fraud.features.sentences import sentence, topic
from fraud.hits import Hit
from fraud.lists.matched import BLOCK, HOLD, TRUST, Listed
from fraud.policies import POLICIES, Policy
from fraud.policy import EXPLAINING, STANDARD, ExplainingPolicy, FraudPolicy
from fraud.rules import EDITION, RULES, Rule, rules_of

VERIFIED, FLAGGED, BLOCKED = "VERIFIED", "FLAGGED", "BLOCKED"
SAFE, SUSPICIOUS, CRITICAL = "SAFE", "SUSPICIOUS", "CRITICAL"
_ORDER = (VERIFIED, FLAGGED, BLOCKED)
_DECIMALS = 6  # so that a weight of exactly 0.3 scores 0.3, not a bit less or more

HOUSE = "rules_score"  # what the house's own rules say together; a model may listen to it
BASE = "base"
Values = Mapping[str, Value]


# --- what a decision is made with ---------------------------------------------------------------


class OfficersRule(Protocol):
    """A condition that officers wrote and put in force; see `fraud.rulebook`."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def matches(self) -> Callable[[Values], bool]: ...
    def sentence(self, values: Values) -> str: ...


#: What a matching rule does; "watch" is only remembered.
_ACTIONS = {"hold": FLAGGED, "block": BLOCKED}
#: The least that the bank's lists ask for.
_LISTED = {TRUST: VERIFIED, HOLD: FLAGGED, BLOCK: BLOCKED}


class Scored(Protocol):
    """A chance of fraud; base and contributions together are its log-odds."""

    @property
    def score(self) -> float: ...
    @property
    def base(self) -> float: ...
    @property
    def contributions(self) -> Mapping[str, float]: ...


class Scorer(Protocol):
    """A model; see `fraud.learning`."""

    def score(self, values: Values) -> Scored: ...
    def probability(self, values: Values) -> float: ...


@dataclass(frozen=True, slots=True)
class Models:
    """The model that decides, and the one that only says what it would have decided."""

    champion: Scorer | None = None
    shadow: Scorer | None = None


NO_MODELS = Models()


def _as_they_are(values: Values) -> Values:
    return values


@dataclass(frozen=True)
class Ruleset:
    """Everything that turns facts and snapshot into a verdict.

    `version` names the code and the numbers of the house; `id` what officers had put in force.
    """

    version: str
    policy: FraudPolicy = STANDARD
    policies: tuple[Policy, ...] = tuple(POLICIES)
    rules: tuple[Rule, ...] = tuple(RULES)
    id: str = ""  # rst_…; nothing before officers have ruled anything
    live: tuple[OfficersRule, ...] = ()
    shadow: tuple[OfficersRule, ...] = ()
    readable: Callable[[Values], Values] = _as_they_are  # values as officers' rules read them
    champion: str = ""  # mdl_…
    shadow_model: str = ""
    degraded: bool = False  # some rule in force cannot be read by this program


class InForce(Protocol):
    """What officers have put in force, as `fraud.rulebook` gives it."""

    @property
    def id(self) -> str: ...
    @property
    def live(self) -> tuple[OfficersRule, ...]: ...
    @property
    def shadow(self) -> tuple[OfficersRule, ...]: ...
    @property
    def champion(self) -> str: ...
    @property
    def shadow_model(self) -> str: ...
    @property
    def flagged_from(self) -> float: ...
    @property
    def blocked_from(self) -> float: ...
    @property
    def unreadable(self) -> tuple[str, ...]: ...


def under(force: InForce, readable: Callable[[Values], Values] = _as_they_are) -> Ruleset:
    """The house's own rules together with what officers have put in force."""
    return replace(
        CURRENT,
        policy=replace(STANDARD, flagged_from=force.flagged_from, blocked_from=force.blocked_from),
        id=force.id,
        live=force.live,
        shadow=force.shadow,
        readable=readable,
        champion=force.champion,
        shadow_model=force.shadow_model,
        degraded=bool(force.unreadable),
    )


REVIEWING = "+review"


def reviewing(ruleset: Ruleset) -> Ruleset:
    """The same, but that what it blocks goes to an officer. Another number, another version."""
    policy = replace(ruleset.policy, blocked_goes_to_review=True)
    return replace(ruleset, version=ruleset.version + REVIEWING, policy=policy)


_NAMED = re.compile(r"rules(\d*)-")


def of_its_time(ruleset: Ruleset, named: str) -> Ruleset:
    """The same with the rules that the house had when it decided under that name."""
    edition = _NAMED.match(named)
    return ruleset if edition is None else replace(ruleset, rules=rules_of(int(edition[1] or 1)))


# --- the verdict --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    verdict: str
    score: float
    risk_level: str
    reasons: tuple[Hit, ...]
    ruleset: str
    forbidden: bool = False  # by the customer's own limits, whatever the score
    review: bool = False  # an officer decides, not the customer's PIN
    officers: str = ""  # the id of what officers had put in force
    champion: str = ""  # which model the score is of; nothing when it is the rules'
    shadow_model: str = ""
    contributions: Mapping[str, float] = field(default_factory=dict)  # of what did not pass
    shadow: Mapping[str, Any] = field(default_factory=dict)  # what others would have said
    degraded: tuple[str, ...] = ()  # what could not be asked
    matched: tuple[OfficersRule, ...] = ()  # of those in force, also those that only watch
    matched_in_shadow: tuple[OfficersRule, ...] = ()

    def reasons_json(self) -> list[dict[str, Any]]:
        return [hit.to_json() for hit in self.reasons]


def decide(
    facts: Facts,
    snapshot: Snapshot,
    ruleset: Ruleset,
    models: Models = NO_MODELS,
    *,
    explain: bool = False,
) -> Verdict:
    """The customer's limits and the bank's lists first; then the rules and the model; then what
    officers rule. What passes is hardly ever asked why: who does ask has it explained, too."""
    if not facts.outgoing:
        return _arrived(snapshot, ruleset)  # money that arrives is no choice of the customer's
    forbidden = [hit for ask in ruleset.policies if (hit := ask(facts, snapshot))]
    hits = [hit for ask in ruleset.rules if (hit := ask(facts, snapshot, ruleset.policy))]
    house = combine(hit.weight for hit in hits)
    values = features.of(facts, snapshot) | {HOUSE: house}
    champion = models.champion
    score = house if champion is None else _rounded(champion.probability(values))
    by_score = outcome(score, ruleset.policy)
    read = ruleset.readable(values) if ruleset.live or ruleset.shadow else values
    matched = tuple(rule for rule in ruleset.live if rule.matches(read))
    raised = _raised(by_score, matched, snapshot.listed)
    listed = () if snapshot.listed is None else snapshot.listed.hits(ruleset.policy)
    hits += _said(matched, read, ruleset.policy)
    verdict = BLOCKED if forbidden else raised
    scored = champion.score(values) if champion and (explain or verdict != VERIFIED) else None
    if scored is not None and by_score != VERIFIED:
        hits += _told(scored, facts, snapshot, values, hits)
    return Verdict(
        verdict=verdict,
        score=score,
        risk_level=risk_level(score, ruleset.policy),
        reasons=(*forbidden, *listed, *sorted(hits, key=lambda hit: -hit.weight)),
        ruleset=ruleset.version,
        forbidden=bool(forbidden),
        review=ruleset.policy.blocked_goes_to_review
        and raised == BLOCKED
        and not forbidden
        and (snapshot.listed is None or snapshot.listed.effect != BLOCK),
        officers=ruleset.id,
        champion=ruleset.champion if champion else "",
        shadow_model=ruleset.shadow_model if models.shadow else "",
        contributions={} if scored is None else {BASE: scored.base, **scored.contributions},
        matched=matched,
        degraded=_degraded(snapshot, ruleset, models),
        **_in_shadow(house, score, matched, values, read, ruleset, models, snapshot.listed),
    )


def _arrived(snapshot: Snapshot, ruleset: Ruleset) -> Verdict:
    return Verdict(
        VERIFIED, 0.0, SAFE, (), ruleset.version, officers=ruleset.id, degraded=snapshot.degraded
    )


def _rounded(score: float) -> float:
    return round(min(max(score, 0.0), 1.0), _DECIMALS)


def _raised(by_score: str, matched: Iterable[OfficersRule], listed: Listed | None) -> str:
    """What officers rule makes a verdict stricter, never milder. So do the bank's lists, but that
    what they trust is not asked for its score."""
    said = [_ACTIONS[rule.action] for rule in matched if rule.action in _ACTIONS]
    if listed is None:
        return max([by_score, *said], key=_ORDER.index)
    at_least = _LISTED[listed.effect]
    first = at_least if listed.effect == TRUST else by_score
    return max([first, at_least, *said], key=_ORDER.index)


def _said(matched: Iterable[OfficersRule], values: Values, policy: FraudPolicy) -> Iterable[Hit]:
    """A rule that stops a payment weighs what its verdict begins at."""
    weights = {FLAGGED: policy.flagged_from, BLOCKED: policy.blocked_from}
    return [
        Hit(rule.id, weights[_ACTIONS[rule.action]], rule.sentence(values))
        for rule in matched
        if rule.action in _ACTIONS
    ]


def _in_shadow(
    house: float, score: float, matched: tuple[OfficersRule, ...],
    values: Values, read: Values, ruleset: Ruleset, models: Models, listed: Listed | None,
) -> dict[str, Any]:  # fmt: skip
    """What the rules and the model on trial would have changed."""
    rules = tuple(rule for rule in ruleset.shadow if rule.matches(read))
    said: dict[str, Any] = {}
    if models.shadow is not None:
        said["score"] = score = _rounded(models.shadow.probability(values))
    if rules or said:
        said["rules"] = [rule.id for rule in rules]
        said["verdict"] = _raised(outcome(score, ruleset.policy), (*matched, *rules), listed)
    return {"shadow": said, "matched_in_shadow": rules}


def _degraded(snapshot: Snapshot, ruleset: Ruleset, models: Models) -> tuple[str, ...]:
    missing = [*snapshot.degraded]
    if ruleset.champion and models.champion is None:
        missing.append("model")
    if ruleset.degraded:
        missing.append("rules")
    return tuple(missing)


# --- why ----------------------------------------------------------------------------------------


def _told(
    scored: Scored, facts: Facts, snapshot: Snapshot, values: Values, hits: Iterable[Hit],
    policy: ExplainingPolicy = EXPLAINING,
) -> list[Hit]:  # fmt: skip
    """The model's strongest reasons as sentences, one for each topic that no rule speaks of."""
    spoken = {topic(hit.code) for hit in hits}
    odds = scored.base + math.fsum(scored.contributions.values())
    found: list[Hit] = []
    for name, contribution in sorted(scored.contributions.items(), key=lambda one: -one[1]):
        if contribution < policy.contribution_min or len(found) == policy.reasons_max:
            break
        text = None if topic(name) in spoken else sentence(name, facts, snapshot, values)
        if text is not None:
            spoken.add(topic(name))
            # What it weighs: so much less would the chance be without it.
            weight = _rounded(_chance(odds) - _chance(odds - contribution))
            found.append(Hit(name, weight, text))
    return found


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1 + math.exp(odds))


# --- from weights to a verdict ------------------------------------------------------------------


def combine(weights: Iterable[float]) -> float:
    """Independent signs: the chance that not all of them are false. Always within 0..1, never
    less for one more sign or a heavier one."""
    return round(1 - math.prod(1 - weight for weight in sorted(weights)), _DECIMALS)


def outcome(score: float, policy: FraudPolicy) -> str:
    if score >= policy.blocked_from:
        return BLOCKED
    return FLAGGED if score >= policy.flagged_from else VERIFIED


def risk_level(score: float, policy: FraudPolicy) -> str:
    if score >= policy.critical_from:
        return CRITICAL
    return SUSPICIOUS if score >= policy.suspicious_from else SAFE


# The files that decide, from the facts to the verdict; a package is all of its own files. Those of
# packages within it decide nothing: columns are for training, and a decision never asks them.
_SOURCES = (
    "facts.py", "features", "hits.py", "policies.py", "policy.py", "rules.py", "verdict.py",
    "limits/own.py", "limits/places.py", "lists/matched.py", "travel/judge.py", "travel/policy.py",
    "rulebook/closures.py", "rulebook/syntax.py", "rulebook/tokens.py", "rulebook/vocabulary.py",
    "rulebook/writing.py",
    "learning/booster.py", "learning/bundle.py", "learning/drift.py", "learning/forest.py",
    "learning/library.py", "learning/policy.py", "learning/scorer.py", "learning/voices.py",
    "learning/weights.py",
)  # fmt: skip


def sources() -> Iterable[Path]:
    for name in _SOURCES:
        source = Path(__file__).parent / name
        yield from sorted(source.glob("*.py")) if source.is_dir() else [source]


@lru_cache
def version() -> str:
    """A name for exactly this code and these numbers: nobody can change a rule and keep it. It
    begins with the edition of the rules, so that older decisions are made again without later ones.
    """
    digest = hashlib.sha256()
    for file in sources():
        digest.update(file.read_bytes())
    return f"rules{EDITION}-{digest.hexdigest()[:16]}"


CURRENT = Ruleset(version())
