"""A transfer between form and result, as a signed token in the address of its preview.

The token holds what was asked and the request id, so Back, reload and a double click all lead to
the same transfer, and nobody can change what the customer saw. Nothing is stored.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing

from banking import selectors
from banking.models import Account, Right
from fintrust.core.errors import Gone
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money

AGE_MAX = 30 * 60  # seconds: longer than anybody looks at a preview
_SALT = "banking.draft"


class DraftExpired(Gone):
    """This preview is too old. Nothing was sent; start again."""

    code = "draft-expired"


@dataclass(frozen=True, slots=True)
class Draft:
    source: str  # public ids
    target: str
    minor: int
    currency: str
    note: str
    request_id: str
    quote: str = ""  # the price, when the money changes its currency
    name: str = ""  # what the payee is believed to be called
    place: str = ""  # where they say they are

    @classmethod
    def of(
        cls,
        source: Account,
        target: Account,
        amount: Money,
        note: str,
        *,
        quote: str = "",
        name: str = "",
        place: str = "",
    ) -> "Draft":
        return cls(
            source.public_id,
            target.public_id,
            amount.minor,
            amount.currency,
            note,
            str(uuid7()),
            quote,
            name,
            place,
        )

    @property
    def amount(self) -> Money:
        return Money(self.minor, self.currency)

    def token(self, user: User) -> str:
        return seal(asdict(self), user, salt=_SALT)

    def accounts(self, user: User) -> tuple[Account, Account]:
        source = selectors.account_for(user, self.source, Right.OPERATE)
        return source, selectors.payee_account(self.target)


def read(token: str, user: User) -> Draft:
    """The draft behind a token of this customer; DraftExpired for any other token."""
    return Draft(**unseal(token, user, salt=_SALT))


def seal(content: dict[str, Any], user: User, *, salt: str) -> str:
    return signing.dumps([str(user.pk), content], salt=salt, compress=True)


def unseal(token: str, user: User, *, salt: str) -> dict[str, Any]:
    """What was sealed for this customer and this purpose, while it is fresh."""
    try:
        owner, content = signing.loads(token, salt=salt, max_age=AGE_MAX)
    except signing.BadSignature:
        raise DraftExpired() from None
    if owner != str(user.pk):
        raise DraftExpired()
    return dict(content)
