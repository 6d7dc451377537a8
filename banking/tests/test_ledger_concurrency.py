"""What happens when many do it at once, with commits that are commits."""

import itertools
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from banking import ledger
from banking.models import Movement
from banking.tests.ledger_help import account, balance, eur, now, outcome
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7

pytestmark = pytest.mark.usefixtures("bank")


@pytest.fixture(autouse=True)
def the_ledger_still_proves_itself(bank):
    yield
    assert verify_ledger() == []


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Every deed in a thread and connection of its own, started together."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=20)
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [future.result() for future in [threads.submit(run, deed) for deed in deeds]]


def test_two_people_paying_each_other_never_wait_for_ever():
    ada, ben = account(1_000), account(1_000)

    def pay(source, target):
        return lambda: [outcome(ledger.move, uuid7(), source, target, eur(1)) for _ in range(500)]

    said = at_once(*[pay(ada, ben), pay(ben, ada)] * 2)  # a thousand times each
    assert Counter(itertools.chain(*said)) == {"done": 2_000}
    assert (balance(ada), balance(ben)) == (1_000, 1_000)
    assert now(ada).seq == 2_001


def test_movements_holds_and_batches_among_a_few_accounts_never_deadlock():
    people = [account(500) for _ in range(4)]

    def live(seed):
        dice = random.Random(seed)

        def deed():
            for _ in range(60):
                source, target = dice.sample(people, 2)
                match dice.randrange(4):
                    case 0:
                        outcome(ledger.move, uuid7(), source, target, eur(dice.randint(1, 90)))
                    case 1:
                        hold = uuid7()
                        outcome(ledger.hold, hold, source, eur(dice.randint(1, 90)))
                        outcome(ledger.capture, hold, uuid7(), target)
                    case 2:
                        shuffled = dice.sample(people, 4)
                        ledger.move_many(
                            [
                                ledger.Instruction(uuid7(), a, b, eur(dice.randint(1, 90)))
                                for a, b in itertools.pairwise(shuffled)
                            ]
                        )
                    case 3:
                        with transaction.atomic():
                            ledger.lock(source, target)
                            outcome(ledger.move, uuid7(), source, target, eur(5))
                            outcome(ledger.move, uuid7(), target, source, eur(5))

        return deed

    at_once(*[live(seed) for seed in range(6)])
    assert sum(balance(person) for person in people) == 2_000


def test_the_same_id_from_eight_threads_is_one_movement():
    ada, ben, id = account(1_000), account(), uuid7()
    answers = at_once(*[lambda: ledger.move(id, ada, ben, eur(100))] * 8)
    assert Counter(answer.replayed for answer in answers) == {False: 1, True: 7}
    assert len({(answer.source_seq, answer.source_balance) for answer in answers}) == 1
    assert balance(ben) == 100


def test_the_same_id_for_different_payees_is_one_movement():
    ada, id = account(1_000), uuid7()
    payees = [account() for _ in range(8)]
    pay = [lambda to=to: outcome(ledger.move, id, ada, to, eur(100)) for to in payees]
    assert Counter(at_once(*pay)) == {"done": 1, "idempotency-conflict": 7}
    assert balance(ada) == 900


def test_the_same_id_among_strangers_is_one_movement():
    """No lock in common: they meet at the primary key."""
    id = uuid7()
    pairs = [(account(100), account()) for _ in range(8)]
    pay = [lambda a=a, b=b: outcome(ledger.move, id, a, b, eur(100)) for a, b in pairs]
    assert Counter(at_once(*pay)) == {"done": 1, "idempotency-conflict": 7}
    assert Movement.objects.filter(pk=id).count() == 1


def test_of_six_holds_of_a_thousand_on_five_thousand_one_is_refused():
    ada = account(5_000)
    said = at_once(*[lambda: outcome(ledger.hold, uuid7(), ada, eur(1_000))] * 6)
    assert Counter(said) == {"done": 5, "insufficient-funds": 1}
    assert now(ada).held == eur(5_000)


def test_the_last_money_is_spent_once():
    ada = account(100)
    payees = [account() for _ in range(8)]
    pay = [lambda to=to: outcome(ledger.move, uuid7(), ada, to, eur(100)) for to in payees]
    assert Counter(at_once(*pay)) == {"done": 1, "insufficient-funds": 7}


@pytest.mark.parametrize("round", range(3))
def test_a_hold_that_everybody_ends_at_once_ends_once(round):
    ada, ben = account(100), account()
    hold = ledger.hold(uuid7(), ada, eur(60)).id
    captures = [lambda: outcome(ledger.capture, hold, uuid7(), ben)] * 4
    releases = [lambda: outcome(ledger.release, hold)] * 4
    assert Counter(at_once(*captures, *releases)) == {"done": 1, "hold-ended": 7}
    assert balance(ada) + balance(ben) == 100
    assert now(ada).held == eur(0)


def test_a_movement_that_everybody_reverses_at_once_is_reversed_once():
    ada, ben = account(100), account(100)
    moved = ledger.move(uuid7(), ada, ben, eur(10)).id
    said = at_once(*[lambda: outcome(ledger.reverse, uuid7(), moved)] * 8)
    assert Counter(said) == {"done": 1, "already-reversed": 7}
    assert balance(ada) == 100


def test_closing_and_paying_at_once_leaves_no_money_behind():
    for _ in range(5):
        ada, ben = account(10), account()
        said = at_once(
            lambda ada=ada, ben=ben: outcome(ledger.move, uuid7(), ada, ben, eur(10)),
            lambda ben=ben: outcome(ledger.set_status, ben, "closed"),
        )
        assert sorted(said) in (["account-closed", "done"], ["account-not-empty", "done"])
