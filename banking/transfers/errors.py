"""What keeps a transfer from being asked for, and one that waited from being settled again."""

from fintrust.core.errors import Conflict, Forbidden, Invalid, Unprocessable


class FundingClosed(Forbidden):
    """This bank takes no demo deposits."""

    code = "funding-closed"


class DepositTooLarge(Unprocessable):
    """A single deposit cannot be this large."""

    code, field = "deposit-too-large", "amount"


class InTheFuture(Invalid):
    """What has not happened yet cannot be recorded as past."""

    code, field = "in-the-future", "happened_at"


class UnderReview(Conflict):
    """The bank looks at this payment; your PIN does not send it on."""

    code = "under-review"


class TransferNotHeld(Conflict):
    """This transfer is no longer waiting; somebody has already decided."""

    code = "transfer-not-held"
