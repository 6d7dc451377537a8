"""A capture as it arrives from a browser: believed only after every number was looked at. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from biometrics.errors import RhythmInvalid, RhythmTooLarge
from biometrics.keystrokes import Strokes, Zone
from biometrics.policy import RHYTHM, RhythmPolicy

MEMBERS = {"token", "zones", "downs", "holds", "pointers", "touch"}
TOKEN_MAX = 1000


@dataclass(frozen=True)
class Capture:
    token: str
    strokes: Strokes
    pointers: int
    touch: bool

    @property
    def length_ms(self) -> float:
        """From the first key down to the last key up."""
        return max(d + h for d, h in zip(self.strokes.downs, self.strokes.holds, strict=True))


def parse(body: bytes, *, policy: RhythmPolicy = RHYTHM) -> Capture:
    """The capture in a request's body. Anything that is not plainly one is refused whole."""
    if len(body) > policy.body_bytes_max:
        raise RhythmTooLarge()
    document = _object(body)
    strokes = _strokes(document, policy)
    return Capture(
        token=_token(document["token"]),
        strokes=strokes,
        pointers=_whole(document["pointers"], "pointers", policy.pointers_max),
        touch=bool(_whole(document["touch"], "touch", 1)),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise RhythmInvalid("This is not JSON.") from None
    # Nothing else may come along: where there is no place for letters, none can be sent.
    if not isinstance(document, dict) or document.keys() != MEMBERS:
        raise RhythmInvalid(f"The members are exactly {', '.join(sorted(MEMBERS))}.")
    return document


def _strokes(document: dict[str, Any], policy: RhythmPolicy) -> Strokes:
    zones = _numbers(document["zones"], "zones", len(Zone) - 1, policy)
    downs = _numbers(document["downs"], "downs", policy.length_ms_max, policy)
    holds = _numbers(document["holds"], "holds", policy.hold_ms_max, policy)
    if not len(zones) == len(downs) == len(holds):
        raise RhythmInvalid("Every key has a zone, a time down and a time held.")
    if any(type(zone) is not int for zone in zones):
        raise RhythmInvalid("A zone is a whole number.", field="zones")
    if downs[0] != 0 or any(before > after for before, after in pairwise(downs)):
        raise RhythmInvalid("Keys come in the order they went down, from 0.", field="downs")
    return Strokes([int(zone) for zone in zones], downs, holds)


def _numbers(values: Any, name: str, largest: float, policy: RhythmPolicy) -> Sequence[float]:
    if not isinstance(values, list) or not 1 <= len(values) <= policy.keys_max:
        raise RhythmInvalid(f"A list of 1 to {policy.keys_max} numbers.", field=name)
    # NaN is in no range, and a bool is not a number here although Python counts with it.
    if not all(type(value) in {int, float} and 0 <= value <= largest for value in values):
        raise RhythmInvalid(f"Numbers from 0 to {largest:g}.", field=name)
    return values


def _whole(value: Any, name: str, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise RhythmInvalid(f"A whole number from 0 to {largest}.", field=name)
    return value


def _token(value: Any) -> str:
    if not isinstance(value, str) or len(value) > TOKEN_MAX:
        raise RhythmInvalid("The token of the form.", field="token")
    return value
