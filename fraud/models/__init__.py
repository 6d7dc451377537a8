"""What the app remembers. Each file is a topic; people import from here."""

from fraud.models.after_scores import AfterScore
from fraud.models.alerts import Alert, AlertQuerySet
from fraud.models.cases import Case, CaseEntry, CaseQuerySet, EvidenceFile, SuspicionReport
from fraud.models.decisions import Decision, DecisionQuerySet, PaymentFact
from fraud.models.disputes import Dispute
from fraud.models.labels import Label
from fraud.models.limits import CustomerLimit

__all__ = [
    "AfterScore",
    "Alert",
    "AlertQuerySet",
    "Case",
    "CaseEntry",
    "CaseQuerySet",
    "CustomerLimit",
    "Decision",
    "DecisionQuerySet",
    "Dispute",
    "EvidenceFile",
    "Label",
    "PaymentFact",
    "SuspicionReport",
]
