"""Callers that wait together are posted together, and each hears only of its own."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from banking import ledger
from banking.batcher import Batcher
from banking.errors import IdempotencyConflict, InsufficientFunds, LedgerBusy, UnknownAccount
from banking.ledger import Instruction
from banking.models import Movement
from banking.policy import BatcherPolicy
from banking.tests.ledger_help import account, balance, eur, now
from banking.verify import verify_ledger
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7

pytestmark = pytest.mark.usefixtures("bank")


@pytest.fixture(autouse=True)
def the_ledger_still_proves_itself(bank):
    yield
    assert verify_ledger() == []


def together(batcher: Batcher, instructions: list[Instruction]) -> list[object]:
    """Each from a thread of its own; the answer or the refusal."""

    def ask(instruction):
        try:
            return batcher.move(instruction)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(instructions)) as threads:
        return list(threads.map(ask, instructions))


class Stopped:
    """The writer is kept waiting at a row, so that others queue behind it."""

    def __init__(self, account):
        self.account, self.go, self.stopped = account, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def hold(self):
        try:
            with transaction.atomic():
                ledger.lock(self.account)
                self.stopped.set()
                assert self.go.wait(20)
        finally:
            connection.close()

    def __enter__(self):
        self.thread.start()
        assert self.stopped.wait(20)
        return self

    def __exit__(self, *_):
        self.go.set()
        self.thread.join()


def test_one_caller_is_answered_like_the_ledger():
    ada, ben, id = account(100), account(), uuid7()
    with Batcher() as batcher:
        moved = batcher.move(Instruction(id, ada, ben, eur(30), "gift", "for you"))
        assert (moved.replayed, moved.source_balance, moved.narrative) == (
            False,
            eur(70),
            "for you",
        )
        assert balance(ben) == 30, "committed when it answers"
        assert batcher.move(Instruction(id, ada, ben, eur(30), "gift")).replayed
        with pytest.raises(InsufficientFunds):
            batcher.move(Instruction(uuid7(), ada, ben, eur(71)))


def test_sixty_callers_share_an_account_and_the_last_money_is_spent_once():
    ada, payees = account(50), [account() for _ in range(60)]
    with Batcher() as batcher:
        answers = together(batcher, [Instruction(uuid7(), ada, to, eur(1)) for to in payees])
    assert Counter(type(answer) for answer in answers) == {
        ledger.Moved: 50, InsufficientFunds: 10,
    }  # fmt: skip
    for answer, payee in zip(answers, payees, strict=True):
        paid = isinstance(answer, ledger.Moved)
        assert balance(payee) == int(paid)
        assert not paid or answer.target_id == payee.pk, "each hears of its own"
    assert now(ada).seq == 51


def test_what_one_of_them_breaks_the_others_do_not_feel():
    ada, stranger, other, ben = account(100), account(10), account(10), account()
    stolen = uuid7()
    with Batcher() as batcher, Stopped(ada) as stopped:
        first = threading.Thread(
            target=lambda: batcher.move(Instruction(uuid7(), ada, ben, eur(1)))
        )
        first.start()
        # While the first one waits, these queue; then somebody else books an id of theirs.
        poisoned = [
            Instruction(stolen, ada, ben, eur(2)),
            Instruction(uuid7(), ada, 999_999, eur(3)),
            Instruction(uuid7(), ada, ben, eur(4), "x" * 33),  # no such kind: the database says no
            Instruction(uuid7(), ada, ben, eur(5), narrative="nul \x00"),
            *[Instruction(uuid7(), ada, ben, eur(1)) for _ in range(20)],
        ]
        ledger.move(stolen, stranger, other, eur(1))
        threading.Timer(0.3, stopped.go.set).start()
        answers = together(batcher, poisoned)
        first.join()
    assert [type(answer) for answer in answers[:2]] == [IdempotencyConflict, UnknownAccount]
    assert all(isinstance(answer, Exception) for answer in answers[2:4])
    assert not any(isinstance(answer, Problem) for answer in answers[2:4])
    assert all(isinstance(answer, ledger.Moved) for answer in answers[4:])
    assert balance(ada) == 100 - 1 - 20
    assert Movement.objects.filter(source=ada).count() == 21


def test_a_full_queue_turns_the_next_one_away_by_name():
    ada, ben = account(100), account()
    policy = BatcherPolicy(waiting_max=3, wait=timedelta(seconds=20))
    with Batcher(policy) as batcher, Stopped(ada) as stopped:
        threading.Timer(0.5, stopped.go.set).start()
        answers = together(batcher, [Instruction(uuid7(), ada, ben, eur(1)) for _ in range(12)])
    said = Counter(type(answer) for answer in answers)
    # One is being posted (the writer took it before the others came, or with some of them).
    assert said[LedgerBusy] == 12 - said[ledger.Moved]
    assert 3 <= said[ledger.Moved] <= 6
    assert balance(ben) == said[ledger.Moved], "who was turned away moved nothing"


def test_who_has_waited_too_long_moved_nothing():
    ada, ben, late = account(100), account(), uuid7()
    policy = BatcherPolicy(wait=timedelta(seconds=0.3))
    with Batcher(policy) as batcher, Stopped(ada):
        first = threading.Thread(
            target=lambda: batcher.move(Instruction(uuid7(), ada, ben, eur(1)))
        )
        first.start()
        _until_taken(batcher)
        with pytest.raises(LedgerBusy):
            batcher.move(Instruction(late, ada, ben, eur(7)))
    first.join()
    assert balance(ben) == 1
    assert not Movement.objects.filter(pk=late).exists()
    # ... and is welcome to try again.
    with Batcher() as batcher:
        assert not batcher.move(Instruction(late, ada, ben, eur(7))).replayed


def _until_taken(batcher):
    """The writer has begun with the first one."""
    taken = threading.Event()
    for _ in range(200):
        if batcher._queue.empty():
            return
        taken.wait(0.01)
    raise AssertionError("the writer did not begin")


def test_closing_posts_what_waits_and_takes_nothing_new():
    ada, ben = account(100), account()
    batcher = Batcher()
    with Stopped(ada) as stopped, ThreadPoolExecutor(11) as threads:
        asked = [
            threads.submit(batcher.move, Instruction(uuid7(), ada, ben, eur(1))) for _ in range(10)
        ]
        deadline = threading.Event()
        while sum(future.running() for future in asked) < 10:
            deadline.wait(0.01)
        closing = threads.submit(batcher.close)
        deadline.wait(0.2)
        with pytest.raises(LedgerBusy):
            batcher.move(Instruction(uuid7(), ada, ben, eur(1)))
        stopped.go.set()
        closing.result(20)
        assert [future.result(20).replayed for future in asked] == [False] * 10
    batcher.close()
    assert balance(ben) == 10


def test_nobody_calls_it_from_inside_a_transaction():
    ada, ben = account(100), account()
    with (
        Batcher() as batcher,
        transaction.atomic(),
        pytest.raises(transaction.TransactionManagementError, match="commits by itself"),
    ):
        batcher.move(Instruction(uuid7(), ada, ben, eur(1)))
    assert balance(ben) == 0
