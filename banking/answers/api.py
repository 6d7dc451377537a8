"""The customer's answer, for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking.answers import services
from fintrust.core.api import Body, Moment, body_of, raises
from fintrust.core.http import PersonApiRequest
from fraud import errors
from fraud.models import Label
from fraud.selectors import decisions_of


class TrueOrFalse(serializers.BooleanField):
    """JSON's own; "yes" and 1 are not taken for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class AnswerBody(Body):
    mine = TrueOrFalse(help_text="Whether it was you.")

    class Meta:
        ref_name = "NewAnswer"


class Answered(serializers.Serializer[Label]):
    decision = serializers.CharField(source="public_id")
    mine = serializers.SerializerMethodField()
    known_at = Moment(help_text="Since when the bank knows it.")

    def get_mine(self, label: Label) -> bool:
        return not label.fraud


class Answer(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="risk_decision_answer",
        request=AnswerBody,
        responses={200: Answered},
        parameters=[OpenApiParameter("decision", str, OpenApiParameter.PATH, description="dec_…")],
        examples=[OpenApiExample("It was not me", {"mine": False}, request_only=True)],
    )
    @raises(
        errors.NothingAsked,
        errors.AlreadyDenied,
        errors.AlreadyDecided,
        errors.NotYourPayment,
        errors.TooLateToDispute,
    )
    def post(self, request: PersonApiRequest, decision: str) -> Response:
        """Was this you?

        `true` answers a question of the bank; a payment that is held still goes on its way only by
        your PIN. `false` can be said of any payment of yours: what is held is cancelled, and
        somebody looks into it at once. The same answer again changes nothing.
        """
        mine = body_of(request, AnswerBody)["mine"]
        found = decisions_of(request.user).get_public(decision)
        made = services.answer(decision=found, by=request.user, mine=mine)
        return Response(Answered(made).data)
