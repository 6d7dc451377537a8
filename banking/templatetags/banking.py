"""How accounts, entries and transfers look."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from banking.models import Account, Entry, Occurrence, Payee
from banking.schedules import words
from banking.schedules.dates import Plan
from banking.selectors import Seen, name_of, names_behind
from fintrust.core.models import User

register = template.Library()

_ICONS = {"savings": "piggy-bank", "checking": "landmark", "wallet": "wallet"}


@register.filter
def account_icon(account: Account) -> str:
    return _ICONS.get(account.product, "landmark")


@register.filter
def seen_icon(seen: Seen) -> str:
    if seen.transfer.is_held:
        return "hourglass"
    if not seen.counts:
        return "ban"
    if seen.state == "returned":
        return "refresh-cw"
    if seen.internal:
        return "arrow-left-right"
    return "arrow-down-left" if seen.incoming else "arrow-up-right"


@register.filter
def opposite(entry: Entry, reader: User) -> str:
    """Who is on the other side of an entry; between the reader's own accounts, which one."""
    counter = entry.counter
    return counter.name if counter.owner_id == reader.pk else name_of(counter)


@register.filter
def with_names(payees: Sequence[Any]) -> list[dict[str, Any]]:
    """Payees that fraud knows by their accounts' ids, by name; their customer has paid them."""
    names = names_behind(payee.name for payee in payees)
    return [
        {
            "name": names.get(payee.name, payee.name),
            "payments": payee.payments,
            "last_at": payee.last_at,
        }
        for payee in payees
    ]


@register.filter
def pay_url(account: Account) -> str:
    """The send form, filled for this payee."""
    return f"{reverse('send')}?payee={account.number.replace(' ', '+')}"


@register.filter
def entries(count: int) -> str:
    """`1 entry`, `1,204 entries`."""
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


@register.filter
def payee_url(payee: Payee, page: str = "send") -> str:
    """The same for a line of the address book, with the name they are known by."""
    return f"{reverse(page)}?{urlencode({'payee': payee.account.number, 'name': payee.name})}"


@register.filter
def plan_in_words(plan: Plan) -> str:
    return words.in_words(plan)


@register.filter
def rhythm_in_words(plan: Plan) -> str:
    return words.rhythm_of(plan)


@register.filter
def reason_in_words(occurrence: Occurrence) -> str:
    return words.reason_of(occurrence.reason)
