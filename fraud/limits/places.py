"""Names of places, compared as a whole: never a part of a name. No Django here.

A place is "Lisbon, PT": the most exact name first, the country by its two letters last.
"""

import re
import unicodedata
from collections.abc import Iterable

_COUNTRY = re.compile(r"[a-z]{2}")


def normalise(name: str) -> str:
    """One spelling for a name: of width, case and spaces, and around commas."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    parts = (" ".join(part.split()) for part in folded.split(","))
    return ", ".join(part for part in parts if part)


_NOBODYS = frozenset({"unknown", "n/a", "na", "none", "null", "nowhere"})


def names_a_place(name: str) -> bool:
    """Whether it names anything: has letters, and is no word for not knowing."""
    plain = normalise(name)
    return any(letter.isalpha() for letter in plain) and plain.strip(" .-?!") not in _NOBODYS


def covers(allowed: Iterable[str], place: str) -> bool:
    """Whether the place is one of those, or lies in a whole country that is."""
    name = normalise(place)
    country = name.rpartition(", ")[2]
    names = {normalise(entry) for entry in allowed}
    return name in names or (bool(_COUNTRY.fullmatch(country)) and country in names)


def may_be(allowed: Iterable[str], place: str) -> bool:
    """Whether who is at this place may be at one of those: of whom only a country is known may be
    in any town of it."""
    allowed = tuple(allowed)
    return covers(allowed, place) or any(covers((place,), entry) for entry in allowed)
