"""What a customer's money did and will do, for programs. Each currency is a result of its own."""

from datetime import date
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking.insights import selectors
from banking.insights.errors import PeriodInvalid, PeriodTooBusy
from banking.insights.flows import next_month
from banking.insights.forecast import Forecast
from banking.policy import INSIGHTS
from banking.statements.errors import PeriodTooLong
from fintrust.core.api import AmountText, Body, Currency, query_of, raises
from fintrust.core.http import PersonApiRequest
from fintrust.core.money import Money

_SUMMARY = {
    "from": "2026-10-01",
    "to": "2026-11-26",
    "by": "month",
    "results": [
        {
            "currency": "EUR",
            "income": "6840.00",
            "spending": "3911.48",
            "net": "2928.52",
            "groups": [
                {
                    "key": "2026-10",
                    "name": "October 2026",
                    "income": "3420.00",
                    "spending": "2104.37",
                    "net": "1315.63",
                    "count": 41,
                    "partial": False,
                },
                {
                    "key": "2026-11",
                    "name": "November 2026",
                    "income": "3420.00",
                    "spending": "1807.11",
                    "net": "1612.89",
                    "count": 36,
                    "partial": True,
                },
            ],
        }
    ],
}
_PREDICTION = {
    "month": "2026-12",
    "results": [
        {
            "currency": "EUR",
            "expected": "2118.40",
            "low": "1960.10",
            "high": "2276.70",
            "coverage": 0.8,
            "method": "recurring",
            "method_name": "what comes again, and the mean of the rest",
            "better_than_naive": 0.37,
            "months_checked": 9,
            "months_known": 11,
        },
        {
            "currency": "USD",
            "expected": None,
            "low": None,
            "high": None,
            "coverage": None,
            "method": None,
            "method_name": None,
            "better_than_naive": None,
            "months_checked": 0,
            "months_known": 2,
        },
    ],
}


class SummaryQuery(Body):
    from_day = serializers.DateField(
        required=False, help_text="The first day. Without it, the first of a year's months."
    )
    to_day = serializers.DateField(required=False, help_text="The last day; today without it.")
    by = serializers.ChoiceField(selectors.GROUPINGS, required=False, default="month")
    currency = Currency(required=False, help_text="Only this one; all of yours without it.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python allows."""
        fields = super().get_fields()
        return {"from": fields.pop("from_day"), "to": fields.pop("to_day"), **fields}


class GroupView(serializers.Serializer[selectors.Group]):
    key = serializers.CharField(
        help_text="2026-11, a category's, an account's id, or the counterparty's name."
    )
    name = serializers.CharField()
    income = AmountText(source="sum.income")
    spending = AmountText(source="sum.spending", help_text="A refund is less spent.")
    net = AmountText(source="sum.net")
    count = serializers.IntegerField(source="sum.count")
    partial = serializers.BooleanField(  # type: ignore[assignment]
        help_text="The period does not cover all of this month, or it still runs."
    )


class CurrencySummary(serializers.Serializer[Any]):
    currency = serializers.CharField()
    income = AmountText()
    spending = AmountText()
    net = AmountText()
    groups = GroupView(many=True)


class SummaryView(serializers.Serializer[Any]):
    from_day = serializers.DateField()
    to = serializers.DateField()
    by = serializers.ChoiceField(selectors.GROUPINGS)
    results = CurrencySummary(many=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {"from": fields.pop("from_day"), **fields}


class SpendingSummary(APIView):
    @extend_schema(
        operation_id="spending_summary",
        parameters=[SummaryQuery],
        responses={200: SummaryView},
        examples=[OpenApiExample("Two months", _SUMMARY, response_only=True)],
    )
    @raises(PeriodInvalid, PeriodTooLong, PeriodTooBusy)
    def get(self, request: PersonApiRequest) -> Response:
        """What came in and what was spent, by month, category, counterparty or account

        Both days belong to the period, and days are those of your time zone. Money between your
        own accounts, held or refused money, and payments that were taken back do not count; so
        `net` is what your accounts gained. At most two years at once. The hundred counterparties
        with most money are told apart; the rest are one group.
        """
        asked = query_of(request, SummaryQuery)
        today = selectors.today_of(request.user)
        to = asked.get("to", today)
        since = asked.get("from") or _a_year_before(to)
        if since > to:
            raise PeriodInvalid()
        if (to - since).days >= INSIGHTS.range_days_max:
            raise PeriodTooLong()
        flows = selectors.flows_of(request.user, since=since, until=to)
        results = selectors.summaries(
            request.user, flows, by=asked["by"], currency=asked.get("currency", "")
        )
        partial = selectors.partial_months(since, to, today)
        for result in results:
            for group in result["groups"]:
                group.partial = group.key in partial
        answer = {"from": since, "to": to, "by": asked["by"], "results": results}
        return Response(SummaryView(answer).data)


def _a_year_before(day: date) -> date:
    """The first of the twelve months that end with this day's; the calendar begins in year 1."""
    this = day.replace(day=1)
    return next_month(this, 1 - INSIGHTS.months_shown) if day.year > 1 else date.min


class PredictionQuery(Body):
    currency = Currency(required=False, help_text="Only this one; all of yours without it.")


class CurrencyPrediction(serializers.Serializer[Any]):
    currency = serializers.CharField()
    expected = AmountText(allow_null=True, help_text="Null while too little is known.")
    low = AmountText(allow_null=True)
    high = AmountText(allow_null=True)
    coverage = serializers.FloatField(
        allow_null=True,
        help_text="How often the truth lies from `low` to `high`, by the months held back.",
    )
    method = serializers.CharField(allow_null=True)
    method_name = serializers.CharField(allow_null=True)
    better_than_naive = serializers.FloatField(
        allow_null=True,
        help_text="Share of the error of “as the last month” that the method saves, there.",
    )
    months_checked = serializers.IntegerField(help_text="Months that were held back to check it.")
    months_known = serializers.IntegerField(help_text="Whole months that it knows.")


class PredictionView(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="The month that is predicted, 2026-12.")
    results = CurrencyPrediction(many=True)


class SpendingPrediction(APIView):
    @extend_schema(
        operation_id="spending_prediction",
        parameters=[PredictionQuery],
        responses={200: PredictionView},
        examples=[OpenApiExample("One known well, one not yet", _PREDICTION, response_only=True)],
    )
    @raises(PeriodTooBusy)
    def get(self, request: PersonApiRequest) -> Response:
        """What you will probably spend next month, and how sure that is

        Several methods are tried on your own past months, as they would have been used then; the
        best one makes the prediction, and its errors there make the interval. With fewer than
        four whole months there is no number.
        """
        only = query_of(request, PredictionQuery).get("currency", "")
        today = selectors.today_of(request.user)
        _, flows = selectors.months_back(request.user, selectors.LOOKS_BACK[:-1])
        results = [
            _told(currency, *selectors.forecast_of(flows, currency, today=today))
            for currency in selectors.currencies_of(request.user, flows)
            if only in ("", currency)
        ]
        month = f"{next_month(today.replace(day=1)):%Y-%m}"
        return Response(PredictionView({"month": month, "results": results}).data)


def _told(currency: str, found: Forecast | None, months: int) -> dict[str, Any]:
    told: dict[str, Any] = {"currency": currency, "months_known": months, "months_checked": 0}
    if found is None:
        names = ("expected", "low", "high", "coverage", "method", "method_name")
        return told | dict.fromkeys((*names, "better_than_naive"))
    return told | {
        "expected": Money(found.expected, currency),
        "low": Money(found.low, currency),
        "high": Money(found.high, currency),
        "coverage": round(found.coverage, 2),
        "method": found.method.name,
        "method_name": found.method.label,
        "better_than_naive": round(found.gain, 2),
        "months_checked": found.checks,
    }
