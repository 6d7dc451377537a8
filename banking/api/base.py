"""What all doors that move money share."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking import errors, selectors
from banking.api.transfer_view import TransferView
from banking.fx.errors import NoRate, RateTooOld
from banking.models import Account, Right, Transfer
from fintrust.core import devices, idempotency, money
from fintrust.core.api import Body, Text, about
from fintrust.core.errors import NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User

# Names in examples; a test puts real ones in their place.
MINE = "acc_01kahkf19qf7wa2mgdb9wkbn4w"
THEIRS = "acc_01kahkf19qf7wa2mgdb9wkbn4x"
_KEY = "a0d6e5c2-order-1017"

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    pattern=r'^([!#-~][!-~]{0,99}|"([!#-\[\]-~]|\\["\\]){1,100}")$',
    description="Your own name for this request, bare or in quotes. Sent again, it does nothing"
    " again.",
    examples=[OpenApiExample("An order's number", _KEY)],
)
DEVICE = OpenApiParameter(
    devices.HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    pattern=devices.PATTERN,
    description="Your program's own random name for this installation, on every request. A payment"
    " from a device that is known to be yours is believed more easily.",
    examples=[OpenApiExample("A random name", "9f1c2a7e5b60")],
)
MONEY_HEADERS = [
    IDEMPOTENCY_KEY,
    DEVICE,
    OpenApiParameter(
        "Idempotent-Replayed",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        response=[200],
        enum=["true"],
        description="This is the stored answer to the same request.",
    ),
]
MONEY_ANSWERS = {200: TransferView, 201: TransferView, 202: TransferView}

ANY_MONEY = (
    idempotency.IdempotencyKeyMissing,
    idempotency.IdempotencyKeyInvalid,
    idempotency.IdempotencyKeyReused,
    money.InvalidAmount,
    money.AmountTooLarge,
    money.CurrencyMismatch,
    devices.DeviceInvalid,
    errors.UnknownCurrency,
    errors.AccountClosed,
    errors.AccountFrozen,
    errors.BalanceTooLarge,
    errors.InsufficientFunds,
    NotFound,
)
ANY_PRICE = (NoRate, RateTooOld)


class PinBody(Body):
    pin = Text(max_length=8, trim_whitespace=False)


class MoneyDoor(APIView):
    @property
    def throttle_scope(self) -> str:
        return "read" if self.request.method == "GET" else "money"

    def key(self) -> str:
        return idempotency.key_of_header(self.request.headers.get("Idempotency-Key"))

    def answer(self, request: PersonApiRequest, transfer: Transfer) -> Response:
        """201 when it is settled, 202 when it waits, 200 when it is an old answer."""
        body = TransferView(transfer, context={"user": request.user}).data
        if transfer.replayed:
            return Response(body, headers={"Idempotent-Replayed": "true"})
        at = reverse("api-transaction", kwargs={"transfer": transfer.public_id}, request=request)
        return Response(body, status=202 if transfer.is_held else 201, headers={"Location": at})

    def own_account(
        self, user: User, public_id: str, field: str, for_: Right | None = None
    ) -> Account:
        with about(field):
            return selectors.account_for(user, public_id, for_)
