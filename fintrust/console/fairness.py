"""Whether some groups of accounts are held or refused more than others, as page and file."""

import csv
import io
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit import services as audit
from banking.models import Account, Transfer
from banking.statements.as_csv import BYTE_ORDER_MARK, text_cell
from fintrust.core.errors import Invalid
from fraud.monitoring import fairness
from fraud.monitoring.fairness import GROUPINGS, Group, Judged

RIGHT = "fraud.view_decision"
RANGES = (30, 90, 365)
PAYMENTS_MAX = 50_000  # the newest of a range: a second's work, and more changes no rate
COLUMNS = (
    "grouping", "group", "payments", "held", "refused", "stopped_share", "low", "high",
    "others_share", "far",
)  # fmt: skip


@require_GET
def fairness_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    days, judged = _asked(request)
    found = fairness.groups(judged)
    more = {
        "days": days,
        "ranges": RANGES,
        "payments": len(judged),
        "own_limits": sum(one.forbidden for one in judged),
        "cut_short": len(judged) == PAYMENTS_MAX,
        "groupings": [
            (grouping, [group for group in found if group.grouping == grouping.name])
            for grouping in GROUPINGS
        ],
        "far": [group for group in found if group.is_far],
        "enough": fairness.ENOUGH,
        "far_times": fairness.FAR_TIMES,
    }
    return render(request, "admin/fairness.html", {**context, **more})


@require_GET
def fairness_file(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The same as CSV. Who took it home stays in the log."""
    days, judged = _asked(request)
    audit.record(
        "fraud.fairness.downloaded",
        subject="fraud.fairness",
        purpose="console",
        data={"days": days, "payments": len(judged)},
    )
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(group) for group in fairness.groups(judged))
    answer = HttpResponse(BYTE_ORDER_MARK + file.getvalue(), content_type="text/csv; charset=utf-8")
    day = timezone.localdate()
    answer["Content-Disposition"] = f'attachment; filename="fairness-{day}-{days}-days.csv"'
    return answer


def _asked(request: HttpRequest) -> tuple[int, list[Judged]]:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    text = request.GET.get("days", "30")
    if text not in {str(days) for days in RANGES}:
        raise Invalid("Choose one of the ranges offered.", field="days")
    return int(text), _judged(int(text))


def _judged(days: int) -> list[Judged]:
    """The newest transfers of a range with what they can be grouped by."""
    products = dict(Account.Product.choices)
    rows = (
        Transfer.objects.filter(
            asked_at__gte=timezone.now() - timedelta(days=days),
            kind=Transfer.Kind.TRANSFER,
            source__owner__isnull=False,
        )
        .order_by("-asked_at")
        .values_list(
            "decision__verdict",
            "decision__forbidden",
            "source__product",
            "currency",
            "source__owner__date_joined",
            "source__owner__timezone",
            "asked_at",
        )[:PAYMENTS_MAX]
    )
    return [
        Judged(verdict, forbidden, products[product], currency, joined.date(), zone, at)
        for verdict, forbidden, product, currency, joined, zone, at in rows
    ]


def _row(group: Group) -> tuple[Any, ...]:
    low, high = group.stopped.interval
    return (
        group.grouping, text_cell(group.name), group.payments, group.held.count,
        group.refused.count, _share(group.stopped.share), _share(low), _share(high),
        _share(group.others.share), "yes" if group.is_far else "no",
    )  # fmt: skip


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.6f}"
