"""Where, and with what, somebody asks over the API: the members of a body that say it.

They are words: what becomes of them is for fraud to decide. Said, they are part of the request's
context, and reach whatever is judged in it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers

from fintrust.core import context, devices
from fintrust.core.api import Body, Text, about
from fintrust.core.errors import Invalid

PLACE_MAX = 80
HALF_AROUND_KM = 20_038


class Number(serializers.FloatField):
    """A JSON number. Text and booleans are not made into one, and infinity is none."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            number = float(data)
        except OverflowError:  # an integer of a thousand digits
            self.fail("invalid")
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class Location(Body):
    """Where you are, as you say it: by name, by coordinates, or both."""

    place = Text(max_length=PLACE_MAX, required=False, help_text='Town and country: "Lisbon, PT".')
    latitude = Number(required=False, min_value=-90, max_value=90, help_text="Degrees north.")
    longitude = Number(required=False, min_value=-180, max_value=180, help_text="Degrees east.")
    accuracy_km = Number(
        required=False,
        min_value=0,
        max_value=HALF_AROUND_KM,
        help_text="How far off the coordinates may be; without it, about a kilometre.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("latitude" in attrs) != ("longitude" in attrs):
            raise Invalid("Send latitude and longitude together.", field="location")
        if "accuracy_km" in attrs and "latitude" not in attrs:
            raise Invalid("An accuracy needs its coordinates.", field="location")
        return attrs


class Where(Body):
    """A body that may say where, and with what, it was asked for."""

    location = Location(required=False)
    device = serializers.RegexField(
        devices.PATTERN,
        required=False,
        max_length=devices.NAME_MAX,
        help_text="Your program's own random name for this installation, instead of the header"
        f" `{devices.HEADER}`. The same each time, or every payment comes from a strange device.",
    )


@contextmanager
def heard(asked: dict[str, Any]) -> Iterator[None]:
    """Take what the body says about where and with what out of it, for the length of a block."""
    said: dict[str, Any] = dict(asked.pop("location", {}))
    if "device" in asked:
        with about("device"):
            said["device"] = devices.program(asked.pop("device"))
    with context.use(**said):
        yield
