"""How an alert becomes part of a case: in the transaction that raises it.

It knows nothing of the deeds of officers, so that `fraud.services` may call it.
"""

from datetime import datetime

from django.db.models import Sum
from django.utils import timezone

from audit.services import record
from fintrust.core import live
from fintrust.core.errors import Busy
from fintrust.core.ids import uuid7
from fintrust.core.money import MINOR_MAX
from fraud.models import Alert, Case, CaseEntry, Decision
from fraud.policy import CASES, CasePolicy, cents

_TRIES = 5  # a case can close between our insert and our lock, but not five times
_OPENING = (Alert.Kind.PAYMENT, Alert.Kind.AFTERWARDS, Alert.Kind.DENIED, Alert.Kind.DISPUTED)
_RANK = {"low": 0, "medium": 1, "high": 2}


def join(alert: Alert, decision: Decision, *, policy: CasePolicy = CASES) -> Case | None:
    """The alert belongs to its customer's open case from now on, which is opened if need be.

    A customer stopped by their own limit is no suspicion: such an alert joins a case and opens
    none. One about a rule is nobody's. A full case takes no more; what comes then stands alone
    until the case is closed.
    """
    if alert.kind not in (*_OPENING, Alert.Kind.LIMIT):
        return None
    case = _open(alert, decision, policy) if alert.kind in _OPENING else _locked(decision)
    if case is None or _is_full(case, decision, policy):
        return None
    _add(case, alert, decision, policy)
    return case


def _open(alert: Alert, decision: Decision, policy: CasePolicy) -> Case:
    """The customer's open case, locked. Two alerts at once find the same one."""
    for _ in range(_TRIES):
        new = Case(
            id=uuid7(),
            customer_id=decision.customer_id,
            severity=alert.severity,
            due_at=timezone.now() + policy.sla[alert.severity],
        )
        Case.objects.bulk_create([new], ignore_conflicts=True)
        found = _locked(decision)
        if found is not None:
            if found.pk == new.pk:
                _tell(found, alert, decision)
            return found
    raise Busy()


def _locked(decision: Decision) -> Case | None:
    mine = Case.objects.open().filter(customer_id=decision.customer_id)
    found: Case | None = mine.select_for_update(no_key=True).first()
    return found


def _is_full(case: Case, decision: Decision, policy: CasePolicy) -> bool:
    suspected = case.entries.filter(suspected=True)
    others = suspected.exclude(decision=decision).values("decision").distinct()
    return others.count() >= policy.decisions_max


def _tell(case: Case, alert: Alert, decision: Decision) -> None:
    CaseEntry.objects.create(case=case, kind=CaseEntry.Kind.OPENED)
    record("fraud.case.opened", subject=case, data={"severity": case.severity})
    facts = decision.facts_then()
    live.publish(
        [live.SUPPORT],
        "case.opened",
        subject=case.public_id,
        data={
            "severity": case.severity,
            "text": alert.text,
            "amount_minor": facts.amount_minor,
            "currency": facts.currency,
        },
    )


def _add(case: Case, alert: Alert, decision: Decision, policy: CasePolicy) -> None:
    loss = max(0, expected_loss(alert, decision, policy) - counted(case, decision))
    CaseEntry.objects.create(
        case=case,
        kind=CaseEntry.Kind.ALERT,
        alert=alert,
        decision=decision,
        suspected=True,
        text=alert.text,
        loss_minor=loss,
    )
    case.loss_minor = min(MINOR_MAX, case.loss_minor + loss)
    case.due_at = _due(case, alert, policy)
    case.severity = max(case.severity, alert.severity, key=lambda word: _RANK[word])
    if case.status == Case.Status.REVIEW:
        # Whoever proposed an outcome did not know of this: they, or somebody, look again.
        back_to_work(case)
    case.save(
        update_fields=["loss_minor", "due_at", "severity", "status", "outcome", "reason",
                       "proposed_by"]
    )  # fmt: skip


def back_to_work(case: Case) -> None:
    """Nothing is proposed and nothing decided; the history knows what was."""
    case.status, case.outcome, case.reason, case.proposed_by = Case.Status.OPEN, "", "", None


def _due(case: Case, alert: Alert, policy: CasePolicy) -> datetime:
    """Graver news cannot wait as long as the case could; news never gives it more time."""
    return min(case.due_at, timezone.now() + policy.sla[alert.severity])


def expected_loss(alert: Alert, decision: Decision, policy: CasePolicy = CASES) -> int:
    """The amount times how likely it is lost, in cents of about a euro."""
    said = {
        Alert.Kind.DENIED: policy.denied_share,
        Alert.Kind.DISPUTED: policy.disputed_share,
    }
    share = max(decision.score, said.get(Alert.Kind(alert.kind), 0.0))
    facts = decision.facts_then()
    return round(cents(facts.amount_minor, facts.currency) * share)


def counted(case: Case, decision: Decision) -> int:
    """What the payment adds to the case already: two alerts about it are one loss."""
    total = case.entries.filter(decision=decision).aggregate(total=Sum("loss_minor"))["total"]
    return int(total or 0)
