"""Risk for programs: why something was decided."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import Moment
from fintrust.core.http import PersonApiRequest
from fraud import selectors
from fraud.models import Decision


class RiskReason(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField(help_text="Against the customer's own normal.")
    weight = serializers.FloatField(min_value=0, max_value=1)


class RiskDecision(serializers.Serializer[Decision]):
    id = serializers.CharField(source="public_id")
    subject = serializers.CharField(help_text="What was judged: trf_….")
    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    risk_level = serializers.ChoiceField(Decision.Risk.choices)
    score = serializers.FloatField(min_value=0, max_value=1)
    by_own_limit = serializers.BooleanField(
        source="forbidden", help_text="Refused by your own limit, whatever the score."
    )
    reasons = RiskReason(many=True)
    ruleset = serializers.CharField(help_text="The version of the rules that decided.")
    at = Moment(help_text="When it was asked for.")


class OneDecision(APIView):
    """A decision and its reasons

    Your own; officers read everybody's.
    """

    @extend_schema(
        operation_id="risk_decision",
        parameters=[OpenApiParameter("decision", str, OpenApiParameter.PATH, description="dec_…")],
        responses={200: RiskDecision},
    )
    def get(self, request: PersonApiRequest, decision: str) -> Response:
        found = selectors.decisions_for_reader(request.user).get_public(decision)
        return Response(RiskDecision(found).data)
