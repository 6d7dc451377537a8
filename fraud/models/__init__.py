"""What the app remembers. Each file is a topic; people import from here."""

from fraud.models.after_scores import AfterScore
from fraud.models.alerts import Alert, AlertQuerySet
from fraud.models.cases import Case, CaseEntry, CaseQuerySet, EvidenceFile, SuspicionReport
from fraud.models.decisions import Decision, DecisionQuerySet, PaymentFact
from fraud.models.disputes import Dispute
from fraud.models.labels import Label
from fraud.models.learning import (
    CostTable,
    DriftCheck,
    ModelVersion,
    Promotion,
    Proposed,
    TrainingRun,
)
from fraud.models.limits import LimitsMail, PolicyVersion
from fraud.models.lists import ListEntry, ListStep
from fraud.models.profile import LearningChoice
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
    "Case",
    "CaseEntry",
    "CaseQuerySet",
    "CostTable",
    "DeadLetter",
    "DeadLetterQuerySet",
    "Decision",
    "DecisionQuerySet",
    "Dispute",
    "DriftCheck",
    "EvidenceFile",
    "Label",
    "LearningChoice",
    "LimitsMail",
    "ListEntry",
    "ListStep",
    "ModelVersion",
    "PaymentFact",
    "PolicyVersion",
    "Promotion",
    "Proposed",
    "Rule",
    "RuleHit",
    "RuleStep",
    "RuleVersion",
    "Ruleset",
    "StreamEvent",
    "StreamOffset",
    "StreamReader",
    "SuspicionReport",
    "TrainingRun",
]
