"""Making an old decision again from what is stored with it; only what decided is looked up."""

from dataclasses import dataclass

from fraud import selectors
from fraud.models import Decision
from fraud.verdict import Ruleset, Verdict, decide


@dataclass(frozen=True, slots=True)
class Replay:
    """What was decided, and what the same facts and snapshot give now."""

    decision: Decision
    now: Verdict

    @property
    def same(self) -> bool:
        return not self.differences()

    @property
    def same_ruleset(self) -> bool:
        return self.decision.ruleset == self.now.ruleset

    def differences(self) -> list[str]:
        then, now = self.decision, self.now
        pairs = {
            "verdict": (then.verdict, now.verdict),
            "score": (then.score, now.score),
            "risk level": (then.risk_level, now.risk_level),
            "forbidden": (then.forbidden, now.forbidden),
            "goes to an officer": (then.review, now.review),
            "reasons": (then.reasons, now.reasons_json()),
            "officers' ruleset": (then.officers, now.officers),
            "model": (then.champion, now.champion),
            "model on trial": (then.shadow_model, now.shadow_model),
            "contributions": (then.contributions, dict(now.contributions)),
            "shadow": (then.shadow, dict(now.shadow)),
            "degraded": (then.degraded, list(now.degraded)),
        }
        return [f"{name}: {a!r} then, {b!r} now" for name, (a, b) in pairs.items() if a != b]

    def __str__(self) -> str:
        found = self.differences()
        words = "reproduced exactly" if not found else "differs\n  " + "\n  ".join(found)
        if self.same_ruleset:
            return f"{words} (ruleset {self.now.ruleset})"
        return (
            f"{words} (decided under {self.decision.ruleset}, this program has {self.now.ruleset})"
        )


def replay(decision: Decision, *, ruleset: Ruleset | None = None) -> Replay:
    """Decide again from what was stored, by the officers' ruleset and the models that the decision
    names. Differing under other rules of the house is no fault of the stored decision; run the
    version it names to reproduce it."""
    ruleset = ruleset or selectors.ruleset_of(decision)
    # Decisions up to November 2026 kept what the score of a payment that passed is made of, too.
    explain = bool(decision.contributions)
    facts, snapshot = decision.facts_then(), decision.snapshot_then()
    models = selectors.models_then(decision)
    return Replay(decision, decide(facts, snapshot, ruleset, models, explain=explain))
