"""The customer's answer and disputes, for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking.answers import services
from fintrust.core.api import Body, Moment, Text, body_of, raises
from fintrust.core.http import PersonApiRequest
from fraud import errors
from fraud.labels.selectors import Progress
from fraud.models import Dispute, Label
from fraud.policy import CASES
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


class DisputeBody(Body):
    reason = serializers.ChoiceField(Dispute.Reason.choices)
    text = Text(
        allow_blank=True,
        help_text=f"In your words, {CASES.text_min} to {CASES.text_max} characters.",
    )

    class Meta:
        ref_name = "NewDispute"


class Disputed(serializers.Serializer[Progress]):
    id = serializers.CharField(source="dispute.public_id")
    decision = serializers.CharField(source="dispute.decision.public_id")
    reason = serializers.ChoiceField(Dispute.Reason.choices, source="dispute.reason")
    text = serializers.CharField(source="dispute.text")
    at = Moment(source="dispute.at")
    state = serializers.ChoiceField(
        ["received", "looked_at", "upheld", "rejected", "undecided"], help_text="How far we are."
    )


_DECISION = OpenApiParameter("decision", str, OpenApiParameter.PATH, description="dec_…")


class Answer(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="risk_decision_answer",
        request=AnswerBody,
        responses={200: Answered},
        parameters=[_DECISION],
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


class DisputeDoor(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="risk_decision_dispute",
        request=DisputeBody,
        responses={200: Disputed},
        parameters=[_DECISION],
        examples=[
            OpenApiExample(
                "Somebody said they were the bank",
                {"reason": "tricked", "text": "They rang, said they were you, and had me pay."},
                request_only=True,
            )
        ],
    )
    @raises(
        errors.WordsMissing,
        errors.WordsTooLong,
        errors.NothingMoved,
        errors.NotYourPayment,
        errors.TooLateToDispute,
    )
    def post(self, request: PersonApiRequest, decision: str) -> Response:
        """Something is wrong with a payment

        Of yours, and that moved. Somebody looks into it. Once a payment: what was said first stays,
        and sending it again tells how far we are.
        """
        asked = body_of(request, DisputeBody)
        found = decisions_of(request.user).get_public(decision)
        progress = services.dispute(decision=found, by=request.user, **asked)
        return Response(Disputed(progress).data)
