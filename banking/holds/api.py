"""Holds for programs: set money aside, capture it or a part of it, give it back."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse

from banking import selectors
from banking.api.base import ANY_MONEY, MINE, MONEY_ANSWERS, MONEY_HEADERS, THEIRS, MoneyDoor
from banking.errors import HoldEnded, HoldExpired, HoldTooSmall, SameAccount
from banking.holds import errors
from banking.holds.selectors import hold_for, holds_page
from banking.holds.services import place_hold, release_hold
from banking.limits.errors import AccountLimitReached
from banking.models import Reservation
from banking.models.transfers import NOTE_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees.errors import UnknownPayee
from banking.reasons import REASON_MAX, REASON_MIN, ReasonMissing
from banking.selectors import InvalidCursor
from banking.transfers.services import capture_hold
from fintrust.core.api import (
    Amount,
    AmountText,
    Body,
    Currency,
    Moment,
    MoneyBody,
    PageQuery,
    Text,
    about,
    body_of,
    query_of,
    raises,
)
from fintrust.core.errors import Invalid
from fintrust.core.http import PersonApiRequest
from fintrust.core.ids import to_public
from fintrust.core.money import Money

HOLD_STATES = ["open", "waiting", "captured", "released", "expired"]


class HoldBody(MoneyBody):
    account = Text(max_length=60, help_text="One of your accounts.")
    reason = Text(
        min_length=REASON_MIN, max_length=REASON_MAX, help_text="What for, in your words."
    )
    expires_at = serializers.DateTimeField(
        required=False, help_text="Within thirty days; without it, in a week."
    )


class CaptureBody(Body):
    target = Text(max_length=60, help_text="Who is paid: an account's id or number.")
    amount = Amount(required=False, help_text="A part of it; without an amount, all.")
    currency = Currency(required=False, help_text="Of the amount.")
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("amount" in attrs) != ("currency" in attrs):
            missing = "currency" if "amount" in attrs else "amount"
            raise Invalid("An amount and its currency come together.", field=missing)
        if "amount" in attrs:
            attrs["amount"] = Money.parse(attrs["amount"], attrs.pop("currency"))
        return attrs


class HoldView(serializers.Serializer[Reservation]):
    id = serializers.CharField(source="public_id")
    account = serializers.CharField(source="hold.account.public_id")
    amount = AmountText(source="hold.amount")
    currency = serializers.CharField(source="hold.account.currency")
    reason = serializers.CharField(source="hold.because")
    status = serializers.SerializerMethodField()
    placed_at = Moment(source="hold.placed_at")
    expires_at = Moment(source="hold.expires_at")
    ended_at = Moment(source="hold.end.at", allow_null=True, default=None)
    captured = serializers.SerializerMethodField()
    transfer = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(HOLD_STATES))
    def get_status(self, reservation: Reservation) -> str:
        """`waiting` when its capture waits for your PIN or an officer."""
        end = getattr(reservation.hold, "end", None)
        if end is not None:
            return str(end.outcome)
        return "waiting" if self._transfer(reservation) else "open"

    def get_captured(self, reservation: Reservation) -> str | None:
        """How much of it was sent, once it is captured; the rest is free again."""
        transfer = self._transfer(reservation)
        if transfer is None or transfer.movement_id is None:
            return None
        return str(AmountText().to_representation(transfer.amount))

    def get_transfer(self, reservation: Reservation) -> str | None:
        """The transfer that captured it, or waits to."""
        transfer = self._transfer(reservation)
        return to_public("trf", transfer.pk) if transfer else None

    def _transfer(self, reservation: Reservation) -> Any:
        return getattr(reservation.hold, "transfer", None)


class HoldPage(serializers.Serializer[Any]):
    results = HoldView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class HoldDoor(MoneyDoor):
    def hold_answer(self, reservation: Reservation, status: int) -> Response:
        body = HoldView(reservation).data
        if reservation.replayed:
            return Response(body, headers={"Idempotent-Replayed": "true"})
        return Response(body, status=status)


class Holds(HoldDoor):
    @extend_schema(operation_id="holds_list", parameters=[PageQuery], responses={200: HoldPage})
    @raises(InvalidCursor)
    def get(self, request: PersonApiRequest) -> Response:
        """What your programs have set aside, newest first, also what has ended."""
        asked = query_of(request, PageQuery)
        with about("cursor"):
            rows, after = holds_page(request.user, before=asked.get("cursor"), size=asked["limit"])
        return Response(HoldPage({"results": rows, "next_cursor": after or None}).data)

    @extend_schema(
        operation_id="holds_place",
        request=HoldBody,
        responses={200: HoldView, 201: HoldView},
        parameters=MONEY_HEADERS,
        examples=[
            OpenApiExample(
                "A room for three nights",
                {"account": MINE, "amount": "30.00", "currency": "EUR", "reason": "Room 12"},
                request_only=True,
            )
        ],
    )
    @raises(*ANY_MONEY, errors.HoldsExhausted, errors.HoldTimeInvalid, ReasonMissing)
    def post(self, request: PersonApiRequest) -> Response:
        """Set money aside on an account of yours. It stays there, and cannot be spent otherwise."""
        key, asked = self.key(), body_of(request, HoldBody)
        made = place_hold(
            by=request.user,
            account=self.own_account(request.user, asked["account"], "account"),
            amount=asked["amount"],
            request_id=key,
            reason=asked["reason"],
            expires_at=asked.get("expires_at"),
        )
        answer = self.hold_answer(made, 201)
        if not made.replayed:
            answer["Location"] = reverse(
                "api-hold", kwargs={"hold": made.public_id}, request=request
            )
        return answer


class OneHold(HoldDoor):
    @extend_schema(operation_id="holds_read", responses={200: HoldView})
    def get(self, request: PersonApiRequest, hold: str) -> Response:
        """One hold of yours. What a held transfer waits on is that transfer's, and not here."""
        return Response(HoldView(hold_for(request.user, hold)).data)


class Capture(HoldDoor):
    @extend_schema(
        operation_id="holds_capture",
        request=CaptureBody,
        responses=MONEY_ANSWERS,
        parameters=MONEY_HEADERS,
        examples=[
            OpenApiExample(
                "A part of it",
                {"target": THEIRS, "amount": "12.50", "currency": "EUR", "note": "Room 12"},
                request_only=True,
            )
        ],
    )
    @raises(
        *ANY_MONEY,
        AccountNumberInvalid,
        AccountLimitReached,
        HoldEnded,
        HoldExpired,
        errors.HoldInUse,
        HoldTooSmall,
        SameAccount,
        UnknownPayee,
    )
    def post(self, request: PersonApiRequest, hold: str) -> Response:
        """Send what is set aside, or a part of it; the rest is free again at the same moment.

        It is a transfer, judged like any: `posted` has moved, `held` waits on this hold, and
        `refused` leaves the hold as it was.
        """
        key, asked = self.key(), body_of(request, CaptureBody)
        found = hold_for(request.user, hold).hold
        with about("target"):
            target = selectors.payee_account(asked["target"])
        transfer = capture_hold(
            by=request.user,
            hold=found,
            target=target,
            amount=asked.get("amount", found.amount),
            request_id=key,
            note=asked["note"],
        )
        return self.answer(request, transfer)


class Release(HoldDoor):
    @extend_schema(
        operation_id="holds_release",
        request=None,
        responses={200: HoldView},
        parameters=MONEY_HEADERS,
    )
    @raises(*ANY_MONEY, HoldEnded, errors.HoldInUse)
    def post(self, request: PersonApiRequest, hold: str) -> Response:
        """Give all of it back to your account."""
        released = release_hold(
            reservation=hold_for(request.user, hold), by=request.user, request_id=self.key()
        )
        return self.hold_answer(released, 200)
