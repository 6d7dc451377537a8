"""What an account may not send, and limits that are none."""

from fintrust.core.errors import Conflict, Invalid


class AccountLimitReached(Conflict):
    """The account may not send this much, or this often, in so short a time."""

    code, field = "account-limit-reached", "amount"


class InvalidAccountLimit(Invalid):
    """A limit is a whole number from zero up, or nothing for the product's own."""

    code = "invalid-account-limit"
