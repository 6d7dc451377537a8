"""Statements and past balances for programs."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from banking import selectors
from banking.models import Account, Right
from banking.statements import errors
from banking.statements.formats import FORMATS, Format
from banking.statements.http import download
from banking.statements.selectors import BalanceThen, balance_then, bank_today, statement_of
from banking.statements.statement import Period
from fintrust.core.api import AmountText, Body, Moment, query_of, raises
from fintrust.core.http import PersonApiRequest


class StatementQuery(Body):
    """`from` is a word of Python, so the field is renamed here."""

    since = serializers.DateField(
        input_formats=["%Y-%m-%d"], help_text="The first day, in UTC: 2026-07-01."
    )
    to = serializers.DateField(input_formats=["%Y-%m-%d"], help_text="The last day, included.")
    format = serializers.ChoiceField(
        list(FORMATS), required=False, help_text="Without it, what `Accept` prefers, or JSON."
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {"from": fields.pop("since"), **fields}


class StatementLine(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="Its number on the account, without gaps.")
    reference = serializers.CharField(help_text="The movement's id.")
    booked_at = Moment()
    value_date = serializers.DateField(help_text="From when the money counts.")
    kind = serializers.CharField()
    counterparty = serializers.CharField()
    narrative = serializers.CharField()
    amount = serializers.CharField(help_text="Negative when money left.")
    balance = serializers.CharField(help_text="After this line.")
    reverses = serializers.CharField(allow_null=True, help_text="The movement it takes back.")


class StatementView(serializers.Serializer[Any]):
    """opening + incoming - outgoing = closing, and each line follows from the one before."""

    id = serializers.CharField()
    account = serializers.CharField()
    number = serializers.CharField()
    name = serializers.CharField()
    product = serializers.ChoiceField(Account.Product.choices)
    holder = serializers.CharField()
    currency = serializers.CharField()
    since = serializers.DateField()
    to = serializers.DateField()
    as_of = Moment(help_text="The end of the period, or its last line while it is not over.")
    finished = serializers.BooleanField(help_text="Nothing more will be booked in this period.")
    opening = serializers.CharField()
    incoming = serializers.CharField()
    outgoing = serializers.CharField()
    closing = serializers.CharField()
    count = serializers.IntegerField()
    lines = StatementLine(many=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {("from" if name == "since" else name): field for name, field in fields.items()}


class AnyFormat(BaseContentNegotiation):
    """The view chooses the format; a refusal is problem+json whatever was accepted."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


_FILE = {
    (200, format.media_type.partition(";")[0]): OpenApiTypes.BINARY
    for format in FORMATS.values()
    if format.name != "json"
}


class AccountStatement(APIView):
    content_negotiation_class = AnyFormat
    throttle_scope = "statement"

    @extend_schema(
        operation_id="accounts_statement",
        parameters=[StatementQuery],
        responses={(200, "application/json"): StatementView, **_FILE},
    )
    @raises(
        errors.PeriodReversed,
        errors.PeriodInFuture,
        errors.PeriodTooLong,
        errors.BeforeOpening,
        errors.StatementDoesNotFit,
        errors.StatementTooLong,
    )
    def get(self, request: PersonApiRequest, account: str) -> Any:
        """A statement of one of your accounts, in the format you ask for.

        Days are the bank's, in UTC, and lines stand in the order they were booked. A period that is
        over gives the same bytes whenever it is asked for.
        """
        found = selectors.account_for(request.user, account, Right.VIEW)
        asked = query_of(request, StatementQuery)
        period = Period.asked(asked["from"], asked["to"], today=bank_today())
        format = FORMATS[asked["format"]] if "format" in asked else _accepted(request)
        return download(statement_of(found, period), format)


def _accepted(request: Request) -> Format:
    """The format that `Accept` prefers; of two with one media type the newer, of any JSON."""
    by_type = {
        format.media_type.partition(";")[0]: format
        for format in (FORMATS["json"], *FORMATS.values())
    }
    by_type["application/xml"] = FORMATS["camt053.08"]
    preferred = request._request.get_preferred_type(list(by_type))
    if preferred is None:
        raise NotAcceptable(f"A statement is one of {', '.join(by_type)}.")
    return by_type[preferred]


class BalanceQuery(Body):
    at = serializers.DateTimeField(
        required=False, help_text="A moment in the past, with its offset: 2026-07-01T00:00:00Z."
    )


class BalanceView(serializers.Serializer[BalanceThen]):
    account = serializers.CharField(source="account.public_id")
    currency = serializers.CharField(source="account.currency")
    balance = AmountText()
    available = AmountText(help_text="The balance without what is held.")
    held = AmountText()
    at = Moment(help_text="Everything booked up to this moment is in it.")


class Balance(APIView):
    @extend_schema(
        operation_id="accounts_balance",
        parameters=[BalanceQuery],
        responses={200: BalanceView},
    )
    @raises(errors.MomentInFuture, errors.BeforeOpening)
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What is on the account, what is held, and what can be spent: now, or at a past moment."""
        found = selectors.account_for(request.user, account, Right.VIEW)
        return Response(
            BalanceView(balance_then(found, query_of(request, BalanceQuery).get("at"))).data
        )
