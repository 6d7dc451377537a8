"""What the app remembers. Each file is a topic; people import from here."""

from fraud.models.after_scores import AfterScore
from fraud.models.alerts import Alert, AlertQuerySet
from fraud.models.decisions import Decision, DecisionQuerySet, PaymentFact
from fraud.models.labels import Label
from fraud.models.limits import CustomerLimit
from fraud.models.profile import LearningChoice

__all__ = [
    "AfterScore",
    "Alert",
    "AlertQuerySet",
    "CustomerLimit",
    "Decision",
    "DecisionQuerySet",
    "Label",
    "LearningChoice",
    "PaymentFact",
]
