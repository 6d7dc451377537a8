"""Bytes of strangers as text that is safe to look at. Pure."""

SHOWN_MAX = 4096
_HEX_WIDTH = 8  # fits on a phone


def shown(raw: bytes, most: int = SHOWN_MAX) -> str:
    """As text where it is UTF-8, with whatever does not print spelled out, so that nothing hides
    or turns the line around; else as hexadecimal. The page still escapes it."""
    head = raw[:most]
    text = _text(head, cut=len(raw) > most)
    body = _dump(head) if text is None else "".join(map(_visible, text))
    left = len(raw) - most
    return body if left <= 0 else f"{body}\n… and {left:,} bytes more"


def _text(head: bytes, *, cut: bool) -> str | None:
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may have gone through the middle of the last character.
        if cut and error.start >= len(head) - 3:
            return head[: error.start].decode("utf-8")
        return None


def _visible(letter: str) -> str:
    if letter.isprintable() or letter == "\n":
        return letter
    return letter.encode("unicode_escape").decode("ascii")


def _dump(raw: bytes) -> str:
    lines = (raw[at : at + _HEX_WIDTH] for at in range(0, len(raw), _HEX_WIDTH))
    return "\n".join(
        f"{number * _HEX_WIDTH:06x}  {line.hex(' '):<{_HEX_WIDTH * 3}} {_letters(line)}"
        for number, line in enumerate(lines)
    )


def _letters(line: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
