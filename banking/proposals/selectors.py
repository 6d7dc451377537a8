"""What officers ask about proposals."""

from banking import ledger
from banking.errors import UnknownAccount, UnknownCurrency
from banking.models import Account, Adjustment, Closing
from banking.models.proposals import ProposalQuerySet
from banking.numbers import AccountNumberInvalid, account_id_of
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public


def open_adjustments() -> ProposalQuerySet:
    return Adjustment.objects.open()


def open_closings() -> ProposalQuerySet:
    return Closing.objects.open()


def account_named(text: str, currency: str) -> Account:
    """Any account as an officer names it: by number, public id, or `fees` for the bank's own."""
    text = text.strip()
    found = Account.objects.select_related("owner")
    try:
        account = found.filter(pk=account_id_of(text)).first()
    except AccountNumberInvalid:
        account = _by_id_or_code(text, currency)
    if account is None:
        raise UnknownAccount()
    return account


def _by_id_or_code(text: str, currency: str) -> Account | None:
    try:
        uuid = from_public(Account.prefix, text)
    except NotFound:
        return _own(text.lower(), currency)
    return Account.objects.select_related("owner").filter(uuid=uuid).first()


def _own(code: str, currency: str) -> Account | None:
    try:
        return ledger.internal(code, currency)
    except UnknownCurrency:
        return None
