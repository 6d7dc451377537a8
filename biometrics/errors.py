"""What can go wrong when a person has to prove that they are themselves."""

from fintrust.core.errors import Conflict, Forbidden, Invalid, Locked, TooLarge, TooMany


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


class ProofMissing(Invalid):
    """Send your PIN or a code of your authenticator app, one of the two."""

    code, field = "proof-missing", "pin"


class NoAuthenticator(Conflict):
    """Set up an authenticator app first."""

    code, field = "no-authenticator", "code"


class CodeWrong(Forbidden):
    """This is not the code your authenticator app shows now, or it was used before."""

    code, field = "code-wrong", "code"


class CodeLocked(Locked):
    """Too many wrong codes. Wait a while, or confirm with your PIN."""

    code, field = "code-locked", "code"


class PasskeyRefused(Forbidden):
    """This was not your passkey, or the page was too old. Try again."""

    code, field = "passkey-refused", "passkey"


class ReauthenticationNeeded(Forbidden):
    """Prove again that it is you: with your password or your current PIN."""

    code, field = "reauthentication-needed", "password"


class RhythmInvalid(Invalid):
    """These are not the timings of a form."""

    code = "rhythm-invalid"


class RhythmTokenInvalid(Invalid):
    """This form is not one that the bank gave to this session, or it is too old."""

    code, field = "rhythm-token-invalid", "token"


class RhythmReused(Conflict):
    """The rhythm of this form has been stored already."""

    code, field = "rhythm-reused", "token"


class RhythmTooLarge(TooLarge):
    """No form is typed with so many keys."""

    code = "rhythm-too-large"


class RhythmTooMany(TooMany):
    """Nobody fills in forms that fast."""

    code = "rhythm-too-many"
