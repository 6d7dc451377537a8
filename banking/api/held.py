"""What becomes of money that waits, in the hands of who asked."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from banking import errors, selectors
from banking.api.base import ANY_PRICE, PinBody
from banking.api.transfer_view import TransferView, transfer_answer
from banking.fx.errors import RateMoved
from banking.transfers import services
from banking.transfers.errors import TransferNotHeld, UnderReview
from biometrics.errors import PinLocked, PinNotSet, PinWrong
from fintrust.core.api import body_of, raises
from fintrust.core.http import PersonApiRequest


class Confirm(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="transactions_confirm",
        request=PinBody,
        responses={200: TransferView},
        examples=[OpenApiExample("Your PIN", {"pin": "4711"}, request_only=True)],
    )
    @raises(
        TransferNotHeld,
        UnderReview,
        errors.HoldExpired,
        errors.AccountFrozen,
        errors.AccountClosed,
        errors.BalanceTooLarge,
        RateMoved,
        *ANY_PRICE,
        PinNotSet,
        PinWrong,
        PinLocked,
    )
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Send a held transfer on its way, with your PIN."""
        pin = body_of(request, PinBody)["pin"]
        held = selectors.transfer_for(request.user, transfer)
        return transfer_answer(
            request, services.confirm_transfer(transfer=held, by=request.user, pin=pin)
        )


class Cancel(APIView):
    throttle_scope = "money"

    @extend_schema(operation_id="transactions_cancel", request=None, responses={200: TransferView})
    @raises(TransferNotHeld, errors.HoldExpired)
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Take a held transfer back; the money stays yours."""
        held = selectors.transfer_for(request.user, transfer)
        return transfer_answer(request, services.cancel_transfer(transfer=held, by=request.user))
