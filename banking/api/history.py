"""What moved, and what was decided about it."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking import selectors
from banking.api.transfer_view import TransferView, transfer_answer
from banking.models import Right, Transfer
from banking.numbers import AccountNumberInvalid
from banking.payees.errors import UnknownPayee
from banking.selectors import Filters, InvalidCursor
from fintrust.core import money
from fintrust.core.api import Amount, Currency, Moment, PageQuery, Text, about, query_of, raises
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.models import Decision


class TransferPage(serializers.Serializer[Any]):
    results = TransferView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HistoryQuery(PageQuery):
    account = Text(
        required=False, max_length=60, help_text="One of your accounts, or one shared with you."
    )
    counterparty = Text(required=False, max_length=60, help_text="An account's id or number.")
    kind = serializers.ChoiceField(Transfer.Kind.choices, required=False)
    status = serializers.ChoiceField(Transfer.Status.choices, required=False)
    verdict = serializers.ChoiceField(Decision.Verdict.choices, required=False)
    currency = Currency(required=False)
    min_amount = Amount(required=False, help_text="At least so much; needs `currency`.")
    max_amount = Amount(required=False, help_text="At most so much; needs `currency`.")
    since = serializers.DateTimeField(required=False, help_text="Asked at or after.")
    until = serializers.DateTimeField(required=False, help_text="Asked before.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("min_amount", "max_amount"):
            if name in attrs:
                if "currency" not in attrs:
                    raise Invalid("An amount needs its currency.", field="currency")
                with about(name):
                    attrs[name] = Money.parse(attrs[name], attrs["currency"])
        return attrs


class History(APIView):
    @extend_schema(
        operation_id="transactions_list",
        parameters=[HistoryQuery],
        responses={200: TransferPage},
    )
    @raises(
        money.InvalidAmount,
        money.AmountTooLarge,
        InvalidCursor,
        AccountNumberInvalid,
        UnknownPayee,
        NotFound,
    )
    def get(self, request: PersonApiRequest) -> Response:
        """What left your accounts and what reached them, newest first.

        An account that is shared with you has a history of its own: name it as `account`.
        """
        asked = query_of(request, HistoryQuery)
        found = self._found(request.user, asked)
        context: dict[str, Any] = {"user": request.user}
        if "account" in asked:
            context["on"] = selectors.account_for(request.user, asked["account"], Right.VIEW)
        with about("cursor"):
            page = selectors.transfers_page(found, before=asked.get("cursor"), size=asked["limit"])
        answer = {"results": page.rows, "next_cursor": page.next or None}
        seen = selectors.as_seen_by(request.user, page.rows, on=context.get("on"))
        context["seen"] = {one.transfer.pk: one for one in seen}
        return Response(TransferPage(answer, context=context).data)

    def _found(self, user: User, asked: dict[str, Any]) -> selectors.Transfers:
        with about("account"):
            found = selectors.history(user, _filters(asked))
        if "counterparty" in asked:
            with about("counterparty"):
                other = selectors.account_id(asked["counterparty"])
            found = found.filter(Q(source=other) | Q(target=other))
        return found


def _filters(asked: dict[str, Any]) -> Filters:
    amounts = {
        f"amount_{end}": asked[f"{end}_amount"].minor
        for end in ("min", "max")
        if f"{end}_amount" in asked
    }
    same = {
        name: asked[name]
        for name in ("account", "kind", "status", "verdict", "currency", "since", "until")
        if name in asked
    }
    return Filters(**same, **amounts)


class OneTransfer(APIView):
    @extend_schema(operation_id="transactions_read", responses={200: TransferView})
    def get(self, request: PersonApiRequest, transfer: str) -> Response:
        """One transfer on an account that is yours or shared with you."""
        return transfer_answer(request, selectors.transfer_for(request.user, transfer))


class Reason(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()
    weight = serializers.FloatField()


class DecisionView(serializers.Serializer[Decision]):
    id = serializers.CharField(source="public_id")
    transfer = serializers.CharField(source="subject")
    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    risk_level = serializers.ChoiceField(
        Decision.Risk.choices, help_text="Of the score alone: it says nothing of `by_own_limit`."
    )
    score = serializers.FloatField(min_value=0, max_value=1)
    by_own_limit = serializers.BooleanField(
        source="forbidden", help_text="Refused by your own limit, whatever the score."
    )
    reasons = Reason(many=True)
    ruleset = serializers.CharField()
    at = Moment()


class OneDecision(APIView):
    @extend_schema(operation_id="transactions_decision", responses={200: DecisionView})
    def get(self, request: PersonApiRequest, transfer: str) -> Response:
        """Why a transfer from your account was posted, held or refused."""
        found = selectors.transfer_for(request.user, transfer)
        if not selectors.knows_why(request.user, found):
            raise NotFound()
        return Response(DecisionView(found.decision).data)
