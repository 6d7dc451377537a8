"""Making an old decision again. No database: what it was made from is stored with it."""

from dataclasses import dataclass

from fraud.models import Decision
from fraud.verdict import CURRENT, Ruleset, Verdict, decide


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
            "reasons": (then.reasons, now.reasons_json()),
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


def replay(decision: Decision, *, ruleset: Ruleset = CURRENT) -> Replay:
    """Decide again from what was stored. Differing under another ruleset is no fault of the
    stored decision; run the version it names to reproduce it."""
    return Replay(decision, decide(decision.facts_then(), decision.snapshot_then(), ruleset))
