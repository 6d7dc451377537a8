"""A batch is a faster way to say the same thing: what it answers and leaves behind is what its
instructions would have, told one after the other."""

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banking import ledger
from banking.models import Account, Movement
from banking.tests.ledger_help import account, balance, eur, now
from banking.tests.test_ledger_concurrency import at_once
from banking.verify import verify_ledger
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

NAMES = ["ada", "ben", "cleo", "dora", "frozen", "closed", "yen", "clearing", "fees", "nobody"]
IDS = 8  # so few that a batch repeats itself, and what is stored


@dataclass
class People:
    accounts: dict[str, Account | int]
    ids: list[Any]


@pytest.fixture
def people(db):
    """Ada owns little, Cleo may overdraw, Dora has a hold."""
    accounts: dict[str, Account | int] = {
        "ada": account(30), "ben": account(100), "cleo": account(20, overdraft=eur(40)),
        "dora": account(60), "frozen": account(50), "closed": account(), "yen": account(9, "JPY"),
        "clearing": ledger.internal("clearing", "EUR"), "fees": ledger.internal("fees", "EUR"),
        "nobody": 999_999,
    }  # fmt: skip
    ledger.hold(uuid7(), accounts["dora"], eur(50))
    ledger.set_status(accounts["frozen"], "frozen")
    ledger.set_status(accounts["closed"], "closed")
    ids = [uuid7() for _ in range(IDS)]
    ledger.move(ids[0], accounts["ben"], accounts["ada"], eur(5))
    ledger.reverse(ids[1], ids[0])
    return People(accounts, ids)


# Mostly what works, so that balances run on; some of what does not.
names = st.one_of(st.sampled_from(NAMES[:4]), st.sampled_from(NAMES))
amounts = st.one_of(
    st.integers(1, 25), st.integers(1, 25), st.sampled_from([0, 5, 10**18 - 1, 10**18])
)
items = st.tuples(
    st.integers(0, IDS * 4), names, names, amounts,
    st.sampled_from(["EUR"] * 9 + ["JPY"]), st.sampled_from(["transfer"] * 5 + ["gift"]),
)  # fmt: skip


def said(answer: Any) -> tuple[Any, ...]:
    """Everything but the clock."""
    if isinstance(answer, Problem):
        return (answer.code, answer.extra.get("side", ""))
    return (
        answer.replayed, answer.id, answer.source_id, answer.target_id, answer.amount, answer.kind,
        answer.source_balance, answer.target_balance, answer.source_seq, answer.target_seq,
    )  # fmt: skip


def one_by_one(instruction: ledger.Instruction) -> ledger.Moved | Problem:
    try:
        with transaction.atomic():
            return ledger.move(
                instruction.id, instruction.source, instruction.target, instruction.amount,
                kind=instruction.kind, narrative=instruction.narrative,
            )  # fmt: skip
    except Problem as problem:
        return problem


def left_behind() -> tuple[Any, ...]:
    movements = Movement.objects.order_by("pk").values_list(
        "pk", "source", "target", "amount_minor", "kind", "narrative", "currency", "value_date",
        "source_balance_minor", "target_balance_minor", "source_seq", "target_seq",
    )  # fmt: skip
    accounts = Account.objects.order_by("pk").values_list(
        "pk", "balance_minor", "held_minor", "seq", "status"
    )
    return list(movements), list(accounts)


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True)
@given(plan=st.lists(items, max_size=25))
def test_a_batch_says_and_does_what_its_items_would_one_by_one(people, plan):
    fresh = [uuid7() for _ in range(IDS * 4 + 1)]
    ids = people.ids + fresh[IDS:]
    batch = [
        ledger.Instruction(
            ids[id], people.accounts[source], people.accounts[target], Money(minor, currency), kind,
            f"item {n}",
        )
        for n, (id, source, target, minor, currency, kind) in enumerate(plan)
    ]  # fmt: skip

    def told(how):
        """What it said and left behind, undone again."""
        with transaction.atomic():
            answers = [said(answer) for answer in how(batch)]
            found = answers, left_behind()
            assert verify_ledger() == []
            transaction.set_rollback(True)
        return found

    expected = told(lambda batch: [one_by_one(item) for item in batch])
    assert told(ledger.move_many) == expected

    refusals = [n for n, answer in enumerate(expected[0], 1) if isinstance(answer[0], str)]
    with transaction.atomic():
        if refusals:
            before = left_behind()
            with pytest.raises(Problem) as refusal, transaction.atomic():
                ledger.move_many(batch, linked=True)
            first = expected[0][refusals[0] - 1]
            assert (refusal.value.code, refusal.value.extra.get("side", "")) == first
            assert refusal.value.extra["item"] == str(refusals[0])
            assert left_behind() == before
        else:
            assert [said(a) for a in ledger.move_many(batch, linked=True)] == expected[0]
            assert left_behind() == expected[1]
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_money_that_arrives_in_a_batch_can_leave_in_it():
    ada, ben, cleo = account(10), account(), account()
    hop = [ledger.Instruction(uuid7(), *pair, eur(10)) for pair in [(ada, ben), (ben, cleo)]]
    assert [a.replayed for a in ledger.move_many(hop) if isinstance(a, ledger.Moved)] == [False] * 2
    backwards = [ledger.Instruction(uuid7(), *pair, eur(10)) for pair in [(ben, ada), (cleo, ben)]]
    first, second = ledger.move_many(backwards)
    assert isinstance(first, Problem)
    assert first.code == "insufficient-funds"
    assert isinstance(second, ledger.Moved), "who comes later gets what is there then"
    assert (balance(ada), balance(ben), balance(cleo)) == (0, 10, 0)
    assert verify_ledger() == []


@pytest.mark.django_db
@pytest.mark.parametrize("minor, done", [(999, 999), (1_000, 1_000), (1_001, 1_000)])
def test_a_thousand_leave_one_account_until_it_is_empty(minor, done):
    ada, ben = account(minor), account()
    batch = [ledger.Instruction(uuid7(), ada, ben, eur(1)) for _ in range(1_000)]
    answers = ledger.move_many(batch)
    assert Counter(isinstance(answer, ledger.Moved) for answer in answers)[True] == done
    assert (balance(ada), balance(ben)) == (minor - done, done)
    again = ledger.move_many(batch)
    assert [said(answer)[1:] for answer in again] == [said(answer)[1:] for answer in answers]
    assert (balance(ada), balance(ben)) == (minor - done, done)
    assert verify_ledger() == []


@pytest.mark.usefixtures("bank")
def test_big_batches_in_opposite_orders_both_finish():
    people = [account(100_000) for _ in range(12)]
    pairs = [(a, b) for a, b in itertools.permutations(people, 2)] * 2

    def send(order):
        def deed():
            done = 0
            for _ in range(3):
                batch = [ledger.Instruction(uuid7(), a, b, eur(1)) for a, b in order]
                done += sum(isinstance(a, ledger.Moved) for a in ledger.move_many(batch))
            return done

        return deed

    done = at_once(*[send(pairs), send(pairs[::-1])] * 2)
    assert Counter(done) == {3 * len(pairs): 4}
    assert sum(now(person).balance_minor for person in people) == 1_200_000
    assert verify_ledger() == []


@pytest.mark.usefixtures("bank")
def test_the_same_batch_from_four_threads_is_booked_once():
    people = [account(1_000) for _ in range(6)]
    batch = [ledger.Instruction(uuid7(), *p, eur(1)) for p in itertools.permutations(people, 2)]
    answers = at_once(*[lambda: ledger.move_many(batch)] * 4)
    replays = Counter(tuple(a.replayed for a in told) for told in answers)
    assert replays == {(False,) * 30: 1, (True,) * 30: 3}
    assert verify_ledger() == []
