"""Many transfers in one request."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from banking import selectors
from banking.api.base import ANY_MONEY, MINE, MONEY_HEADERS, THEIRS, MoneyDoor
from banking.api.transfer_view import TransferView
from banking.batches.services import Item, send_batch
from banking.errors import SameAccount
from banking.limits.errors import AccountLimitReached
from banking.models import Batch
from banking.models.transfers import NOTE_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees.errors import UnknownPayee
from banking.policy import BATCHES
from banking.sharing.errors import ViewOnly
from fintrust.core.api import Body, MoneyBody, Text, WrongShape, body_of, raises
from fintrust.core.errors import Problem
from fintrust.core.http import PersonApiRequest


class BatchItem(MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is paid: an account's id or number.")
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True, default="")


class Items(serializers.ListField):
    """A list whose problems say in which item they are: `transfers.3.amount`."""

    child = BatchItem()

    def run_child_validation(self, data: Any) -> list[Any]:
        found, wrong = [], {}
        for index, item in enumerate(data):
            try:
                if not isinstance(item, Mapping):
                    raise WrongShape()
                found.append(self.child.run_validation(item))
            except serializers.ValidationError as error:
                wrong[index] = error.detail
            except Problem as problem:
                inner = f".{problem.field}" if problem.field else ""
                problem.field = f"transfers.{index}{inner}"
                raise
        if wrong:
            raise serializers.ValidationError(wrong)
        return found


class BatchBody(Body):
    linked = serializers.BooleanField(
        required=False, default=False, help_text="All of them, or none."
    )
    transfers = Items(min_length=1, max_length=BATCHES.items_max)


class ItemProblem(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)


class ItemView(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    status = serializers.IntegerField(help_text="As it would have answered alone.")
    transfer = TransferView(allow_null=True)
    problem = ItemProblem(allow_null=True, help_text="Why nothing happened and nothing is left.")


class BatchView(serializers.Serializer[Any]):
    id = serializers.CharField()
    linked = serializers.BooleanField()
    results = ItemView(many=True)


class SendMany(MoneyDoor):
    @property
    def throttle_scope(self) -> str:
        return "batch"

    @extend_schema(
        operation_id="transactions_batch",
        request=BatchBody,
        responses={200: BatchView, 201: BatchView},
        parameters=MONEY_HEADERS,
        examples=[
            OpenApiExample(
                "Two wages, both or none",
                {
                    "linked": True,
                    "transfers": [
                        {"source": MINE, "target": THEIRS, "amount": "1.50", "currency": "EUR"},
                        {"source": MINE, "target": THEIRS, "amount": "2.50", "currency": "EUR"},
                    ],
                },
                request_only=True,
            )
        ],
    )
    @raises(
        *ANY_MONEY,
        AccountNumberInvalid,
        AccountLimitReached,
        SameAccount,
        UnknownPayee,
        ViewOnly,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """Send up to a hundred transfers at once, within their currencies.

        Each has its own status in the answer. With `linked`, the first that cannot happen is the
        answer to all; when one is held or refused, it is kept as refused and none is posted.
        """
        key, asked = self.key(), body_of(request, BatchBody)
        batch = send_batch(
            by=request.user,
            items=[Item(**item) for item in asked["transfers"]],
            linked=asked["linked"],
            request_id=key,
        )
        body = BatchView(_shown(request, batch), context={"user": request.user}).data
        if batch.replayed:
            return Response(body, headers={"Idempotent-Replayed": "true"})
        return Response(body, status=201)


def _shown(request: PersonApiRequest, batch: Batch) -> dict[str, Any]:
    results = []
    for index, outcome in enumerate(batch.outcomes):
        problem, transfer = outcome.get("problem"), None
        if problem is None:
            transfer = selectors.transfer_for(request.user, outcome["transfer"])
        status = problem["status"] if transfer is None else 202 if transfer.is_held else 201
        results.append({"index": index, "status": status, "transfer": transfer, "problem": problem})
    return {"id": batch.public_id, "linked": batch.linked, "results": results}
