"""Looking after an account, for programs: freeze, thaw, close."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from banking import selectors
from banking.api.accounts import AccountView, account_answer, seen_by
from banking.api.base import ANY_MONEY, IDEMPOTENCY_KEY, MoneyDoor, PinBody
from banking.api.transfer_view import TransferView
from banking.care import errors, services
from banking.errors import AccountClosed, AccountNotEmpty, SameAccount
from banking.models import Transfer
from biometrics.errors import PinLocked, PinNotSet, PinWrong
from fintrust.core.api import Text, body_of, raises
from fintrust.core.etags import ETAG
from fintrust.core.http import PersonApiRequest


class Freeze(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="accounts_freeze",
        request=None,
        responses={200: AccountView},
        parameters=[ETAG],
    )
    @raises(AccountClosed)
    def post(self, request: PersonApiRequest, account: str) -> Response:
        """Stop everything on an account of yours; what is held may still come back."""
        found = selectors.account_for(request.user, account)
        return account_answer(request, services.freeze_account(account=found, by=request.user))


class Thaw(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="accounts_thaw",
        request=PinBody,
        responses={200: AccountView},
        parameters=[ETAG],
        examples=[OpenApiExample("Your PIN", {"pin": "4711"}, request_only=True)],
    )
    @raises(AccountClosed, errors.FrozenByBank, PinNotSet, PinWrong, PinLocked)
    def post(self, request: PersonApiRequest, account: str) -> Response:
        """Lift your own freeze, with your PIN. The bank's stays."""
        found = selectors.account_for(request.user, account)
        pin = body_of(request, PinBody)["pin"]
        thawed = services.thaw_account(account=found, by=request.user, pin=pin)
        return account_answer(request, thawed)


class ClosingBody(PinBody):
    move_to = Text(
        max_length=60,
        required=False,
        allow_null=True,
        default=None,
        help_text="One of your accounts, for what is left on this one.",
    )


class ClosingView(serializers.Serializer[Any]):
    account = AccountView()
    rest = TransferView(
        allow_null=True, help_text="How the rest was moved. Unless it is posted, nothing closed."
    )


class Close(MoneyDoor):
    @extend_schema(
        operation_id="accounts_close",
        request=ClosingBody,
        responses={200: ClosingView},
        parameters=[IDEMPOTENCY_KEY],
        examples=[OpenApiExample("An empty account", {"pin": "4711"}, request_only=True)],
    )
    @raises(
        *ANY_MONEY,
        AccountNotEmpty,
        errors.AccountShared,
        SameAccount,
        PinNotSet,
        PinWrong,
        PinLocked,
    )
    def post(self, request: PersonApiRequest, account: str) -> Response:
        """Close an account of yours for good, after moving what is left on it

        The rest is judged like any transfer. When it is refused, the account stays open; ask
        again, under another key, when the reason is gone.
        """
        key, asked = self.key(), body_of(request, ClosingBody)
        to = asked["move_to"]
        closed, rest = services.close_account(
            account=selectors.account_for(request.user, account),
            by=request.user,
            pin=asked["pin"],
            request_id=key,
            move_to=None if to is None else self.own_account(request.user, to, "move_to"),
            channel=Transfer.Channel.API,
        )
        context = {"user": request.user, **seen_by(request.user)}
        return Response(ClosingView({"account": closed, "rest": rest}, context=context).data)
