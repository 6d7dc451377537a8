"""What waits for an officer. Without numpy: the console's sidebar asks on every page."""

from django.db.models import QuerySet
from django.utils import timezone

from fraud.models import DriftCheck, Promotion


def open_promotions() -> "QuerySet[Promotion]":
    return Promotion.objects.filter(status=Promotion.Status.OPEN, expires_at__gt=timezone.now())


def open_drift_alarms() -> "QuerySet[DriftCheck]":
    return DriftCheck.objects.filter(alarmed=True, seen_at__isnull=True)
