"""What cannot be shared, or not with everybody."""

from fintrust.core.errors import Conflict, Forbidden, Gone, Invalid, TooMany


class ViewOnly(Forbidden):
    """You may see this account, but not send money from it."""

    code, field = "view-only", "source"


class OwnInvitation(Conflict):
    """This is your own address; the account is yours already."""

    code, field = "own-invitation", "email"


class AlreadyShared(Conflict):
    """This person shares the account already."""

    code, field = "already-shared", "email"


class AlreadyInvited(Conflict):
    """This address has been invited already and has not answered yet."""

    code, field = "already-invited", "email"


class SharesExhausted(Conflict):
    """An account can be shared with ten people, those who are invited included."""

    code = "shares-exhausted"


class InvitationsExhausted(TooMany):
    """You have sent as many invitations as one customer may in a day."""

    code = "invitations-exhausted"


class ShareEndInvalid(Invalid):
    """Sharing ends in the future, and within five years."""

    code, field = "share-end-invalid", "until"


class InvitationEnded(Gone):
    """This invitation has been answered, taken back, or has run out."""

    code = "invitation-ended"


class ShareEnded(Conflict):
    """This account is no longer shared with this person."""

    code = "share-ended"


class PeopleOnly(Forbidden):
    """An account is shared with customers, not with staff or programs."""

    code = "people-only"
