"""The customer's word about what their money was for."""

from django.db import transaction
from django.utils import timezone

from audit.services import record
from banking.insights.categories import LABELS
from banking.insights.errors import UnknownCategory
from banking.insights.flows import Flow
from banking.models import CategoryChoice
from fintrust.core.models import User


@transaction.atomic
def choose_category(*, customer: User, flow: Flow, category: str, everyone: bool) -> None:
    """This category for one payment, or for all from and to its counterparty. Nothing ("") takes
    the choice back, and the bank thinks for itself again.

    For all means for all: what was chosen before for this one payment goes.
    """
    if category and category not in LABELS:
        raise UnknownCategory()
    # One lock per customer: of two tabs the later one wins, and each record tells what it changed.
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if everyone:
        _choose(customer, flow, flow.reference, "")
        _choose(customer, flow, flow.counterparty.key, category)
    else:
        _choose(customer, flow, flow.reference, category)


def _choose(customer: User, flow: Flow, about: str, category: str) -> None:
    mine = CategoryChoice.objects.filter(customer=customer, about=about)
    before = mine.values_list("category", flat=True).first() or ""
    if before == category:
        return
    if category:
        CategoryChoice.objects.update_or_create(
            customer=customer,
            about=about,
            defaults={"category": category, "at": timezone.now()},
        )
    else:
        mine.delete()
    record(
        "banking.category.chosen",
        subject=flow.reference,
        by=customer,
        owner=customer,
        before={"category": before},
        after={"category": category},
        data={"for": "payment" if about == flow.reference else "counterparty"},
    )
