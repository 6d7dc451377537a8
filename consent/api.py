"""What a partner may read of a customer who agreed: masked, and remembered."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from banking.models import Account
from banking.selectors import InvalidCursor
from consent import selectors, services
from consent.errors import (
    ConsentEnded,
    ConsentMissing,
    NotAPartner,
    PartnerSuspended,
    ScopeNotGranted,
)
from consent.models import Consent, Purpose, Scope
from consent.policy import STANDARD
from consent.shared import Shared
from fintrust.core import roles
from fintrust.core.api import Body, Moment, Text, WholeNumber, query_of, raises
from fintrust.core.http import PersonApiRequest

_REFUSALS = (NotAPartner, PartnerSuspended, ConsentMissing, ConsentEnded, ScopeNotGranted)
_PRIVATE = {"Cache-Control": "no-store"}  # a copy on the way would outlive the consent


class PartnersOnly(BasePermission):
    """The door for programs of partners; customers see their own data under /accounts/."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user.is_authenticated and not roles.has(request.user, roles.PARTNER):
            raise NotAPartner()
        return bool(request.user.is_authenticated)


class PartnerView(APIView):
    permission_classes = [PartnersOnly]


# --- what goes out -------------------------------------------------------------------------------


class SharedAccountView(serializers.Serializer[Consent]):
    account = serializers.CharField(source="account.public_id")
    consent = serializers.CharField(source="public_id")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    purpose = serializers.ChoiceField(Purpose.choices)
    granted_at = Moment(source="starts_at")
    ends_at = Moment()


class SharedAccountList(serializers.Serializer[Any]):
    results = SharedAccountView(many=True)


class MaskedMoney(serializers.Serializer[Any]):
    amount = serializers.CharField()
    currency = serializers.CharField()


class MaskedBand(serializers.Serializer[Any]):
    to = serializers.CharField(allow_null=True, help_text="Not reached; null is open.")
    currency = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        start = serializers.CharField(allow_null=True, help_text="null is open.")
        return {"from": start, **super().get_fields()}  # `from` cannot be a Python attribute


class MaskedBalance(serializers.Serializer[Any]):
    account = serializers.CharField()
    number = serializers.CharField(help_text="The last four characters.")
    balance = MaskedMoney()
    available = MaskedMoney()


class MaskedDetails(serializers.Serializer[Any]):
    account = serializers.CharField()
    number = serializers.CharField(help_text="The last four characters.")
    product = serializers.ChoiceField(Account.Product.choices)
    currency = serializers.CharField()
    status = serializers.ChoiceField(Account.Status.choices)
    opened = serializers.CharField(help_text="Year and month.")
    holder = serializers.CharField(help_text="Initials.")
    email = serializers.CharField(help_text="First letter and mail server.")
    phone = serializers.CharField(help_text="The last two digits.")
    balance_band = MaskedBand()


class MaskedTransaction(serializers.Serializer[Any]):
    id = serializers.CharField()
    day = serializers.DateField()
    kind = serializers.CharField()
    amount = MaskedMoney(help_text="Negative when money left the account.")
    counterparty = serializers.CharField(help_text="Initials.")
    counterparty_number = serializers.CharField(help_text="The last four characters.")
    note = serializers.CharField(help_text="Only that there is one.")


class MaskedTransactions(serializers.Serializer[Any]):
    results = MaskedTransaction(many=True)
    next_cursor = serializers.CharField(allow_null=True)


# --- doors ---------------------------------------------------------------------------------------


class SharedAccounts(PartnerView):
    @extend_schema(operation_id="shared_accounts_list", responses={200: SharedAccountList})
    @raises(NotAPartner, PartnerSuspended)
    def get(self, request: PersonApiRequest) -> Response:
        """The accounts that are shared with you now, with what you may read and until when."""
        found = selectors.shared_with(request.user)
        return Response(SharedAccountList({"results": found}).data, headers=_PRIVATE)


class SharedDetails(PartnerView):
    @extend_schema(operation_id="shared_accounts_details", responses={200: MaskedDetails})
    @raises(*_REFUSALS)
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What kind of account it is, and enough of its owner to match them. Scope `details`."""
        return _document(request, account, Scope.DETAILS)


class SharedBalance(PartnerView):
    @extend_schema(operation_id="shared_accounts_balance", responses={200: MaskedBalance})
    @raises(*_REFUSALS)
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What is on the account now. Scope `balance`."""
        return _document(request, account, Scope.BALANCE)


class SharedTransactions(PartnerView):
    class Query(Body):
        cursor = Text(required=False, max_length=60, help_text="`next_cursor` of the page before.")
        limit = WholeNumber(
            required=False,
            default=STANDARD.rows_max,
            min_value=1,
            max_value=STANDARD.rows_max,
        )

        class Meta:
            ref_name = "SharedTransactionsQuery"

    @extend_schema(
        operation_id="shared_accounts_transactions",
        parameters=[Query],
        responses={200: MaskedTransactions},
    )
    @raises(*_REFUSALS, InvalidCursor)
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What came and went, newest first, back to 90 days before the consent.

        Scope `transactions`. Each page is a disclosure of its own, which the customer sees.
        """
        query = query_of(request, self.Query)
        found = _read(request, account, Scope.TRANSACTIONS, **query)
        answer = {"results": found.rows, "next_cursor": found.next_cursor}
        return Response(answer, headers=_PRIVATE)


def _document(request: PersonApiRequest, account: str, scope: str) -> Response:
    query_of(request, Body)  # no parameter is known here
    return Response(_read(request, account, scope).document, headers=_PRIVATE)


def _read(request: PersonApiRequest, account: str, scope: str, **page: Any) -> Shared:
    return services.deliver(
        partner_user=request.user, account_public_id=account, scope=scope, **page
    )
