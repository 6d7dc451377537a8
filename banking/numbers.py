"""Account numbers that people type: `FT61 0000 0010 0042`.

Two letters, two check digits (ISO 7064 MOD 97-10, as in an IBAN), then the account's number in
twelve digits. The check digits catch every single wrong digit and every swap of two neighbours.
"""

import re

from fintrust.core.errors import Invalid

_COUNTRY = "FT"
_DIGITS = 12
_NUMBER = re.compile(rf"{_COUNTRY}([0-9]{{2}})([0-9]{{{_DIGITS}}})")
# Letters count as 10 … 35 in MOD 97-10: F is 15, T is 29.
_COUNTRY_AS_DIGITS = "".join(str(ord(letter) - ord("A") + 10) for letter in _COUNTRY)


class AccountNumberInvalid(Invalid):
    """This is not an account number; look for a wrong or missing digit."""

    code, field = "account-number-invalid", "payee"


def number_of(account_id: int) -> str:
    """The number of an account, in groups of four."""
    digits = f"{account_id:0{_DIGITS}d}"
    compact = f"{_COUNTRY}{_check(digits):02d}{digits}"
    return " ".join(compact[i : i + 4] for i in range(0, len(compact), 4))


def account_id_of(number: str) -> int:
    """The account behind a typed number; AccountNumberInvalid when it cannot be one."""
    match = _NUMBER.fullmatch("".join(number.split()).upper())
    if match is None or int(match[1]) != _check(match[2]):
        raise AccountNumberInvalid()
    return int(match[2])


def _check(digits: str) -> int:
    return 98 - int(digits + _COUNTRY_AS_DIGITS + "00") % 97
