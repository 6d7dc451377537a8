"""The one decision: `decide(facts, snapshot, ruleset)`. Values in, a value out, no I/O.

The transfer in the making, the preview, a what-if and a replay years later call this function
and no other; see docs/decisions/0020-one-pure-decision.md.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.hits import Hit
from fraud.policies import POLICIES, Policy
from fraud.policy import STANDARD, FraudPolicy
from fraud.rules import RULES, Rule

VERIFIED, FLAGGED, BLOCKED = "VERIFIED", "FLAGGED", "BLOCKED"
SAFE, SUSPICIOUS, CRITICAL = "SAFE", "SUSPICIOUS", "CRITICAL"
_DECIMALS = 6  # so that a weight of exactly 0.3 scores 0.3, not a bit less or more


@dataclass(frozen=True)
class Ruleset:
    """Everything that turns facts and snapshot into a verdict, under one version."""

    version: str
    policy: FraudPolicy = STANDARD
    policies: tuple[Policy, ...] = tuple(POLICIES)
    rules: tuple[Rule, ...] = tuple(RULES)


@dataclass(frozen=True, slots=True)
class Verdict:
    verdict: str
    score: float
    risk_level: str
    reasons: tuple[Hit, ...]
    ruleset: str
    forbidden: bool = False  # by the customer's own limits, whatever the score

    def reasons_json(self) -> list[dict[str, Any]]:
        return [hit.to_json() for hit in self.reasons]


def decide(facts: Facts, snapshot: Snapshot, ruleset: Ruleset) -> Verdict:
    """The customer's limits first, then the rules, then what they weigh together."""
    forbidden, hits = _forbidden(facts, snapshot, ruleset), _hits(facts, snapshot, ruleset)
    score = combine(hit.weight for hit in hits)
    return Verdict(
        verdict=BLOCKED if forbidden else outcome(score, ruleset.policy),
        score=score,
        risk_level=risk_level(score, ruleset.policy),
        reasons=(*forbidden, *sorted(hits, key=lambda hit: -hit.weight)),
        ruleset=ruleset.version,
        forbidden=bool(forbidden),
    )


def _forbidden(facts: Facts, snapshot: Snapshot, ruleset: Ruleset) -> list[Hit]:
    if not facts.outgoing:
        return []  # money that arrives is no choice of the customer's
    answers = (policy(facts, snapshot) for policy in ruleset.policies)
    return [hit for hit in answers if hit is not None]


def _hits(facts: Facts, snapshot: Snapshot, ruleset: Ruleset) -> list[Hit]:
    if not facts.outgoing:
        return []
    answers = (rule(facts, snapshot, ruleset.policy) for rule in ruleset.rules)
    return [hit for hit in answers if hit is not None]


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


# The files that decide, from the facts to the verdict; a package is all of its files.
_SOURCES = ("facts.py", "features", "hits.py", "policies.py", "policy.py", "rules.py", "verdict.py")


@lru_cache
def version() -> str:
    """A name for exactly this code and these numbers: nobody can change a rule and keep it."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        source = Path(__file__).with_name(name)
        for file in sorted(source.glob("*.py")) if source.is_dir() else [source]:
            digest.update(file.read_bytes())
    return f"rules-{digest.hexdigest()[:16]}"


CURRENT = Ruleset(version())
