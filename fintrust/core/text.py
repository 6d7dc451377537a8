"""Text as it may be written anywhere. Pure."""

import re

# Control characters and line ends become a space. What turns the direction of writing around could
# make a name read as another, and XML has no place for the last two.
_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_GONE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """One line that every format can carry."""
    return _SPACE.sub(" ", _GONE.sub("", text)).strip()


def clean_lines(text: str) -> str:
    """The same for words of several lines."""
    return "\n".join(map(clean, text.strip().splitlines()))
