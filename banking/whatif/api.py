"""What would be decided about a payment, for programs."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking.api.sending import TransferBody
from banking.errors import SameAccount
from banking.models import Transfer
from banking.numbers import AccountNumberInvalid
from banking.payees.errors import UnknownPayee
from banking.whatif import errors
from banking.whatif.services import (
    OUTCOMES,
    Answer,
    Question,
    may_ask_about,
    payee_behind,
    what_if,
)
from fintrust.core import money
from fintrust.core.api import Moment, Text, WholeNumber, about, body_of, raises
from fintrust.core.errors import Forbidden, NotFound, Problem
from fintrust.core.http import PersonApiRequest
from fraud.api import RiskChange, RiskPart
from fraud.errors import UnknownNumber
from fraud.models import Decision

_EXAMPLE = {
    "source": "acc_01kahkf19qf7wa2mgdb9wkbn4w",
    "target": "acc_01kahkf19qf7wa2mgdb9wkbn4x",
    "amount": "1500.00",
    "currency": "EUR",
    "at": "2026-11-27T03:10:00Z",
    "location": {"place": "Lisbon, PT"},
}


class WhatIfBody(TransferBody):
    """A transfer, and when and where it would be asked for."""

    source = Text(max_length=60, help_text="One of your accounts; any customer's for officers.")
    target = Text(
        max_length=60,
        help_text="Who would be paid: an account's id or number. A number you have never dealt"
        " with is not looked up: it counts as somebody new to you.",
    )
    at = serializers.DateTimeField(
        required=False,
        help_text="When it would be asked for; now without it. At most 180 days back and 31 ahead.",
    )
    known = serializers.DictField(
        child=WholeNumber(),
        required=False,
        help_text='Numbers to take for others, for officers: `{"pair_count": 3}`.',
    )
    # Nothing is agreed to, and a device is what the person has in their hand.
    target_currency = quote = device = None  # type: ignore[assignment]


class Violated(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField(source="because")


class WeighedReason(Violated):
    weight = serializers.FloatField(min_value=0, max_value=1)


class Obstacle(serializers.Serializer[Problem]):
    code = serializers.CharField()
    text = serializers.CharField(source="message")


class WhatIfView(serializers.Serializer[Answer]):
    """What would be decided. Nothing moves, and nothing is kept."""

    outcome = serializers.ChoiceField(
        list(OUTCOMES.values()), help_text="What would become of the transfer."
    )
    verdict = serializers.ChoiceField(Decision.Verdict.choices, source="verdict.verdict")
    score = serializers.FloatField(min_value=0, max_value=1, source="verdict.score")
    risk_level = serializers.ChoiceField(
        Decision.Risk.choices,
        source="verdict.risk_level",
        help_text="Of the score alone: it says nothing of `by_own_limit`.",
    )
    by_own_limit = serializers.BooleanField(
        source="verdict.forbidden", help_text="Your own limits refuse it, whatever the score."
    )
    reasons = WeighedReason(many=True, source="verdict.reasons")
    contributions = RiskPart(
        many=True, source="parts", help_text="What the model's score is made of."
    )
    would_pass = RiskChange(
        many=True, source="tried.passing", help_text="The smallest changes with which it would."
    )
    policies_violated = Violated(many=True, help_text="Your own limits that forbid it.")
    obstacle = Obstacle(
        allow_null=True,
        help_text="What else would stop it now: no funds, a frozen account, the bank's limits.",
    )
    ruleset = serializers.CharField(source="verdict.ruleset")
    at = Moment(source="tried.facts.at")


class Assess(APIView):
    throttle_scope = "what-if"

    @extend_schema(
        operation_id="risk_assess",
        request=WhatIfBody,
        responses={200: WhatIfView},
        examples=[
            OpenApiExample("Fifteen hundred, at night in Lisbon", _EXAMPLE, request_only=True)
        ],
    )
    @raises(
        money.InvalidAmount,
        money.AmountTooLarge,
        money.CurrencyMismatch,
        errors.MomentOutOfRange,
        SameAccount,
        UnknownPayee,
        UnknownNumber,
        AccountNumberInvalid,
        Forbidden,
        NotFound,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """What would be decided about a payment

        Judged like a transfer, by the same rules and from the same history, and then forgotten:
        nothing is booked, learned or alerted. For your own accounts; officers ask about every
        customer's, and the customer sees that they did.
        """
        asked = body_of(request, WhatIfBody)
        with about("source"):
            source = may_ask_about(request.user, asked["source"])
        with about("target"):
            target = payee_behind(request.user, asked["target"])
        more = {name: asked[name] for name in ("at", "location", "known") if name in asked}
        question = Question(source, target, asked["amount"], **more)
        answer = what_if(question, by=request.user, channel=Transfer.Channel.API)
        return Response(WhatIfView(answer).data)
