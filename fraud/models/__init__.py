"""What the app remembers. Each file is a topic; people import from here."""

from fraud.models.after_scores import AfterScore
from fraud.models.alerts import Alert, AlertQuerySet
from fraud.models.cases import Case, CaseEntry, CaseQuerySet, EvidenceFile, SuspicionReport
from fraud.models.decisions import Decision, DecisionQuerySet, PaymentFact
from fraud.models.disputes import Dispute
from fraud.models.labels import Label
from fraud.models.learning import DriftCheck, ModelVersion, Promotion, TrainingRun
from fraud.models.limits import CustomerLimit
from fraud.models.rulebook import Backtest, Rule, RuleHit, Ruleset, RuleStep, RuleVersion

__all__ = [
    "AfterScore",
    "Alert",
    "AlertQuerySet",
    "Backtest",
    "Case",
    "CaseEntry",
    "CaseQuerySet",
    "CustomerLimit",
    "Decision",
    "DecisionQuerySet",
    "Dispute",
    "DriftCheck",
    "EvidenceFile",
    "Label",
    "ModelVersion",
    "PaymentFact",
    "Promotion",
    "Rule",
    "RuleHit",
    "RuleStep",
    "RuleVersion",
    "Ruleset",
    "SuspicionReport",
    "TrainingRun",
]
