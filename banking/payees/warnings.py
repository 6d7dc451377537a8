"""What to say before money goes to somebody new. Pure; the words fit the risk.

A warning on every payment is read by nobody. So who was paid before is not warned about, a small
sum to a matching name gets one quiet line, and the loud ones name what fraudsters really say.
"""

from dataclasses import dataclass

from banking.models import Check
from banking.payees.services import Found
from banking.policy import PAYEES, PayeePolicy
from fintrust.core.money import Money, exponent


@dataclass(frozen=True, slots=True)
class Warning:
    tone: str
    title: str
    text: str


_CALLED = (
    "Did somebody call or write to you and ask you to make this payment, perhaps in the name of"
    " the bank, the police or a relative? Then stop. We never ask you to move money to keep it"
    " safe. Call them back on a number you have looked up yourself."
)
_QUIET = "You have not paid them before. We never ask you to move money to keep it safe."
_NAMES = {
    Check.NONE: Warning(
        "error",
        "The name is not the one on this account",
        "Ask them for their account number again, on a channel you trust. Somebody may have put"
        " in their own.",
    ),
    Check.CLOSE: Warning(
        "warning",
        "The name is nearly right",
        "Above is the name on the account. Go on only if that is whom you mean.",
    ),
}


def warnings_for(
    found: Found, amount: Money, available: Money, policy: PayeePolicy = PAYEES
) -> list[Warning]:
    """From the gravest to the quietest; nothing for oneself and for who was paid before."""
    if found.own or found.paid:
        return []
    about_name = _NAMES.get(found.check) if found.check else None
    told = [about_name] if about_name else []
    if found.check == Check.NONE or _much(amount, available, policy):
        told.append(Warning("warning", "First payment to them", _CALLED))
    elif not told:
        told.append(Warning("info", "First payment to them", _QUIET))
    return told


def _much(amount: Money, available: Money, policy: PayeePolicy) -> bool:
    enough = amount.minor >= policy.warn_major * 10 ** exponent(amount.currency)
    same = amount.currency == available.currency
    return enough or (same and amount.minor >= policy.warn_share * available.minor)
