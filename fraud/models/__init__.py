"""What the app remembers. Each file is a topic; people import from here."""

from fraud.models.after_scores import AfterScore
from fraud.models.alerts import Alert, AlertQuerySet
from fraud.models.decisions import Decision, DecisionQuerySet, PaymentFact
from fraud.models.labels import Label
from fraud.models.learning import DriftCheck, ModelVersion, Promotion, TrainingRun
from fraud.models.limits import CustomerLimit
from fraud.models.rulebook import Backtest, Rule, RuleHit, Ruleset, RuleStep, RuleVersion
from fraud.models.stream import (
    DeadLetter,
    DeadLetterQuerySet,
    StreamEvent,
    StreamOffset,
    StreamReader,
)

__all__ = [
    "AfterScore",
    "Alert",
    "AlertQuerySet",
    "Backtest",
    "CustomerLimit",
    "DeadLetter",
    "DeadLetterQuerySet",
    "Decision",
    "DecisionQuerySet",
    "DriftCheck",
    "Label",
    "ModelVersion",
    "PaymentFact",
    "Promotion",
    "Rule",
    "RuleHit",
    "RuleStep",
    "RuleVersion",
    "Ruleset",
    "StreamEvent",
    "StreamOffset",
    "StreamReader",
    "TrainingRun",
]
