"""What becomes of money that waits, in the hands of who asked."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from banking import errors, selectors
from banking.api.base import ANY_PRICE
from banking.api.transfer_view import TransferView, transfer_answer
from banking.fx.errors import RateMoved
from banking.transfers import services
from banking.transfers.errors import TransferNotHeld, UnderReview
from biometrics.codes import CODE_MAX
from biometrics.errors import (
    CodeLocked,
    CodeWrong,
    NoAuthenticator,
    PinLocked,
    PinNotSet,
    PinWrong,
    ProofMissing,
)
from biometrics.pins import PIN_MAX
from fintrust.core.api import Body, Text, body_of, raises
from fintrust.core.http import PersonApiRequest


class ProofBody(Body):
    """One of the two."""

    pin = Text(max_length=PIN_MAX, trim_whitespace=False, required=False)
    code = Text(
        max_length=CODE_MAX,
        required=False,
        help_text="What your authenticator app shows. Good once; a recovery code is none.",
    )


class Confirm(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="transactions_confirm",
        request=ProofBody,
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
        ProofMissing,
        PinNotSet,
        PinWrong,
        PinLocked,
        NoAuthenticator,
        CodeWrong,
        CodeLocked,
    )
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Send a held transfer on its way, with your PIN or a code of your authenticator app."""
        held = selectors.transfer_for(request.user, transfer)
        match body_of(request, ProofBody):
            case {"pin": pin, **others} if not others:
                done = services.confirm_transfer(transfer=held, by=request.user, pin=pin)
            case {"code": code, **others} if not others:
                done = services.confirm_by_code(transfer=held, by=request.user, code=code)
            case _:
                raise ProofMissing()
        return transfer_answer(request, done)


class Cancel(APIView):
    throttle_scope = "money"

    @extend_schema(operation_id="transactions_cancel", request=None, responses={200: TransferView})
    @raises(TransferNotHeld, errors.HoldExpired)
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Take a held transfer back; the money stays yours."""
        held = selectors.transfer_for(request.user, transfer)
        return transfer_answer(request, services.cancel_transfer(transfer=held, by=request.user))
