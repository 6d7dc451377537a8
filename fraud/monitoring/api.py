"""How risky payments were over time, for programs."""

from datetime import date, datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import Body, Text, query_of, raises
from fintrust.core.errors import Forbidden
from fintrust.core.http import PersonApiRequest, zone_of
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fraud import selectors
from fraud.errors import RangeInvalid
from fraud.models import Decision, DecisionQuerySet
from fraud.monitoring.policy import MONITORING
from fraud.monitoring.scores import VERDICTS, Scores, Stretch, edges
from fraud.monitoring.selectors import scores_by_day

_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)  # no clock of ours has shown others
_DAY = {
    "day": "2026-11-26",
    "decisions": 3,
    "mean": 0.183333,
    "largest": 0.35,
    "verified": 2,
    "flagged": 1,
    "blocked": 0,
    "by_effect": {"PASSED": 2, "HELD": 1, "REFUSED": 0},
}
_EXAMPLE = {
    "since": "2026-11-26",
    "until": "2026-11-26",
    "decisions": 3,
    "by_verdict": {"VERIFIED": 2, "FLAGGED": 1, "BLOCKED": 0},
    "by_effect": {"PASSED": 2, "HELD": 1, "REFUSED": 0},
    "distribution": [
        {"from": low, "to": high, "decisions": {0.0: 1, 0.2: 1, 0.3: 1}.get(low, 0)}
        for low, high in edges()
    ],
    "days": [_DAY],
}


class ScoresQuery(Body):
    since = serializers.DateField(required=False, help_text="The first day, on your clock.")
    until = serializers.DateField(required=False, help_text="The last day; today without it.")
    verdict = serializers.ChoiceField(Decision.Verdict.choices, required=False)
    risk_level = serializers.ChoiceField(Decision.Risk.choices, required=False)
    customer = Text(required=False, max_length=40, help_text="usr_…, for officers.")


class ByEffect(serializers.Serializer[Any]):
    PASSED = serializers.IntegerField(source="passed")
    HELD = serializers.IntegerField(source="held")
    REFUSED = serializers.IntegerField(source="refused")


class DayView(serializers.Serializer[Stretch]):
    day = serializers.DateField(source="at")
    decisions = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True, help_text="Of the scores; null without any.")
    largest = serializers.FloatField(allow_null=True)
    verified = serializers.IntegerField(source="counts.VERIFIED")
    flagged = serializers.IntegerField(source="counts.FLAGGED")
    blocked = serializers.IntegerField(source="counts.BLOCKED")
    by_effect = ByEffect(source="effects")


class BandView(serializers.Serializer[Any]):
    to = serializers.FloatField()
    decisions = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python allows."""
        return {"from": serializers.FloatField(), **super().get_fields()}


class ByVerdict(serializers.Serializer[Any]):
    VERIFIED = serializers.IntegerField()
    FLAGGED = serializers.IntegerField()
    BLOCKED = serializers.IntegerField()


class RiskScores(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField()
    decisions = serializers.IntegerField()
    by_verdict = ByVerdict()
    by_effect = ByEffect(
        help_text="What became of the payments: one that is BLOCKED may be held for an officer."
    )
    distribution = BandView(many=True, help_text="Ten bands of the score.")
    days = DayView(many=True, help_text="Each day, quiet ones too.")


class RiskScoreHistory(APIView):
    @extend_schema(
        operation_id="analytics_risk_scores",
        parameters=[ScoresQuery],
        responses={200: RiskScores},
        examples=[OpenApiExample("One day", _EXAMPLE, response_only=True)],
    )
    @raises(RangeInvalid, Forbidden)
    def get(self, request: PersonApiRequest) -> Response:
        """How risky payments were, day by day

        Your own; officers see everybody's, or one customer's. By the day a payment was asked for.
        Without `since`, thirty days; at most a year and a day.
        """
        asked = query_of(request, ScoresQuery)
        since, until = _range(asked, datetime.now(zone_of(request.user)).date())
        found = _narrowed(_readable(request.user, asked.get("customer")), asked)
        counted = scores_by_day(found, since, until, zone_of(request.user))
        return Response(_shown(counted, since, until))


def _range(asked: dict[str, Any], today: date) -> tuple[date, date]:
    until = asked.get("until", today)
    if not _FIRST <= until <= _LAST:
        raise RangeInvalid(field="until")
    since = asked.get("since", until - timedelta(days=MONITORING.history_days - 1))
    if not _FIRST <= since <= until:
        raise RangeInvalid("The first day comes before the last.")
    if (until - since).days >= MONITORING.history_days_max:
        raise RangeInvalid(f"At most {MONITORING.history_days_max} days can be asked for.")
    return since, until


def _readable(reader: User, customer: str | None) -> DecisionQuerySet:
    found = selectors.decisions_for_reader(reader)
    if customer is None:
        return found
    if not reader.has_perm("fraud.view_decision"):
        raise Forbidden("Only officers ask about others.", field="customer")
    return found.of(from_public(User.prefix, customer))


def _narrowed(found: DecisionQuerySet, asked: dict[str, Any]) -> DecisionQuerySet:
    same = {name: asked[name] for name in ("verdict", "risk_level") if name in asked}
    return found.filter(**same)


def _shown(counted: Scores, since: date, until: date) -> dict[str, Any]:
    bands = zip(edges(), counted.bins, strict=True)
    return RiskScores(
        {
            "since": since,
            "until": until,
            "decisions": counted.decisions,
            "by_verdict": {verdict: counted.counts[verdict] for verdict in VERDICTS},
            "by_effect": counted.effects,
            "distribution": [
                {"from": low, "to": high, "decisions": count} for (low, high), count in bands
            ],
            "days": counted.stretches,
        }
    ).data
