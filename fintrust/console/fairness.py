"""Whether some groups of accounts are held or refused more than others, as page and file."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit import services as audit
from banking.models import Account, Transfer
from banking.statements.as_csv import BYTE_ORDER_MARK, text_cell
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.ids import from_public
from fraud.effect import effect
from fraud.models import Decision
from fraud.monitoring import fairness
from fraud.monitoring.fairness import GROUPINGS, Group, Judged

RIGHT = "fraud.view_decision"
RANGES = (30, 90, 365)
PAYMENTS_MAX = 50_000  # the newest of a range: a second's work, and more changes no rate
ELSEWHERE = "From elsewhere"  # accounts that are not this bank's: what streams tell of
CHANNELS = dict(Transfer.Channel.choices)  # a stream's own words stay as they are
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
        "groups": len(found),
        "groups_judged": sum(group.can_be_judged for group in found),
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
    """The newest decisions of a range about money that leaves, whichever door it came by, with what
    they can be grouped by."""
    found = Decision.objects.filter(
        facts__outgoing=True, recorded_at__gte=timezone.now() - timedelta(days=days)
    ).order_by("-recorded_at", "-id")
    rows = list(
        found.values_list(
            "verdict", "review", "forbidden", "facts__account", "facts__currency", "facts__channel",
            "customer__date_joined", "facts__timezone", "at",
        )[:PAYMENTS_MAX]
    )  # fmt: skip
    products = _products({row[3] for row in rows})
    return [
        Judged(
            effect(verdict, review), forbidden, products.get(account, ELSEWHERE), currency,
            CHANNELS.get(channel, channel), joined.date(), zone, at,
        )
        for verdict, review, forbidden, account, currency, channel, joined, zone, at in rows
    ]  # fmt: skip


def _products(accounts: set[str]) -> dict[str, str]:
    """The kind of each account that is this bank's, by its public id."""
    uuids = [uuid for account in accounts if (uuid := _account_id(account))]
    words = dict(Account.Product.choices)
    found = Account.objects.filter(uuid__in=uuids).only("uuid", "product")
    return {account.public_id: words[account.product] for account in found}


def _account_id(text: str) -> UUID | None:
    try:
        return from_public(Account.prefix, text)
    except NotFound:
        return None


def _row(group: Group) -> tuple[Any, ...]:
    low, high = group.stopped.interval
    return (
        group.grouping, text_cell(group.name), group.payments, group.held.count,
        group.refused.count, _share(group.stopped.share), _share(low), _share(high),
        _share(group.others.share), _far(group),
    )  # fmt: skip


def _far(group: Group) -> str:
    if not group.can_be_judged:
        return "too few to tell"
    return "yes" if group.is_far else "no"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.6f}"
