"""Remembering what happened, in the same transaction as the deed."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from audit import entries
from audit.errors import ReasonTooLong, RecordTooLarge
from audit.models import Record
from fintrust.core import context, roles
from fintrust.core.ids import to_public
from fintrust.core.models import User
from fintrust.core.rows import copy_in, insert

VALUES_BYTES_MAX = 32_000  # before, after and data together; leaves room for the rest of an entry
REASON_MAX = 1000
_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}", re.ASCII)


def record(
    action: str,
    *,
    subject: Any,
    by: User | None = None,
    owner: User | UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    purpose: str = "",
    data: Mapping[str, Any] | None = None,
) -> Record:
    """Remember that something happened; it commits or vanishes with the caller's transaction."""
    written = draft(
        action, subject=subject, by=by, owner=owner, before=before, after=after, reason=reason,
        purpose=purpose, data=data,
    )  # fmt: skip
    insert(written)
    return written


def record_all(drafts: Sequence[Record]) -> None:
    """Remember all of these, at once."""
    copy_in(drafts)


def draft(
    action: str,
    *,
    subject: Any,
    by: User | None = None,
    owner: User | UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    purpose: str = "",
    data: Mapping[str, Any] | None = None,
) -> Record:
    """A record that is not written yet.

    `action` is past tense, `banking.transfer.posted`. `subject` is a row with a public id, or
    such an id. `owner` is the customer whose data it was. `before` and `after` keep only what
    differs. Who, from where and under which request comes from the context; `by` names another
    actor.
    """
    if not _ACTION.fullmatch(action) or len(action) > 80:
        raise ValueError(f"{action!r} is not an action such as banking.transfer.posted")
    if len(reason) > REASON_MAX:
        raise ReasonTooLong(f"A reason has at most {REASON_MAX} characters.")
    old, new = entries.difference(before, after)
    more = entries.plain(data or {})
    if len(entries.canonical([old, new, more])) > VALUES_BYTES_MAX:
        raise RecordTooLarge()
    return Record(
        action=str(action),
        subject=_subject(subject),
        owner_id=owner.pk if isinstance(owner, User) else owner,
        before=old,
        after=new,
        data=more,
        reason=entries.plain(reason),
        purpose=entries.plain(purpose)[:120],
        **_actor(by),
        **_request(),
    )


def _subject(subject: Any) -> str:
    text = subject if isinstance(subject, str) else subject.public_id
    if not 0 < len(text) <= 60:
        raise ValueError("a record's subject is a public id")
    return str(entries.plain(text))


def _actor(by: User | None) -> dict[str, Any]:
    here = context.current()
    if by is not None and str(by.pk) != here.actor_id:
        return _person(by.pk, roles.kind_of(by))
    if here.actor_id is not None:
        return _person(UUID(here.actor_id), here.actor_kind)
    return {
        "actor_id": None,
        "actor_kind": here.actor_kind,
        "actor_label": _program(here),
    }


def _person(actor: UUID, kind: str) -> dict[str, Any]:
    """People go by their public id: a name could not be erased from the log."""
    return {
        "actor_id": actor,
        "actor_kind": kind,
        "actor_label": to_public(User.prefix, actor),
    }


def _program(here: context.Context) -> str:
    """Which of our own programs acts, when nobody asked for it."""
    if here.actor_kind != "system":
        return ""
    return str(structlog.contextvars.get_contextvars().get("task", ""))[:80]


def _request() -> dict[str, Any]:
    here = context.current()
    return {
        "request_id": here.request_id[:60],
        "ip": address(here.ip),
        "session": here.session_hash or "",
    }


def address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address((text or "").partition("%")[0]))
    except ValueError:  # a forwarded header may hold anything; what is no address is not kept
        return None
