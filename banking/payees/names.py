"""Is this the name on the account? Pure: two names in, a verdict out.

The asker is told the right name only when they were close, as schemes for confirming payees do:
close enough that they knew whom they meant, and made a slip. So whoever guesses learns nothing
that they did not nearly know, and a shotgun of common names is never close.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

NAME_MAX = 120
WORDS_MAX = 12  # more is a text, not a name
MATCH_MIN = 0.98  # the same words: nothing but case, accents, order, titles, middle names differ
CLOSE_MIN = 0.80  # one slip in a name of two words, or an initial for one of them


class Result(StrEnum):
    MATCH = "match"
    CLOSE = "close"
    NONE = "none"
    CANNOT = "cannot"


def compare(given: str, real: str) -> Result:
    """What to tell somebody who believes that the account of `real` belongs to `given`."""
    asked, there = Name.of(given), Name.of(real)
    if not asked.words or not there.words or len(given) > NAME_MAX:
        return Result.CANNOT
    found = score(asked, there)
    if found >= MATCH_MIN:
        return Result.MATCH
    return Result.CLOSE if found >= CLOSE_MIN else Result.NONE


# --- a name without its spelling ------------------------------------------------------------

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "&": " "}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_SILENT = re.compile(r"['’ʼ`´.]")  # O'Brien, J.R., U.K.
_WORD = re.compile(r"[^\W_]+")
_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady"}
    | {"rev", "reverend", "herr", "frau", "mme", "mlle"}
)
_FILLERS = frozenset(["the", "and", "of", "und", "et"])
_GENERATIONS = {"junior": "jr", "jnr": "jr", "senior": "sr", "snr": "sr"}
_KINDS = {
    "jr", "sr", "ii", "iii", "ltd", "plc", "llp", "llc", "inc", "corp", "co", "gmbh", "ag", "kg",
    "ug", "bv", "nv", "sa", "sl", "srl", "sarl", "sas", "spa", "oy", "ab", "as", "cic",
}  # fmt: skip
_LONG_KINDS = (
    (re.compile(r"\bpublic limited company\b"), "plc"),
    (re.compile(r"\blimited liability partnership\b"), "llp"),
    (re.compile(r"\blimited liability company\b"), "llc"),
    (re.compile(r"\bgesellschaft mit beschrankter haftung\b"), "gmbh"),
    (re.compile(r"\blimited\b"), "ltd"),
    (re.compile(r"\bincorporated\b"), "inc"),
    (re.compile(r"\bcorporation\b"), "corp"),
    (re.compile(r"\bcompany\b"), "co"),
)
_SHORT_FORMS = (
    "robert bob rob bobby", "william will bill billy", "richard rick dick", "james jim jimmy",
    "john jack johnny", "thomas tom tommy", "michael mike mick", "elizabeth liz beth lizzie",
    "katherine catherine kate katie kathy", "margaret maggie meg peggy", "edward ed ted eddie",
    "alexander alexandra alex sasha", "andrew andy drew", "anthony antony tony", "benjamin ben",
    "charles charlie chuck", "christopher chris kit", "christina christine chris tina",
    "daniel dan danny", "david dave", "deborah debbie", "francis frances frank fran",
    "frederick fred freddie", "george georgie", "gregory greg", "harold harry hal", "henry harry",
    "jacob jake", "jennifer jen jenny", "jonathan jon", "joseph joe jo", "joshua josh",
    "kenneth ken", "lawrence larry", "matthew matt", "nicholas nick", "nicola nicky",
    "patricia pat trish", "patrick pat paddy", "peter pete", "philip phil", "rebecca becky",
    "samuel samantha sam", "stephen steven steve", "susan sue", "theodore ted theo",
    "timothy tim", "victoria vicky", "zachary zach",
)  # fmt: skip
_SHORT_FOR: dict[str, set[int]] = {}
for _number, _forms in enumerate(_SHORT_FORMS):
    for _form in _forms.split():
        _SHORT_FOR.setdefault(_form, set()).add(_number)


def _plain(text: str) -> str:
    """Lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_LETTERS)


def _words(text: str) -> list[str]:
    text = _SILENT.sub("", text)
    for long, short in _LONG_KINDS:
        text = long.sub(short, text)
    return [_GENERATIONS.get(word, word) for word in _WORD.findall(text)]


@dataclass(frozen=True)
class Name:
    """The words that tell one from another, and apart from them what kind of bearer it is."""

    words: tuple[str, ...]
    kinds: frozenset[str]
    spelt_out: tuple[str, ...]  # the same words with ä written ae

    @classmethod
    def of(cls, text: str) -> "Name":
        composed = unicodedata.normalize("NFKC", text[: NAME_MAX + 1]).casefold()
        found = _words(_plain(composed))
        out = _words(_plain(composed.translate(_UMLAUTS)))
        kept = [i for i, word in enumerate(found) if word not in _TITLES | _FILLERS | _KINDS]
        if not kept or len(kept) > WORDS_MAX:
            kept = list(range(len(found))) if len(found) <= WORDS_MAX else []
        return cls(
            tuple(found[i] for i in kept),
            frozenset(found) & frozenset(_KINDS),
            tuple(out[i] for i in kept)
            if len(out) == len(found)
            else tuple(found[i] for i in kept),
        )

    @cached_property
    def joined(self) -> str:
        return "".join(self.words)


# --- how near -------------------------------------------------------------------------------

_SLIP, _SLIPS, _SHORT, _INITIAL, _OTHER_KIND = 0.9, 0.8, 0.9, 0.6, 0.95
_EXTRA = 0.5  # a word that the account does not know, between words that it knows


def score(given: Name, real: Name) -> float:
    """1 for the same name, 0 for another one; an answer of both sides, the lower of the two."""
    if given.joined == real.joined:  # Mac Donald and MacDonald
        found = 1.0
    else:
        pairs = _pairs(given, real)
        found = min(_covered_given(pairs, given, real), _covered_real(pairs, real))
    differ = given.kinds and real.kinds and given.kinds != real.kinds
    return min(found, _OTHER_KIND) if differ else found


def _pairs(given: Name, real: Name) -> dict[int, tuple[int, float]]:
    """Which word of the real name each given word stands for, in whatever order; and how well."""
    every = [
        (_alike(given, g, real, r), g, r)
        for g in range(len(given.words))
        for r in range(len(real.words))
    ]
    pairs: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for near, g, r in sorted(every, key=lambda one: (-one[0], one[1], one[2])):
        if near and g not in pairs and r not in taken:
            pairs[g] = (r, near)
            taken.add(r)
    return pairs


def _covered_given(pairs: dict[int, tuple[int, float]], given: Name, real: Name) -> float:
    """An initial is as good as a middle name, but no first and no last one."""
    weights = [_weight(word) for word in given.words]
    for g in range(len(given.words)):
        if g not in pairs:
            weights[g] *= _EXTRA if len(pairs) > 1 else 1
    ends = {0, len(real.words) - 1}
    known = sum(
        weights[g] * (1.0 if near == _INITIAL and r not in ends else near)
        for g, (r, near) in pairs.items()
    )
    return known / sum(weights)


def _covered_real(pairs: dict[int, tuple[int, float]], real: Name) -> float:
    """Middle names may be missing; the first and the last must be there."""
    near = dict(pairs.values())
    ends = {0, len(real.words) - 1}
    asked = [r for r in range(len(real.words)) if r in ends or near.get(r, 0) > _INITIAL]
    return sum(near.get(r, 0) for r in asked) / len(asked)


def _weight(word: str) -> float:
    return 0.3 if len(word) == 1 else 1.0


def _alike(given: Name, g: int, real: Name, r: int) -> float:
    one, other = given.words[g], real.words[r]
    if one == other or {one, given.spelt_out[g]} & {other, real.spelt_out[r]}:
        return 1.0
    if 1 in (len(one), len(other)):
        return _INITIAL if one[0] == other[0] else 0.0
    if _SHORT_FOR.get(one, set()) & _SHORT_FOR.get(other, set()):
        return _SHORT
    return _slip(one, other)


def _slip(one: str, other: str) -> float:
    """A slip of the finger: one in a word of four letters or more, two in a long one."""
    shorter = min(len(one), len(other))
    if shorter < 4 or abs(len(one) - len(other)) > 2 or len(one) > 40 or len(other) > 40:
        return 0.0
    edits = _edits(one, other)
    if edits <= 1:
        return _SLIP
    return _SLIPS if edits == 2 and shorter >= 8 else 0.0


def _edits(one: str, other: str) -> int:
    """Letters added, left out, changed, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]
