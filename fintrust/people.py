"""What people may change about themselves."""

import re
import zoneinfo

from django.db import transaction

from banking.profile import change_profile
from fintrust.core.errors import Invalid
from fintrust.core.models import User

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


class NameInvalid(Invalid):
    """A name is written in letters, in at most 120 characters."""

    code, field = "name-invalid", "name"


class PhoneInvalid(Invalid):
    """A phone number starts with + and the country, for example +447700900123."""

    code, field = "phone-invalid", "phone"


class TimezoneUnknown(Invalid):
    """This is not a time zone, such as Europe/London."""

    code, field = "timezone-unknown", "timezone"


def clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not any(letter.isalpha() for letter in name) or len(name) > 120:
        raise NameInvalid()
    return name


def clean_phone(phone: str) -> str:
    """Without spaces and dashes; empty when there is none."""
    phone = re.sub(r"[ ()-]", "", phone)
    if phone and not _PHONE.fullmatch(phone):
        raise PhoneInvalid()
    return phone


def clean_timezone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise TimezoneUnknown()
    return name


_CLEAN = {"name": clean_name, "phone": clean_phone, "timezone": clean_timezone}


@transaction.atomic
def update_profile(*, user: User, **changes: str) -> User:
    """Change only what is given: name, phone or time zone."""
    cleaned = {field: _CLEAN[field](value) for field, value in changes.items()}
    now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    kept = {field: getattr(now, field) for field in _CLEAN}
    return change_profile(user=now, **(kept | cleaned))
