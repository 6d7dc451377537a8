"""A customer's "no" stops what still waits, in the same transaction that asks the bank to look."""

from django.db import transaction

import fraud.labels.services as labels
from banking.models import Transfer
from banking.transfers.services import cancel_because
from fintrust.core.errors import NotFound
from fintrust.core.models import User
from fraud.errors import NotYourPayment
from fraud.labels.selectors import Progress, progress_of
from fraud.models import Decision, Dispute, Label


def answer(*, decision: Decision, by: User, mine: bool) -> Label:
    """ "Was this you?" Yes alone moves nothing: what is held goes on its way by the PIN."""
    if mine:
        return labels.answer(decision=decision, by=by, mine=True)
    return _deny(decision, by)


def dispute(*, decision: Decision, by: User, reason: Dispute.Reason, text: str) -> Progress:
    """Something is wrong with a payment that moved; how far the bank is with it."""
    if decision.customer_id == by.pk and _gave_back(decision):
        raise NotYourPayment()
    made = labels.dispute(decision=decision, by=by, reason=reason, text=text)
    return progress_of(made)


def _gave_back(decision: Decision) -> bool:
    """Money that went back to where it came from was nobody's payment."""
    return Transfer.objects.filter(decision=decision, returns__isnull=False).exists()


@transaction.atomic
def _deny(decision: Decision, by: User) -> Label:
    if decision.customer_id != by.pk:
        raise NotFound()
    # Before the case: a payment in the making locks its accounts first and the case after them.
    held = (
        Transfer.objects.select_for_update(of=("self",), no_key=True)
        .filter(decision=decision, status=Transfer.Status.HELD)
        .first()
    )
    if held is not None:
        cancel_because(transfer=held, by=by, reason="the customer says: this was not me")
    return labels.answer(decision=decision, by=by, mine=False)
