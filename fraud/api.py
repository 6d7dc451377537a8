"""Risk for programs: why something was decided, and the customer's own hard limits."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust.core.api import Amount, AmountText, Body, Moment, about, body_of, raises
from fintrust.core.http import PersonApiRequest
from fintrust.core.money import AmountTooLarge, InvalidAmount
from fraud import selectors, services
from fraud.counterfactual import AMOUNT, KNOWN_PAYEE, LATER, Change
from fraud.errors import InvalidLimit
from fraud.explanation import Beside, Part, beside, parts
from fraud.models import CustomerLimit, Decision

_EXAMPLE = {"max_transaction_amount": {"EUR": "500.00", "GBP": "400.00"}}


# --- decisions ------------------------------------------------------------------------------


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

    code = serializers.ChoiceField([AMOUNT, LATER, KNOWN_PAYEE])
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
    risk_level = serializers.ChoiceField(Decision.Risk.choices)
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
        return RiskPart(parts(decision.contributions), many=True).data

    @extend_schema_field(RiskChange(many=True))
    def get_would_have_passed(self, decision: Decision) -> Any:
        """The smallest changes with which it would have passed; none when it did."""
        return RiskChange(selectors.changes_that_pass(decision), many=True).data

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


# --- the customer's own limits --------------------------------------------------------------


class LimitAmount(Amount):
    @property
    def name(self) -> str:
        return "max_transaction_amount"


class PoliciesInput(Body):
    max_transaction_amount = serializers.DictField(
        child=LimitAmount(allow_null=True),
        help_text="The largest payment by currency. A currency that is not named has no limit.",
    )

    class Meta:
        ref_name = "NewRiskPolicies"


class RiskPolicies(serializers.Serializer[Any]):
    max_transaction_amount = serializers.DictField(child=AmountText())


class Policies(APIView):
    @extend_schema(
        operation_id="risk_policies",
        responses={200: RiskPolicies},
        examples=[OpenApiExample("Two limits", _EXAMPLE, response_only=True)],
    )
    def get(self, request: PersonApiRequest) -> Response:
        """Your own hard limits."""
        return Response(_shown(list(selectors.limits_of(request.user))))

    @extend_schema(
        operation_id="risk_policies_set",
        request=PoliciesInput,
        responses={200: RiskPolicies},
        examples=[OpenApiExample("Two limits", _EXAMPLE)],
    )
    @raises(InvalidLimit, InvalidAmount, AmountTooLarge)
    def put(self, request: PersonApiRequest) -> Response:
        """Set your own hard limits

        The body replaces all of them: a currency that is not named, or is null, has no limit any
        more. They hold from the next payment on, and nothing outweighs them.
        """
        asked = body_of(request, PoliciesInput)["max_transaction_amount"]
        lifted = {limit.currency: None for limit in selectors.limits_of(request.user)}
        limits = services.set_limits(
            customer=request.user, largest_minor=lifted | _minor(asked), by=request.user
        )
        return Response(_shown(limits))


def _minor(asked: dict[str, str | None]) -> dict[str, int | None]:
    parsed = {}
    for currency, amount in asked.items():
        with about("max_transaction_amount"):
            parsed[currency] = services.limit_in(currency, amount)
    return parsed


def _shown(limits: list[CustomerLimit]) -> dict[str, Any]:
    return RiskPolicies(
        {"max_transaction_amount": {limit.currency: limit.largest for limit in limits}}
    ).data
