"""One door to the three kinds of file: which kind it is, and its lines as the layout reads it."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from banking.imports import camt, delimited, ofx, texts
from banking.imports.delimited import Layout
from banking.imports.lines import Balance, Fault, FileError, Line, Opener
from banking.policy import IMPORTS, ImportPolicy

CSV, OFX, CAMT = "csv", "ofx", "camt"
_HEAD = 8_192
Found = Line | Fault | Balance


def kind_of(open_file: Opener) -> str:
    """csv, ofx or camt by what is in the file, whatever its name says."""
    with open_file() as file:
        head = file.read(_HEAD)
    texts.refuse_packed(head)
    if not head.strip():
        raise FileError("import-file-empty", "There is nothing in this file.")
    plain = head.decode("utf-8", "replace").replace("\x00", "")
    if camt.looks_like(plain):
        return CAMT
    if ofx.looks_like(plain):
        return OFX
    if plain.lstrip("\ufeff \r\n\t").startswith(("<", "{")) or _is_binary(head):
        raise FileError(
            "import-format-unknown", "This is neither CSV nor OFX nor a camt.053 statement."
        )
    return CSV


def recognise(
    kind: str, open_file: Opener, currency: str, *, today: date, policy: ImportPolicy = IMPORTS
) -> None:
    """FileError for what can be seen to be unreadable at its beginning, before it is stored."""
    if kind == CSV:
        delimited.recognise(open_file, policy)
        return
    layout = guess(kind, open_file, currency)
    found = read(kind, open_file, layout, currency, today=today, policy=policy)
    for _ in islice(found, policy.batch_lines):
        pass


def _is_binary(head: bytes) -> bool:
    """Control characters that no text has, and not because it is in two bytes a letter."""
    strange = sum(byte < 9 or 13 < byte < 32 for byte in head) - head.count(0)
    return strange > len(head) * 0.02


def guess(
    kind: str,
    open_file: Opener,
    currency: str,
    *,
    fixed: dict[str, Any] | None = None,
    policy: ImportPolicy = IMPORTS,
) -> dict[str, Any]:
    """The layout as it is stored. Only CSV leaves anything to guess; others may hold accounts."""
    if kind == CSV:
        return delimited.guess(open_file, currency, fixed=fixed, policy=policy).stored()
    return {"account": (fixed or {}).get("account", "")}


def read(
    kind: str,
    open_file: Opener,
    layout: dict[str, Any],
    currency: str,
    *,
    today: date,
    policy: ImportPolicy = IMPORTS,
) -> Iterator[Found]:
    """The file's lines in its order; of several accounts in it, those of the one chosen."""
    if kind == CSV:
        how = Layout.of(layout)
        yield from delimited.read(open_file, how, currency, today=today, policy=policy)
        return
    module = camt if kind == CAMT else ofx
    chosen = layout.get("account", "")
    for found in module.read(open_file, currency, today=today, policy=policy):
        if isinstance(found, Fault) or not chosen or found.account == chosen:
            yield found
