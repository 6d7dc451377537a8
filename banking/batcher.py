"""Many callers, one busy account: whoever waits is posted together.

A row lock lets one movement in at a time, and each waits for the disk. Here callers hand their
instruction over and wait; one writer takes all that has queued and posts it as a batch: one lock,
one commit, and each caller gets its own answer, as if it had called `ledger.move`. A single
instruction is that very call.

It commits by itself: it is for movements that need no row of the caller's in the same
transaction, and refuses to work inside one.
"""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from types import TracebackType

from django.db import connection, transaction

from banking import ledger
from banking.errors import LedgerBusy
from banking.ledger import Instruction, Moved
from banking.policy import BATCHER, BatcherPolicy
from fintrust.core.errors import Problem


@dataclass(frozen=True, slots=True)
class _Waiting:
    instruction: Instruction
    answer: "Future[Moved]" = field(default_factory=Future)


class Batcher:
    """One writer and its queue. `with Batcher() as batcher: batcher.move(instruction)`."""

    def __init__(self, policy: BatcherPolicy = BATCHER) -> None:
        self._policy = policy
        # The last place is for the word that ends it, which must never be refused.
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(policy.waiting_max + 1)
        self._lock = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="ledger-batcher", daemon=True)
        self._writer.start()

    def __enter__(self) -> "Batcher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def move(self, instruction: Instruction) -> Moved:
        """Post it with whatever else waits, committed on return; or raise what refused it.

        A caller in a transaction could wait for locks that it holds itself.
        """
        if connection.in_atomic_block:
            raise transaction.TransactionManagementError("The batcher commits by itself.")
        waiting = _Waiting(instruction)
        with self._lock:
            if self._closed or self._queue.qsize() >= self._policy.waiting_max:
                raise LedgerBusy()
            self._queue.put_nowait(waiting)
        try:
            return waiting.answer.result(self._policy.wait.total_seconds())
        except NotYet:
            # Either nobody will post it any more, or somebody is about to answer.
            if waiting.answer.cancel():
                raise LedgerBusy() from None
            return waiting.answer.result()

    def close(self) -> None:
        """Take nothing new, post what waits, and let the writer go."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put_nowait(None)
        self._writer.join()

    # --- the writer -------------------------------------------------------------------------

    def _write(self) -> None:
        try:
            while batch := self._next():
                self._post(batch)
        finally:
            connection.close()

    def _next(self) -> list[_Waiting]:
        """All that has queued, at least one; nothing when it is over."""
        batch: list[_Waiting] = []
        while not batch:
            try:
                found = self._queue.get(timeout=self._policy.idle.total_seconds())
            except queue.Empty:
                connection.close()  # nobody came for a while: others may have it
                continue
            while found is not None:
                if found.answer.set_running_or_notify_cancel():
                    batch.append(found)
                if len(batch) == self._policy.items_max:
                    return batch
                try:
                    found = self._queue.get_nowait()
                except queue.Empty:
                    break
            if found is None:
                if batch:
                    self._queue.put_nowait(None)  # again, for when these are posted
                return batch
        return batch

    def _post(self, batch: Sequence[_Waiting]) -> None:
        if len(batch) == 1:
            self._post_alone(batch[0])
            return
        try:
            answers = ledger.move_many([waiting.instruction for waiting in batch])
        except Exception:
            # Whatever it was, it was of one of them: each gets an answer of its own. What had
            # been booked all the same, when only the commit's answer was lost, is a replay.
            connection.close()
            for waiting in batch:
                self._post_alone(waiting)
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Problem):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)

    def _post_alone(self, waiting: _Waiting) -> None:
        asked = waiting.instruction
        try:
            moved = ledger.move(
                asked.id,
                asked.source,
                asked.target,
                asked.amount,
                kind=asked.kind,
                narrative=asked.narrative,
            )
        except Exception as error:
            if not isinstance(error, Problem):
                connection.close()
            waiting.answer.set_exception(error)
        else:
            waiting.answer.set_result(moved)
