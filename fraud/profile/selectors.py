"""What a customer may see of their own normal, and what they have chosen about it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from fintrust.core.models import User
from fraud.features.aggregates import OWN
from fraud.models import LearningChoice, PaymentFact
from fraud.profile.normal import Payment, Profile, profile


@dataclass(frozen=True, slots=True)
class Learning:
    """What a customer has chosen, and from when on they are judged by it."""

    learns: bool
    since: datetime | None  # only payments after this count; None for all
    effective_at: datetime | None = None  # None when nothing was ever chosen

    @property
    def is_pending(self) -> bool:
        return self.effective_at is not None and self.effective_at > timezone.now()


UNASKED = Learning(learns=True, since=None)


def learning_of(customer: User) -> Learning:
    """The newest choice, also while the one before still guards."""
    return _as_learning(_newest(customer, at=None))


def learning_in_force(customer: User) -> Learning:
    """The choice that decisions of this moment are made by."""
    return _as_learning(_newest(customer, at=timezone.now()))


def _newest(customer: User, at: datetime | None) -> LearningChoice | None:
    found = LearningChoice.objects.filter(customer=customer)
    return (found if at is None else found.filter(effective_at__lte=at)).order_by("-id").first()


def _as_learning(choice: LearningChoice | None) -> Learning:
    if choice is None:
        return UNASKED
    return Learning(choice.learns, choice.since, choice.effective_at)


def profile_of(customer: User) -> Profile:
    """The customer's normal as the newest choice leaves it, from the history that verdicts read."""
    now = timezone.now()
    return profile(_payments(customer, now), at=now, timezone=customer.timezone)


def _payments(customer: User, now: datetime) -> list[Payment]:
    chosen = learning_of(customer)
    if not chosen.learns:
        return []
    assert OWN.span is not None  # habits end somewhere
    since = now - OWN.span
    since = max(since, chosen.since) if chosen.since else since
    rows = (
        PaymentFact.objects.filter(customer=customer, outgoing=True, at__gte=since, at__lt=now)
        .order_by("-at", "-decision")
        .values_list(
            "amount_minor",
            "currency",
            "counterparty",
            "at",
            "local_hour",
            "decision__facts__place",
        )[: OWN.rows_max]
    )
    return [Payment(*row[:5], place=row[5] or "") for row in rows]
