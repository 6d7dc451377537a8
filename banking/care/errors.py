"""What cannot be done to an account."""

from fintrust.core.errors import Conflict, Forbidden, Invalid, Unprocessable


class AccountsExhausted(Conflict):
    """You have as many accounts as one customer may have."""

    code = "accounts-exhausted"


class AccountNameInvalid(Invalid):
    """An account's name has 1 to 80 characters."""

    code, field = "account-name-invalid", "name"


class FrozenByBank(Forbidden):
    """The bank has frozen this account; only the bank can thaw it."""

    code = "frozen-by-bank"


class OverdraftTooLarge(Unprocessable):
    """An overdraft cannot be this large, or negative."""

    code, field = "overdraft-too-large", "amount"


class AccountShared(Conflict):
    """The account is shared. Stop sharing it first."""

    code = "account-shared"


class BalanceChanged(Conflict):
    """The balance has changed since you looked. Nothing was done; look again."""

    code = "balance-changed"
