"""The PIN over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from biometrics import pins
from biometrics.errors import (
    PinInvalid,
    PinLocked,
    PinTooSimple,
    PinWrong,
    ReauthenticationNeeded,
)
from fintrust.core.api import Body, Text, body_of, raises
from fintrust.core.http import PersonApiRequest


class PinView(APIView):
    """Set or change your own PIN. A token alone does not do it: add your password or your PIN."""

    throttle_scope = "sign-in"  # it tries a password or a PIN

    class Input(Body):
        pin = Text(max_length=50, trim_whitespace=False, help_text="4 to 8 digits.")
        current_pin = Text(max_length=50, trim_whitespace=False, required=False)
        password = Text(max_length=200, trim_whitespace=False, required=False)

        class Meta:
            ref_name = "NewPin"

    @extend_schema(
        operation_id="users_me_pin_set",
        request=Input,
        responses={204: None},
        examples=[
            OpenApiExample(
                "With your password",
                {"pin": "2758", "password": "correct horse battery"},
                request_only=True,
            )
        ],
    )
    @raises(PinInvalid, PinTooSimple, PinWrong, PinLocked, ReauthenticationNeeded)
    def put(self, request: PersonApiRequest) -> Response:
        asked = body_of(request, self.Input)
        pins.set_pin(
            user=request.user,
            pin=asked["pin"],
            current=asked.get("current_pin"),
            password_ok=_password_ok(request.user, asked.get("password")),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def _password_ok(user: Any, password: str | None) -> bool:
    if password is None:
        return False
    if not user.check_password(password):
        raise ReauthenticationNeeded("This is not your password.")
    return True
