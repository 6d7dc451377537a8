"""Text and numbers as files for other programs want them. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator

from fintrust.core.text import clean

BLOCK_BYTES = 32_768  # large enough to be cheap to send, small enough to leave early


def plain(minor: int, decimals: int, point: str = ".") -> str:
    """`-1234.50`: no grouping, so that it is the same number everywhere."""
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    if not decimals:
        return sign + digits
    return f"{sign}{digits[:-decimals]}{point}{digits[-decimals:]}"


def grouped(minor: int, decimals: int) -> str:
    """`−1,234.50`, for people, with a real minus. Babel's takes twenty times as long."""
    whole, _, rest = plain(abs(minor), decimals).partition(".")
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    return f"{sign}{int(whole):,}" + (f".{rest}" if rest else "")


def blocks(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    """Many small pieces as a few large ones, in UTF-8."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece.encode() if isinstance(piece, str) else piece
        if len(waiting) >= BLOCK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


# --- SWIFT's character set x ----------------------------------------------------------------

_X = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")


def _table(pairs: str) -> dict[str, str]:
    """`б=b ъ=` as a dictionary."""
    return {
        letter: spelled for letter, _, spelled in (pair.partition("=") for pair in pairs.split())
    }


# й, ё and their like are taken apart first.
_CYRILLIC = _table(
    "а=a б=b в=v г=g д=d е=e ж=zh з=z и=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts"
    " ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=iu я=ia є=ie і=i ґ=g ј=j љ=lj њ=nj ђ=dj ћ=c џ=dz"
)
_GREEK = _table(
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f"
    " χ=ch ψ=ps ω=o"
)
_LATIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_LATIN |= {"ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t", "ə": "e"}
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "&": "+", "@": "(at)", "_": "-", "=": "-", ";": ","}
_SIGNS |= {'"': "'", "‘": "'", "’": "'", "“": "'", "”": "'", "`": "'", "´": "'", "«": "'", "»": "'"}
_SIGNS |= {"–": "-", "—": "-", "−": "-", "[": "(", "]": ")", "{": "(", "}": ")", "\\": "/"}
_SPELLED = {**_CYRILLIC, **_GREEK, **_LATIN}


def swift(text: str) -> str:
    """In the characters that SWIFT knows: letters lose their accents, emoji go, the rest is a dot.

    A letter written as two starts with a capital when it was one: Œuvre becomes Oeuvre.
    """
    return " ".join("".join(map(_spelled, clean(text))).split())


def _spelled(letter: str) -> str:
    if letter in _X:
        return letter
    return "".join(map(_base, unicodedata.normalize("NFKD", _SIGNS.get(letter, letter))))


def _base(letter: str) -> str:
    if letter in _X:
        return letter
    small = letter.lower()
    if small in _SPELLED:
        spelled = _SPELLED[small]
        return spelled if small == letter else spelled.capitalize()
    # Signs that only decorate, and accents on their own, leave nothing behind.
    return "" if unicodedata.category(letter) in {"So", "Sk", "Mn", "Me", "Cf"} else "."
