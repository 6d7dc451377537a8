"""Asking for money to move, and what it would cost."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking import selectors
from banking.api.base import (
    ANY_MONEY,
    ANY_PRICE,
    MINE,
    MONEY_ANSWERS,
    MONEY_HEADERS,
    THEIRS,
    MoneyDoor,
)
from banking.api.transfer_view import MoneyView
from banking.errors import SameAccount, UnknownCurrency
from banking.fx import quotes
from banking.fx.errors import QuoteExpired, QuoteMismatch
from banking.limits.errors import AccountLimitReached
from banking.models import Right, Transfer
from banking.models.transfers import NOTE_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees.errors import TooManyLooks, UnknownPayee
from banking.payees.services import find
from banking.sharing.errors import ViewOnly
from banking.transfers import services
from banking.transfers.errors import DepositTooLarge, FundingClosed
from fintrust.core import money
from fintrust.core.api import Body, Currency, Moment, MoneyBody, Text, about, body_of, raises
from fintrust.core.errors import NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.where import Where, heard


class CashBody(Where, MoneyBody):
    account = Text(max_length=60, help_text="One of your accounts.")


class TransferBody(Where, MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is paid: an account's id or number.")
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True, default="")

    target_currency = Currency(
        required=False,
        help_text="The target's currency, when it is another one: you agree to the rate of the"
        " moment. The amount may be in it, too: then so much arrives.",
    )
    quote = Text(
        required=False, max_length=quotes.TOKEN_MAX, help_text="The price you were quoted."
    )


class QuoteBody(MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is to be paid: an account's id or number.")


class QuoteView(serializers.Serializer[Any]):
    """What a transfer would cost and bring."""

    amount = MoneyView()
    fee = MoneyView()
    total = MoneyView()
    arrives = MoneyView()
    rate = serializers.CharField(allow_null=True, help_text="Null within one currency.")
    quote = serializers.CharField(
        allow_null=True, help_text="Send it with the transfer to get this price."
    )
    expires_at = Moment(allow_null=True)


def _money_moves(operation: str, body: type[Body], example: dict[str, str]) -> Any:
    """What deposits, withdrawals and transfers have in common for their reader."""
    return extend_schema(
        operation_id=operation,
        request=body,
        responses=MONEY_ANSWERS,
        parameters=MONEY_HEADERS,
        examples=[OpenApiExample("Twelve euro fifty", example, request_only=True)],
    )


class Deposit(MoneyDoor):
    @_money_moves("deposit", CashBody, {"account": MINE, "amount": "12.50", "currency": "EUR"})
    @raises(*ANY_MONEY, FundingClosed, DepositTooLarge)
    def post(self, request: PersonApiRequest) -> Response:
        """Put money into an account of yours, from the bank's clearing account (demo funding)."""
        key, asked = self.key(), body_of(request, CashBody)
        account = self.own_account(request.user, asked["account"], "account")
        with heard(asked):
            transfer = services.deposit(
                by=request.user,
                account=account,
                amount=asked["amount"],
                request_id=key,
                channel=Transfer.Channel.API,
            )
        return self.answer(request, transfer)


class Withdraw(MoneyDoor):
    @_money_moves("withdraw", CashBody, {"account": MINE, "amount": "12.50", "currency": "EUR"})
    @raises(*ANY_MONEY, AccountLimitReached)
    def post(self, request: PersonApiRequest) -> Response:
        """Take money out of an account of yours."""
        key, asked = self.key(), body_of(request, CashBody)
        account = self.own_account(request.user, asked["account"], "account")
        with heard(asked):
            transfer = services.withdraw(
                by=request.user,
                account=account,
                amount=asked["amount"],
                request_id=key,
                channel=Transfer.Channel.API,
            )
        return self.answer(request, transfer)


class Send(MoneyDoor):
    @_money_moves(
        "transfer",
        TransferBody,
        {
            "source": MINE,
            "target": THEIRS,
            "amount": "12.50",
            "currency": "EUR",
            "note": "Lunch",
        },
    )
    @raises(
        *ANY_MONEY,
        *ANY_PRICE,
        SameAccount,
        AccountLimitReached,
        UnknownPayee,
        TooManyLooks,
        ViewOnly,
        QuoteExpired,
        QuoteMismatch,
        AccountNumberInvalid,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """Send money from an account of yours, or one you may operate, to anybody's.

        It is judged first: `posted` (201) has moved, `held` (202) waits for your PIN or an
        officer, `refused` (201) stays where it was; `reasons` say why.
        """
        key, asked = self.key(), body_of(request, TransferBody)
        source = self.own_account(request.user, asked["source"], "source", Right.OPERATE)
        with about("target"):
            target = find(by=request.user, text=asked["target"])
        with heard(asked):
            transfer = services.send_transfer(
                by=request.user,
                source=source,
                target=target,
                amount=asked["amount"],
                request_id=key,
                note=asked["note"],
                channel=Transfer.Channel.API,
                target_currency=asked.get("target_currency", ""),
                quote=asked.get("quote", ""),
            )
        return self.answer(request, transfer)


class Quoted(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="transactions_quote",
        request=QuoteBody,
        responses={200: QuoteView},
        examples=[
            OpenApiExample(
                "Twelve euro fifty",
                {"source": MINE, "target": THEIRS, "amount": "12.50", "currency": "EUR"},
                request_only=True,
            )
        ],
    )
    @raises(
        *ANY_PRICE,
        money.InvalidAmount,
        money.AmountTooLarge,
        money.CurrencyMismatch,
        UnknownCurrency,
        UnknownPayee,
        AccountNumberInvalid,
        NotFound,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """What a transfer would cost and bring. Nothing moves and nothing is kept.

        Across currencies the price stands for a minute: send its `quote` with the transfer.
        """
        asked = body_of(request, QuoteBody)
        with about("source"):
            source = selectors.account_for(request.user, asked["source"])
        with about("target"):
            target = selectors.payee_account(asked["target"])
        return Response(QuoteView(quotes.offer(request.user, source, target, asked["amount"])).data)
