"""The ways in which a customer can show that held money is theirs to send, one at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms

from banking.models import Transfer
from banking.pages.forms import CodeForm, PasskeyForm, PinForm
from banking.transfers.services import confirm_by_code, confirm_by_passkey, confirm_transfer
from biometrics.codes import has_authenticator
from biometrics.passkeys import challenge, has_passkey
from biometrics.pins import has_pin
from fintrust.core.http import PersonRequest
from fintrust.core.models import User


def _by_pin(request: PersonRequest, transfer: Transfer, data: dict[str, Any]) -> Transfer:
    return confirm_transfer(transfer=transfer, by=request.user, pin=data["pin"])


def _by_code(request: PersonRequest, transfer: Transfer, data: dict[str, Any]) -> Transfer:
    return confirm_by_code(transfer=transfer, by=request.user, code=data["code"])


def _by_passkey(request: PersonRequest, transfer: Transfer, data: dict[str, Any]) -> Transfer:
    return confirm_by_passkey(
        transfer=transfer, by=request.user, session=request.session, answer=data["passkey"]
    )


@dataclass(frozen=True)
class Way:
    name: str  # in addresses and in the form
    offer: str
    form: type[forms.Form]
    is_set_up: Callable[[User], bool]
    confirm: Callable[[PersonRequest, Transfer, dict[str, Any]], Transfer]


ALL = (
    Way("pin", "Use your PIN", PinForm, has_pin, _by_pin),
    Way("code", "Use your authenticator app", CodeForm, has_authenticator, _by_code),
    Way("passkey", "Use a passkey", PasskeyForm, has_passkey, _by_passkey),
)


def ways_of(user: User) -> list[Way]:
    return [way for way in ALL if way.is_set_up(user)]


def chosen(ways: list[Way], name: str) -> Way | None:
    """The one that was asked for, or else the first; None when nothing is set up."""
    return next((way for way in ways if way.name == name), ways[0] if ways else None)


def script_data(request: PersonRequest, transfer: Transfer, way: Way | None) -> dict[str, Any]:
    """What the browser needs to ask a passkey about this transfer; nothing for other ways."""
    if way is None or way.name != "passkey":
        return {}
    asked = challenge(user=request.user, session=request.session, about=transfer.public_id)
    return {"request_options": asked}
