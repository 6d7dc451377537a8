"""Many transfers in one request: each judged like a single one, in one transaction.

All accounts are locked first and in id order, so that two batches over the same accounts are one
after the other. The answer is a row of the same transaction: asked again, it is the same answer,
also about what did not happen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.services import record
from banking import ledger, selectors
from banking.batches.errors import LinkedUndone
from banking.models import Account, Batch, Right, Transfer
from banking.policy import FEES
from banking.sharing.selectors import hold_right
from banking.transfers.execution import keep_refused
from banking.transfers.services import send_transfer
from fintrust.core import context
from fintrust.core.api import about
from fintrust.core.errors import Problem
from fintrust.core.idempotency import (
    IdempotencyKeyReused,
    clean_key,
    fingerprint,
    wait_for_twins,
)
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money

SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One transfer as it was asked for: whose accounts these are is looked up with the others."""

    source: str
    target: str
    amount: Money
    note: str


class _Stopped(Exception):
    """A linked item was not posted, so what the others did has to be undone."""

    def __init__(self, index: int, transfer: Transfer) -> None:
        self.index, self.transfer = index, transfer


@transaction.atomic
def send_batch(
    *,
    by: User,
    items: Sequence[Item],
    linked: bool,
    request_id: str,
    channel: str = Transfer.Channel.API,
) -> Batch:
    """Send each on its own, or when they are linked, all or none.

    A linked item that cannot happen is raised and leaves nothing. One that was judged and not let
    through did happen: it is kept as refused, and the others are undone.
    """
    key = clean_key(request_id)
    asked = fingerprint(
        linked=linked, items=[[i.source, i.target, str(i.amount), i.note] for i in items]
    )
    wait_for_twins("batch", by, key)
    stored = Batch.objects.filter(requested_by=by, request_id=key).first()
    if stored is not None:
        if stored.fingerprint != asked:
            raise IdempotencyKeyReused()
        stored.replayed = True
        return stored
    run = _Run(by, list(items), key, channel)
    run.lock()
    with context.use(batch=run.name):
        outcomes = run.all_or_none() if linked else run.each()
    batch = Batch.objects.create(
        id=uuid7(),
        requested_by=by,
        request_id=key,
        fingerprint=asked,
        linked=linked,
        outcomes=outcomes,
    )
    record(
        "banking.batch.sent",
        subject=batch,
        by=by,
        owner=by,
        data={
            "linked": linked,
            "items": len(items),
            "transfers": sum("transfer" in outcome for outcome in outcomes),
        },
    )
    return batch


class _Run:
    """One batch on its way: its sides as they were found, or the problem with them."""

    def __init__(self, by: User, items: list[Item], key: str, channel: str) -> None:
        self.by, self.items, self.channel = by, items, channel
        # A key may be as long as a request id; what is derived from it is not longer.
        self.name = hashlib.sha256(key.encode()).hexdigest()[:40]
        self.sides = [self._sides(item) for item in items]

    def _sides(self, item: Item) -> tuple[Account, Account] | Problem:
        try:
            with about("source"):
                source = selectors.account_for(self.by, item.source, Right.OPERATE)
            with about("target"):
                return source, selectors.payee_account(item.target)
        except Problem as problem:
            return problem

    def lock(self) -> None:
        """Shares before accounts, as everywhere, and all accounts at once."""
        found = [sides for sides in self.sides if not isinstance(sides, Problem)]
        sources = {source.pk: source for source, _ in found}
        for pk in sorted(sources):
            hold_right(self.by, sources[pk], Right.OPERATE)
        stops = [account for sides in found for account in sides]
        if FEES.transfer_major:
            stops += [ledger.internal("fees", s.currency, beside=s) for s in sources.values()]
        if stops:
            ledger.lock(*stops)

    def each(self) -> list[dict[str, Any]]:
        return [self._outcome(index) for index in range(len(self.items))]

    def _outcome(self, index: int) -> dict[str, Any]:
        try:
            with transaction.atomic():
                return _done(self._send(index))
        except Problem as problem:
            if problem.status >= SERVER_ERROR:
                raise
            return _not_done(problem)

    def all_or_none(self) -> list[dict[str, Any]]:
        try:
            with transaction.atomic():
                return [_done(self._post(index)) for index in range(len(self.items))]
        except _Stopped as stopped:
            keep_refused(stopped.transfer, by=self.by, reason="linked to others in a batch")
            others = [_not_done(LinkedUndone()) for _ in self.items]
            others[stopped.index] = _done(stopped.transfer)
            return others

    def _post(self, index: int) -> Transfer:
        try:
            transfer = self._send(index)
        except Problem as problem:
            problem.field = f"transfers.{index}" + (f".{problem.field}" if problem.field else "")
            problem.extra["item"] = index
            raise
        if transfer.status != Transfer.Status.POSTED:
            raise _Stopped(index, transfer)
        return transfer

    def _send(self, index: int) -> Transfer:
        item, sides = self.items[index], self.sides[index]
        if isinstance(sides, Problem):
            raise sides
        return send_transfer(
            by=self.by,
            source=sides[0],
            target=sides[1],
            amount=item.amount,
            request_id=f"batch:{self.name}:{index}",
            note=item.note,
            channel=self.channel,
        )


def _done(transfer: Transfer) -> dict[str, Any]:
    return {"transfer": transfer.public_id}


def _not_done(problem: Problem) -> dict[str, Any]:
    about_it = {
        "code": problem.code,
        "status": problem.status,
        "title": problem.title,
        "detail": problem.message,
    }
    return {"problem": about_it | ({"field": problem.field} if problem.field else {})}
