"""The address book for programs, and the check of a name before it is trusted."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking.models import Check, Payee
from banking.models.payees import NICKNAME_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees import errors, selectors, services
from banking.payees.names import NAME_MAX
from fintrust.core.api import Body, Moment, Text, about, body_of, raises
from fintrust.core.etags import (
    ETAG,
    IF_MATCH,
    PreconditionFailed,
    PreconditionRequired,
    etag,
    if_match,
)
from fintrust.core.http import PersonApiRequest

_THEIRS = "acc_01kahkf19qf7wa2mgdb9wkbn4x"


class PayeeView(serializers.Serializer[Payee]):
    id = serializers.CharField(source="public_id")
    account = serializers.CharField(source="account.public_id")
    number = serializers.CharField(source="account.number")
    currency = serializers.CharField(source="account.currency")
    name = serializers.CharField(help_text="As you believe it.")
    nickname = serializers.CharField()
    check = serializers.ChoiceField(Check.choices, source="check_result")
    registered_name = serializers.CharField(
        help_text="The name on the account, if yours matched or was close; else empty."
    )
    checked_at = Moment()
    last_paid_at = serializers.SerializerMethodField()

    def get_last_paid_at(self, payee: Payee) -> str | None:
        """When your money last reached them."""
        paid = getattr(payee, "last_paid", None)
        return str(Moment().to_representation(paid)) if paid else None


class PayeeList(serializers.Serializer[Any]):
    results = PayeeView(many=True)


class PayeeBody(Body):
    account = Text(max_length=60, help_text="An account's number or id.")
    name = Text(max_length=NAME_MAX, help_text="The name you believe the account has.")
    nickname = Text(max_length=NICKNAME_MAX, required=False, allow_blank=True, default="")


class PayeeChanges(Body):
    name = Text(max_length=NAME_MAX, required=False)
    nickname = Text(max_length=NICKNAME_MAX, required=False, allow_blank=True)


class NameBody(Body):
    account = Text(max_length=60, help_text="An account's number or id.")
    name = Text(max_length=NAME_MAX)


class NameAnswer(serializers.Serializer[Any]):
    check = serializers.ChoiceField(Check.choices)
    name = serializers.CharField(
        allow_null=True, help_text="The name on the account, if yours matched or was close."
    )


_LOOKS = (AccountNumberInvalid, errors.UnknownPayee, errors.TooManyLooks)


class Payees(APIView):
    throttle_scope = "money"

    @extend_schema(operation_id="payees_list", responses={200: PayeeList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your address book, by name."""
        return Response(PayeeList({"results": selectors.payees_of(request.user)}).data)

    @extend_schema(
        operation_id="payees_add",
        request=PayeeBody,
        parameters=[ETAG],
        responses={201: PayeeView},
        examples=[
            OpenApiExample(
                "A friend",
                {"account": _THEIRS, "name": "Ben Okri", "nickname": "Ben"},
                request_only=True,
            )
        ],
    )
    @raises(*_LOOKS, errors.PayeeExists, errors.PayeeIsYou, errors.PayeesExhausted)
    def post(self, request: PersonApiRequest) -> Response:
        """Remember somebody you pay.

        `check` says whether the name is the account's own: `match`, `close` (then
        `registered_name` corrects it), `none` or `cannot`. Whatever it says, the payee is kept;
        with `none`, ask them for their details again before you pay.
        """
        asked = body_of(request, PayeeBody)
        with about("account"):
            payee = services.add_payee(by=request.user, **asked)
        at = reverse("api-payee", kwargs={"payee": payee.public_id}, request=request)
        return _shown(payee, status=201, headers={"Location": at})


class OnePayee(APIView):
    @extend_schema(operation_id="payees_read", parameters=[ETAG], responses={200: PayeeView})
    def get(self, request: PersonApiRequest, payee: str) -> Response:
        """One of your payees. Somebody else's does not exist."""
        return _shown(selectors.payee_for(request.user, payee))

    @extend_schema(
        operation_id="payees_change",
        request=PayeeChanges,
        parameters=[IF_MATCH, ETAG],
        responses={200: PayeeView},
        examples=[OpenApiExample("A nickname", {"nickname": "Landlord"}, request_only=True)],
    )
    @raises(PreconditionRequired, PreconditionFailed, errors.TooManyLooks)
    def patch(self, request: PersonApiRequest, payee: str) -> Response:
        """Change a name; what you leave out stays. A new `name` is checked anew."""
        expected, asked = if_match(request), body_of(request, PayeeChanges)
        found = selectors.payee_for(request.user, payee)
        services.change_payee(payee=found, by=request.user, **asked, expected=expected)
        return _shown(selectors.payee_for(request.user, payee))

    @extend_schema(
        operation_id="payees_remove",
        parameters=[IF_MATCH],
        responses={204: OpenApiResponse(description="Removed. What was paid stays.")},
    )
    @raises(PreconditionRequired, PreconditionFailed)
    def delete(self, request: PersonApiRequest, payee: str) -> Response:
        """Remove a payee. Your history and your scheduled payments stay as they are."""
        expected = if_match(request)
        found = selectors.payee_for(request.user, payee)
        services.remove_payee(payee=found, by=request.user, expected=expected)
        return Response(status=204)


class NameCheckDoor(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="payees_check_name",
        request=NameBody,
        responses={200: NameAnswer},
        examples=[
            OpenApiExample(
                "Is this Ben's?", {"account": _THEIRS, "name": "Ben Okri"}, request_only=True
            )
        ],
    )
    @raises(*_LOOKS)
    def post(self, request: PersonApiRequest) -> Response:
        """Ask whether an account has this name.

        Close is told the right name, a wrong one is not. You can look at so many strangers'
        accounts in an hour and a day; then `429` says when it goes on.
        """
        asked = body_of(request, NameBody)
        with about("account"):
            found = services.look_up(by=request.user, text=asked["account"], name=asked["name"])
        check = Check.MATCH if found.own else found.check or Check.CANNOT
        known = found.paid or check in {Check.MATCH, Check.CLOSE}
        return Response(NameAnswer({"check": check, "name": found.shown if known else None}).data)


def _shown(payee: Payee, **options: Any) -> Response:
    headers = {"ETag": etag(payee.version), **options.pop("headers", {})}
    return Response(PayeeView(payee).data, headers=headers, **options)
