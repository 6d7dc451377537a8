"""What can go wrong when data is shared."""

from fintrust.core.errors import Conflict, Forbidden, Invalid, NotFound


class NotAPartner(Forbidden):
    """Only partners of the bank read shared data here."""

    code = "not-a-partner"


class PartnerSuspended(Forbidden):
    """This partner is suspended and reads nothing."""

    code = "partner-suspended"


class ConsentMissing(NotFound):
    """There is no such account, or its owner never shared it with you."""

    code = "consent-missing"


class ConsentEnded(Forbidden):
    """The owner stopped sharing this account, or the consent ran out."""

    code = "consent-ended"


class ScopeNotGranted(Forbidden):
    """The consent does not cover this kind of data."""

    code = "scope-not-granted"


class PartnerUnavailable(Conflict):
    """This partner does not receive data at the moment."""

    code, field = "partner-unavailable", "partner"


class ConsentExists(Conflict):
    """You share this account with this partner already. Stop that first to change it."""

    code, field = "consent-exists", "account"


class ScopesInvalid(Invalid):
    """Choose what to share, from what this partner may receive."""

    code, field = "scopes-invalid", "scopes"


class PurposeInvalid(Invalid):
    """Choose one of the purposes."""

    code, field = "purpose-invalid", "purpose"


class EndInvalid(Invalid):
    """Sharing ends in the future, 90 days from now at the latest."""

    code, field = "end-invalid", "ends_at"


class PartnerInvalid(Invalid):
    """A partner has a name, a status and at least one kind of data."""

    code = "partner-invalid"
