"""Files that people hand in: what they are is read from their bytes, not from their names. Pure."""

from fintrust.core.text import clean
from fraud.errors import EvidenceTooLarge, EvidenceUnknown
from fraud.policy import CASES, CasePolicy

_MAGIC = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
TEXT = "text/plain"
NAME_MAX = 120


def kind_of(content: bytes, policy: CasePolicy = CASES) -> str:
    """The type of a file that the bank keeps; anything that could run somewhere is refused."""
    if len(content) > policy.file_bytes_max:
        raise EvidenceTooLarge()
    for start, kind in _MAGIC.items():
        if content.startswith(start):
            return kind
    if not content or not _is_text(content):
        raise EvidenceUnknown()
    return TEXT


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\r\n" for letter in text)


def clean_name(name: str) -> str:
    """The last part of a path, on one line, short enough: a name is shown, never opened."""
    tail = clean(name.replace("\\", "/").rpartition("/")[2])
    return tail[-NAME_MAX:] or "file"
