"""Risk for programs: why something was decided."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import Moment
from fintrust.core.http import PersonApiRequest
from fraud import selectors
from fraud.counterfactual import AMOUNT, KNOWN_PAYEE, LATER, LESS_LATER, Change
from fraud.explanation import Beside, Part, beside, parts
from fraud.models import Decision


class RiskReason(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField(help_text="Against the customer's own normal.")
    weight = serializers.FloatField(min_value=0, max_value=1)


class RiskPart(serializers.Serializer[Part]):
    """What one feature adds to the model's score."""

    feature = serializers.CharField(source="name")
    label = serializers.CharField()  # type: ignore[assignment]
    log_odds = serializers.FloatField(help_text="Above zero, towards fraud.")


class RiskChange(serializers.Serializer[Change]):
    """A change with which the payment passes, verified by deciding again."""

    code = serializers.ChoiceField([AMOUNT, LATER, KNOWN_PAYEE, LESS_LATER])
    text = serializers.CharField()


class RiskNormal(serializers.Serializer[Beside]):
    """The payment beside what was usual when it was judged."""

    what = serializers.CharField()
    this = serializers.CharField()
    usual = serializers.CharField()


class RiskDecision(serializers.Serializer[Decision]):
    id = serializers.CharField(source="public_id")
    subject = serializers.CharField(help_text="What was judged: trf_….")
    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    risk_level = serializers.ChoiceField(
        Decision.Risk.choices, help_text="Of the score alone: it says nothing of `by_own_limit`."
    )
    score = serializers.FloatField(min_value=0, max_value=1)
    by_own_limit = serializers.BooleanField(
        source="forbidden", help_text="Refused by your own limit, whatever the score."
    )
    reasons = RiskReason(many=True)
    contributions = serializers.SerializerMethodField()
    would_have_passed = serializers.SerializerMethodField()
    normal = serializers.SerializerMethodField()
    ruleset = serializers.CharField(help_text="The version of the rules that decided.")
    officers_ruleset = serializers.CharField(source="officers", help_text="rst_…, or nothing.")
    model = serializers.CharField(source="champion", help_text="mdl_…; nothing for rules alone.")
    degraded = serializers.ListField(
        child=serializers.CharField(), help_text="What could not be asked when it was decided."
    )
    at = Moment(help_text="When it was asked for.")

    @extend_schema_field(RiskPart(many=True))
    def get_contributions(self, decision: Decision) -> Any:
        """What the model's score is made of, the heaviest first."""
        return RiskPart(parts(selectors.contributions_of(decision)), many=True).data

    @extend_schema_field(RiskChange(many=True))
    def get_would_have_passed(self, decision: Decision) -> Any:
        """The smallest changes with which it would have passed; none when it did, nor where a rule
        of our officers stopped it."""
        return RiskChange(selectors.changes_to_tell(decision), many=True).data

    @extend_schema_field(RiskNormal(many=True))
    def get_normal(self, decision: Decision) -> Any:
        """The payment beside the customer's own normal."""
        return RiskNormal(beside(decision.facts_then(), decision.snapshot_then()), many=True).data


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
