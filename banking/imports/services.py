"""Files from other banks: brought along, looked at, confirmed, added, undone.

Nothing here touches the ledger. A line is history that a file tells; the accounts it stands in
are kept elsewhere, and no verb of the bank can spend from them.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone as clock

from audit.services import record
from banking.errors import UnknownCurrency
from banking.imports import delimited, files, reading
from banking.imports.delimited import Layout
from banking.imports.errors import (
    BY_FILE_CODE,
    ImportChanged,
    ImportColumnsUnclear,
    ImportFileTooLarge,
    ImportNotReady,
    ImportsWaiting,
    OutsideAccountFull,
    OutsideAccountsExhausted,
    OutsideNameMissing,
)
from banking.imports.lines import Balance, Fault, FileError, Identity, Line
from banking.imports.report import Report
from banking.models import Currency, Import, ImportChunk, OutsideAccount
from banking.models.imports import (
    COUNTERPARTY_MAX,
    FILENAME_MAX,
    NAME_MAX,
    REFERENCE_MAX,
    TEXT_MAX,
)
from banking.policy import IMPORTS, ImportPolicy
from fintrust.core import live, wakeups
from fintrust.core.errors import NotFound, Problem
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, AmountTooLarge, CurrencyMismatch, Money

_WAKE_SECONDS = 0.5  # between two words to a page that watches: more is not seen
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_THE_HAND = 5_000_057  # one for the whole bank: imports can wait, the other tasks cannot
_STRUCTURE = ("encoding", "delimiter", "quote", "skip")


# --- outside accounts -----------------------------------------------------------------------


@transaction.atomic
def open_outside_account(
    *,
    owner: User,
    name: str,
    bank: str,
    currency: str,
    opening: Money | None = None,
    policy: ImportPolicy = IMPORTS,
) -> OutsideAccount:
    """An account the customer keeps elsewhere. One lock per customer, as for accounts here."""
    if not Currency.objects.filter(code=currency).exists():
        raise UnknownCurrency()
    if opening is not None and opening.currency != currency:
        raise CurrencyMismatch()
    if opening is not None and abs(opening.minor) > MINOR_MAX:
        raise AmountTooLarge(field="opening")
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if OutsideAccount.objects.filter(owner=owner).count() >= policy.accounts_max:
        raise OutsideAccountsExhausted()
    account = OutsideAccount.objects.create(
        owner=owner,
        name=_name(name, "name"),
        bank=_name(bank, "bank"),
        currency=currency,
        opening_minor=None if opening is None else opening.minor,
    )
    record(
        "banking.outside_account.opened",
        subject=account.public_id,
        by=owner,
        owner=owner,
        after={"name": account.name, "bank": account.bank, "currency": currency},
    )
    return account


def _name(text: str, field: str) -> str:
    text = " ".join(text.split())
    if not 0 < len(text) <= NAME_MAX or "\x00" in text:
        raise OutsideNameMissing(field=field)
    return text


@transaction.atomic
def delete_outside_account(*, account: OutsideAccount, by: User) -> None:
    """Forget an outside account with all its files and lines, also while one is being added."""
    if account.owner_id != by.pk:
        raise NotFound()
    locked = OutsideAccount.objects.select_for_update().filter(pk=account.pk).first()
    if locked is None:
        raise NotFound()
    locked.delete()
    record(
        "banking.outside_account.deleted",
        subject=account.public_id,
        by=by,
        owner=by,
        before={"name": locked.name, "bank": locked.bank, "lines": locked.lines},
    )


# --- bringing a file ------------------------------------------------------------------------


def upload_import(
    *,
    by: User,
    account: OutsideAccount,
    filename: str,
    file: BinaryIO,
    policy: ImportPolicy = IMPORTS,
) -> Import:
    """Store a file and look at it. The same file again, while it waits, is the same import."""
    if account.owner_id != by.pk:
        raise NotFound()
    digest, size = files.digest_of(file, policy)
    if size > policy.file_bytes_max:
        raise ImportFileTooLarge()
    kind = _recognised(file, account.currency, policy)
    item = _store(by, account, _filename(filename), file, digest, size, kind, policy)
    if item.status == Import.Status.CHECKING and size <= policy.check_at_once_bytes:
        check_import(item, policy=policy)
    return item


def _recognised(file: BinaryIO, currency: str, policy: ImportPolicy) -> str:
    """What kind of file it is; a file that cannot be read at all never becomes an import."""
    open_file = files.opener_of_upload(file)
    today = clock.now().date()
    try:
        kind = reading.kind_of(open_file)
        reading.recognise(kind, open_file, currency, today=today, policy=policy)
    except FileError as error:
        raise BY_FILE_CODE[error.code](error.reason) from None
    return kind


@transaction.atomic
def _store(
    by: User,
    account: OutsideAccount,
    filename: str,
    file: BinaryIO,
    digest: str,
    size: int,
    kind: str,
    policy: ImportPolicy,
) -> Import:
    """One lock per customer: two tabs with one file make one import, and the limit holds."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    open_ones = Import.objects.filter(account__owner=by).exclude(status=Import.Status.DONE)
    same = open_ones.filter(account=account, sha256=digest).first()
    if same is not None:
        same.replayed = True
        return same
    if open_ones.count() >= policy.waiting_max:
        raise ImportsWaiting()
    item = Import.objects.create(
        account=account,
        filename=filename,
        bytes=size,
        sha256=digest,
        format=kind,
        status=Import.Status.CHECKING,
        layout={},
        revision=1,
        touched_at=clock.now(),
    )
    files.store(item, file, policy)
    _remember("uploaded", item, by=by, filename=filename, bytes=size, sha256=digest)
    return item


def _filename(name: str) -> str:
    """A name to show: without its folders, control characters and tricks of direction."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNSAFE.sub("", last).strip(" .")[-FILENAME_MAX:] or "file"


# --- looking at it --------------------------------------------------------------------------


def check_import(item: Import, *, policy: ImportPolicy = IMPORTS) -> None:
    """Look at the whole file and leave a report; nothing is added yet."""
    try:
        layout = _layout(item, policy)
        report = _examine(item, layout, policy)
    except FileError as error:
        _look_ended(item, status=Import.Status.FAILED, problem=error)
        return
    _look_ended(item, status=Import.Status.READY, layout=layout, report=report)


def _layout(item: Import, policy: ImportPolicy) -> dict[str, Any]:
    """The layout stored on an import is what its owner has said; the rest is guessed."""
    currency, said = item.account.currency, item.layout
    return reading.guess(item.format, files.opener(item), currency, fixed=said, policy=policy)


def _examine(item: Import, layout: dict[str, Any], policy: ImportPolicy) -> dict[str, Any]:
    report, position, said = Report(policy), 0, time.monotonic()
    if item.format == Import.Format.CSV and delimited.problems_of(Layout.of(layout)):
        return {**report.stored(), **_earlier(item)}
    stream, until = _Stream(item, layout, policy), said + policy.look.total_seconds()
    for batch in stream.batches():
        if time.monotonic() > until:  # else the task is killed, and the next one begins again
            raise FileError("import-file-broken", "Reading this file takes too long.")
        known = _known(item, batch)
        for one in batch:
            if isinstance(one, Fault):
                report.fault(one)
            else:
                report.line(one.line, known=one.repeated or one.key in known)
        position += len(batch)
        if time.monotonic() - said > _WAKE_SECONDS:
            said = time.monotonic()
            _show_progress(item, position)
    for balance in stream.balances:
        report.balance(balance)
    return {**report.stored(), **_earlier(item)}


def _earlier(item: Import) -> dict[str, Any]:
    """When the very same file was added before."""
    done = Import.objects.filter(
        account=item.account_id, sha256=item.sha256, status=Import.Status.DONE
    )
    before = done.exclude(pk=item.pk).order_by("-ended_at").first()
    return {"added_before": before.ended_at.isoformat() if before and before.ended_at else None}


def _show_progress(item: Import, position: int) -> None:
    Import.objects.filter(pk=item.pk, status=Import.Status.CHECKING).update(
        position=position, touched_at=clock.now()
    )
    _wake(item)


@transaction.atomic
def _look_ended(
    item: Import,
    *,
    status: Import.Status,
    layout: dict[str, Any] | None = None,
    report: dict[str, Any] | None = None,
    problem: FileError | None = None,
) -> None:
    """Write down what was found, unless it was corrected or removed meanwhile."""
    locked = _locked(item)
    if locked is None or (locked.status, locked.revision) != (
        Import.Status.CHECKING,
        item.revision,
    ):
        return
    locked.status, locked.report = status, report
    locked.layout = layout if layout is not None else locked.layout
    locked.position = report["lines"] if report else 0
    locked.problem = problem.code if problem else ""
    locked.problem_text = problem.reason[:300] if problem else ""
    _save(locked, "status", "report", "layout", "position", "problem", "problem_text")
    if problem:
        _remember("failed", locked, by=None, problem=problem.code)
    _publish(locked)
    _copy(locked, item)


@transaction.atomic
def correct_import(
    *, item: Import, by: User, changes: dict[str, Any], policy: ImportPolicy = IMPORTS
) -> Import:
    """Read the file as its owner says. What they do not say is guessed anew where it depends."""
    locked = _owned(item, by)
    if locked.status not in {Import.Status.READY, Import.Status.FAILED} or locked.added:
        raise ImportNotReady()
    locked.layout = _corrected(locked, changes)
    locked.status, locked.report = Import.Status.CHECKING, None
    locked.problem = locked.problem_text = ""
    locked.position, locked.revision = 0, locked.revision + 1
    _save(
        locked,
        *("layout", "status", "report", "problem", "problem_text", "position", "revision"),
    )
    _remember("corrected", locked, by=by, changed=sorted(changes))
    if locked.bytes <= policy.check_at_once_bytes:
        check_import(locked, policy=policy)
    else:
        _publish(locked)
    return locked


def _corrected(item: Import, changes: dict[str, Any]) -> dict[str, Any]:
    """Other columns need other roles: what was guessed of the old ones does not survive them."""
    if item.format != Import.Format.CSV:
        return {"account": changes.get("account", "")}
    if any(name in changes for name in _STRUCTURE):
        kept = {name: item.layout[name] for name in _STRUCTURE[:3] if name in item.layout}
        return kept | changes
    said = {k: v for k, v in item.layout.items() if k not in {"header", "example", "unsure"}}
    if "roles" in changes and "date_order" not in changes and item.layout.get("unsure", True):
        said.pop("date_order", None)  # another column may know better
    return said | changes


# --- adding it ------------------------------------------------------------------------------


@transaction.atomic
def confirm_import(
    *, item: Import, by: User, revision: int, policy: ImportPolicy = IMPORTS
) -> Import:
    """Add what the preview showed. Said twice it is done once; of an old preview, not at all."""
    locked = _owned(item, by)
    if locked.revision != revision:
        raise ImportChanged()
    if locked.status in {Import.Status.ADDING, Import.Status.DONE}:
        locked.replayed = True
        return locked
    if locked.status != Import.Status.READY or locked.report is None:
        raise ImportNotReady()
    if locked.format == Import.Format.CSV:
        unclear = delimited.problems_of(Layout.of(locked.layout))
        if unclear:
            raise ImportColumnsUnclear(unclear[0])
    if locked.account.lines + locked.report["fresh"] > policy.account_lines_max:
        raise OutsideAccountFull()
    locked.status, locked.position = Import.Status.ADDING, 0
    _save(locked, "status", "position")
    _remember("confirmed", locked, by=by, fresh=locked.report["fresh"], revision=revision)
    _publish(locked)
    return locked


def add_lines(item: Import, *, policy: ImportPolicy = IMPORTS) -> None:
    """Add the lines of a confirmed import, from where the last hand stopped.

    The position is committed with the lines that brought it there, so a worker that is killed
    loses nothing and repeats nothing; of two hands at one import, the second finds the position
    moved and lets go.
    """
    try:
        if _add_all(item, policy):
            _finish(item)
    except FileError as error:  # half a file: its import was removed under the reader
        _break_off(item, error)


def _add_all(item: Import, policy: ImportPolicy) -> bool:
    """Whether the file is at its end; not when the turn is over or another hand has it."""
    until = time.monotonic() + policy.turn.total_seconds()
    position, said = 0, 0.0
    for batch in _Stream(item, item.layout, policy).batches():
        start, position = position, position + len(batch)
        if position <= item.position:
            continue  # another hand did these; they are only counted here
        if not _add(item, batch[item.position - start :], position=item.position):
            return False
        item.position = position
        if time.monotonic() - said > _WAKE_SECONDS:
            said = time.monotonic()
            _wake(item)
        if time.monotonic() > until:  # after a batch at least, or the file would never end
            return False
    return True


@transaction.atomic
def _break_off(item: Import, error: FileError) -> None:
    locked = _locked(item)
    if locked is None or locked.status != Import.Status.ADDING:
        return
    locked.status = Import.Status.FAILED
    locked.problem, locked.problem_text = error.code, error.reason[:300]
    _save(locked, "status", "problem", "problem_text")
    _remember("failed", locked, by=None, problem=error.code)
    _publish(locked)


@transaction.atomic
def _add(item: Import, batch: "list[_Known | Fault]", *, position: int) -> bool:
    locked = _locked(item)
    if locked is None or (locked.status, locked.position) != (Import.Status.ADDING, position):
        return False
    known, account = _known(locked, batch), locked.account
    lines = [one for one in batch if isinstance(one, _Known)]
    fresh = [one for one in lines if not one.repeated and one.key not in known]
    _write(locked, fresh, after=account.seq)
    account.seq += len(fresh)
    account.lines += len(fresh)
    account.total_minor += sum(one.line.amount_minor for one in fresh)
    account.save(update_fields=["seq", "lines", "total_minor"])
    locked.position += len(batch)
    locked.added += len(fresh)
    locked.duplicates += len(lines) - len(fresh)
    _save(locked, "position", "added", "duplicates")
    return True


_COLUMNS = (
    "account_id", "source_id", "number", "booked", "value_date", "amount_minor", "currency",
    "counterparty", "text", "reference", "key",
)  # fmt: skip
_COPY = f"COPY banking_outsideentry ({', '.join(_COLUMNS)}) FROM STDIN"


def _write(item: Import, fresh: "list[_Known]", *, after: int) -> None:
    """By COPY: a tenth of what as many INSERTs cost, and the same rights and fences."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for number, one in enumerate(fresh, start=after + 1):
            line = one.line
            copy.write_row(
                (
                    item.account_id,
                    item.pk,
                    number,
                    line.booked,
                    line.value_date,
                    line.amount_minor,
                    line.currency,
                    line.counterparty[:COUNTERPARTY_MAX],
                    line.text[:TEXT_MAX],
                    line.reference[:REFERENCE_MAX],
                    one.key,
                )
            )


@transaction.atomic
def _finish(item: Import) -> None:
    locked = _locked(item)
    if locked is None or (locked.status, locked.position) != (Import.Status.ADDING, item.position):
        return
    locked.status, locked.ended_at = Import.Status.DONE, clock.now()
    _save(locked, "status", "ended_at")
    ImportChunk.objects.filter(of=locked).delete()  # the lines are kept, the file is not
    _remember("done", locked, by=None, added=locked.added, duplicates=locked.duplicates)
    _publish(locked)
    _copy(locked, item)


@transaction.atomic
def undo_import(*, item: Import, by: User) -> int:
    """Remove an import with every line it added, in whatever state it is; how many went."""
    locked = _owned(item, by)
    account = locked.account
    total = locked.entries.aggregate(total=Sum("amount_minor"))["total"] or 0
    account.lines -= locked.added
    account.total_minor -= total
    account.save(update_fields=["lines", "total_minor"])
    gone = Import.objects.filter(pk=locked.pk)
    gone.delete()
    _remember("undone", locked, by=by, filename=locked.filename, lines=locked.added)
    return locked.added


# --- the hand that sweeps them --------------------------------------------------------------


def work_on_imports(*, policy: ImportPolicy = IMPORTS) -> int:
    """Give every due import a turn, the one that waited longest first; how many had one."""
    worked = 0
    with _only_hand() as mine:
        if not mine:
            return 0
        until = time.monotonic() + policy.turn.total_seconds()
        due = Import.objects.filter(status__in=Import.DUE).order_by("touched_at")
        for pk in list(due.values_list("pk", flat=True)[:100]):
            worked += _turn(pk, policy)
            if time.monotonic() > until:
                break
        _forget_waiting(policy)
    return worked


def _turn(pk: UUID, policy: ImportPolicy) -> bool:
    # First to the end of the queue: one that breaks us must not keep the others waiting.
    if not Import.objects.filter(pk=pk, status__in=Import.DUE).update(touched_at=clock.now()):
        return False
    item = Import.objects.select_related("account").get(pk=pk)
    work = check_import if item.status == Import.Status.CHECKING else add_lines
    work(item, policy=policy)
    return True


@contextmanager
def _only_hand() -> Iterator[bool]:
    """At most one hand in the bank. The lock ends with the connection, so with its holder."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_THE_HAND])
        ((mine,),) = cursor.fetchall()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_THE_HAND])


def _forget_waiting(policy: ImportPolicy) -> None:
    """A file that nobody confirmed is not kept for ever."""
    stale = Import.objects.filter(
        status__in=[Import.Status.READY, Import.Status.FAILED],
        touched_at__lt=clock.now() - policy.keep_waiting,
    ).select_related("account__owner")
    for item in stale[:20]:
        _forget(item, touched_at=item.touched_at)


@transaction.atomic
def _forget(item: Import, *, touched_at: datetime) -> None:
    locked = _locked(item)
    if locked is None or locked.touched_at != touched_at:
        return
    Import.objects.filter(pk=item.pk).delete()
    _remember("forgotten", locked, by=None, filename=locked.filename)


# --- together -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """A line with what makes it the same line elsewhere."""

    line: Line
    key: bytes
    repeated: bool  # this file has had it before


class _Stream:
    """The lines of an import in batches, each with its key, and the balances met on the way."""

    def __init__(self, item: Import, layout: dict[str, Any], policy: ImportPolicy) -> None:
        self._policy = policy
        # As of the day it came, so that whoever reads it again finds the same.
        self._found = reading.read(
            item.format,
            files.opener(item),
            layout,
            item.account.currency,
            today=item.created_at.date(),
            policy=policy,
        )
        self.balances: list[Balance] = []

    def batches(self) -> Iterator[list[_Known | Fault]]:
        lines, count = self._lines(), 0
        while batch := list(islice(lines, self._policy.batch_lines)):
            count += len(batch)
            if count > self._policy.lines_max:
                most = f"{self._policy.lines_max:,}"
                raise FileError("import-too-many-lines", f"One import takes {most} lines.")
            yield batch

    def _lines(self) -> Iterator[_Known | Fault]:
        identity = Identity()
        for found in self._found:
            if isinstance(found, Balance):
                if len(self.balances) < self._policy.batch_lines:
                    self.balances.append(found)
            elif isinstance(found, Fault):
                yield found
            else:
                yield _Known(found, *identity.key_of(found))


def _known(item: Import, batch: list[_Known | Fault]) -> set[bytes]:
    """Which keys of a batch the account has already."""
    keys = [one.key for one in batch if isinstance(one, _Known)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM banking_outside_known(%s, %s)", [item.account_id, keys])
        return {bytes(key) for (key,) in cursor.fetchall()}


def _locked(item: Import) -> Import | None:
    """Look again under the lock, the account's first: everybody takes them in this order."""
    account = (
        OutsideAccount.objects.select_for_update(no_key=True).filter(pk=item.account_id).first()
    )
    locked = Import.objects.select_for_update(no_key=True).filter(pk=item.pk).first()
    if account is None or locked is None:
        return None
    locked.account = account
    return locked


def _owned(item: Import, by: User) -> Import:
    """The import under its lock, for its owner; NotFound for anybody else, and when it is gone."""
    locked = _locked(item)
    if locked is None or locked.account.owner_id != by.pk:
        raise NotFound()
    return locked


def _save(item: Import, *fields: str) -> None:
    item.touched_at = clock.now()
    item.save(update_fields=[*fields, "touched_at"])


def _copy(source: Import, target: Import) -> None:
    """What was written under the lock, for the caller's own copy of the row."""
    for field in Import._meta.concrete_fields:
        if field.attname != "account_id":
            setattr(target, field.attname, getattr(source, field.attname))


def _remember(deed: str, item: Import, *, by: User | None, **after: Any) -> None:
    record(
        f"banking.import.{deed}",
        subject=item.public_id,
        by=by,
        owner=item.account.owner_id,
        after={"account": item.account.public_id, **after},
    )


def _publish(item: Import) -> None:
    """A new state, for the owner's pages."""
    data = {"status": item.status}
    live.publish([_topic(item)], f"import.{item.status}", subject=item.public_id, data=data)


def _wake(item: Import) -> None:
    """Progress is in the row; the page is only told to look again."""
    transaction.on_commit(lambda: wakeups.wake([_topic(item)]), robust=True)


def _topic(item: Import) -> str:
    return f"user:{item.account.owner_id}"


def as_problem(item: Import) -> Problem | None:
    """Why an import could not be read, as the problem it would have been at once."""
    kind = BY_FILE_CODE.get(item.problem)
    return kind(item.problem_text) if kind else None
