"""What can go wrong when a person has to prove that they are themselves."""

from fintrust.core.errors import Conflict, Forbidden, Invalid, Locked


class PinInvalid(Invalid):
    """A PIN is 4 to 8 digits."""

    code, field = "pin-invalid", "pin"


class PinTooSimple(Invalid):
    """This PIN is too easy to guess."""

    code, field = "pin-too-simple", "pin"


class PinNotSet(Conflict):
    """Set a PIN first."""

    code, field = "pin-not-set", "pin"


class PinWrong(Forbidden):
    """This is not your PIN."""

    code, field = "pin-wrong", "pin"


class PinLocked(Locked):
    """Too many wrong PINs. Wait a while, or sign in again and set a new one."""

    code, field = "pin-locked", "pin"


class ReauthenticationNeeded(Forbidden):
    """Prove again that it is you: with your password or your current PIN."""

    code, field = "reauthentication-needed", "password"
