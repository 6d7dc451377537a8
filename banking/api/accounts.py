"""Accounts: what is on them, opening and renaming one, and what may still be sent."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking import selectors
from banking.care.errors import AccountNameInvalid, AccountsExhausted
from banking.care.selectors import version_of
from banking.care.services import open_account, rename_account
from banking.errors import UnknownCurrency
from banking.limits.selectors import allowance
from banking.models import Account, Right
from banking.sharing.selectors import shared_with
from fintrust.core.api import AmountText, Body, Currency, Moment, Text, body_of, raises
from fintrust.core.etags import (
    ETAG,
    IF_MATCH,
    PreconditionFailed,
    PreconditionRequired,
    etag,
    if_match,
)
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User


class AccountView(serializers.Serializer[Account]):
    id = serializers.CharField(source="public_id")
    number = serializers.CharField()
    name = serializers.CharField()
    product = serializers.ChoiceField(Account.Product.choices)
    currency = serializers.CharField()
    status = serializers.ChoiceField(Account.Status.choices)
    balance = AmountText()
    available = AmountText()
    held = AmountText()
    overdraft = AmountText(help_text="How far below zero it may sink.")
    opened_at = Moment()
    access = serializers.SerializerMethodField()
    owner = serializers.SerializerMethodField()

    def get_access(self, account: Account) -> str:
        """`own`, or for an account that is shared with you `view` or `operate`."""
        share = self._share(account)
        return share.right if share else "own"

    def get_owner(self, account: Account) -> str | None:
        """Whose it is, when it is shared with you."""
        share = self._share(account)
        return share.account.owner.name if share else None

    def _share(self, account: Account) -> Any:
        return self.context.get("shares", {}).get(account.pk)


def seen_by(user: User) -> dict[str, Any]:
    """What `AccountView` has to know of its reader: what is shared with them."""
    return {"shares": {share.account_id: share for share in shared_with(user)}}


class AccountList(serializers.Serializer[Any]):
    results = AccountView(many=True)


OPENABLE = [choice for choice in Account.Product.choices if choice[0] != Account.Product.INTERNAL]


class NewAccount(Body):
    product = serializers.ChoiceField(OPENABLE)
    currency = Currency()
    name = Text(max_length=80, required=False, allow_blank=True, default="")


class Accounts(APIView):
    @extend_schema(operation_id="accounts_list", responses={200: AccountList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your accounts and those shared with you, in the order they were opened."""
        found = selectors.accounts_for(request.user, Right.VIEW)
        return Response(AccountList({"results": found}, context=seen_by(request.user)).data)

    @extend_schema(
        operation_id="accounts_open",
        request=NewAccount,
        responses={201: AccountView},
        examples=[
            OpenApiExample(
                "A savings account",
                {"product": "savings", "currency": "EUR", "name": "Holiday"},
                request_only=True,
            )
        ],
    )
    @raises(AccountsExhausted, UnknownCurrency)
    def post(self, request: PersonApiRequest) -> Response:
        """Open an account."""
        account = open_account(owner=request.user, **body_of(request, NewAccount))
        at = reverse("api-account", kwargs={"account": account.public_id}, request=request)
        return Response(AccountView(account).data, status=201, headers={"Location": at})


class AccountChange(Body):
    name = Text(max_length=80)


def account_answer(request: PersonApiRequest, account: Account) -> Response:
    """An account with its version."""
    body = AccountView(account, context=seen_by(request.user)).data
    return Response(body, headers={"ETag": etag(version_of(account))})


class OneAccount(APIView):
    @extend_schema(operation_id="accounts_read", responses={200: AccountView}, parameters=[ETAG])
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """One account of yours, or shared with you. Anybody else's does not exist."""
        return account_answer(request, selectors.account_for(request.user, account, Right.VIEW))

    @extend_schema(
        operation_id="accounts_change",
        request=AccountChange,
        responses={200: AccountView},
        parameters=[IF_MATCH, ETAG],
        examples=[OpenApiExample("Another name", {"name": "Holiday"}, request_only=True)],
    )
    @raises(AccountNameInvalid, PreconditionRequired, PreconditionFailed)
    def patch(self, request: PersonApiRequest, account: str) -> Response:
        """Call an account of yours something else, if it is still as you have read it."""
        found = selectors.account_for(request.user, account)
        asked, expected = body_of(request, AccountChange), if_match(request)
        changed = rename_account(
            account=found, by=request.user, name=asked["name"], expected=expected
        )
        return account_answer(request, changed)


class WindowView(serializers.Serializer[Any]):
    limit = AmountText()
    sent = AmountText(help_text="Sent, or set aside to be sent.")
    left = AmountText()
    resets_at = Moment()


class LimitsView(serializers.Serializer[Any]):
    """What the account may send. Days and months are the bank's, in UTC."""

    currency = serializers.CharField(source="left.currency")
    left = AmountText(help_text="What can be sent at once without reaching a limit.")
    day = WindowView()
    month = WindowView()
    payments_a_day = serializers.IntegerField(source="count_limit")
    payments_left = serializers.IntegerField(source="count_left")


class AccountLimits(APIView):
    @extend_schema(operation_id="accounts_limits", responses={200: LimitsView})
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What the account may still send today and this month."""
        return Response(
            LimitsView(allowance(selectors.account_for(request.user, account, Right.VIEW))).data
        )
