"""Random histories, told to the real ledger and to a plain one: they must agree on every word."""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from banking import ledger
from banking.models import Account
from banking.tests.ledger_help import account, eur, outcome
from banking.tests.ledger_model import DONE, Books, Box
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7

NAMES = ["clearing", "ada", "ben", "cleo"]  # cleo has an overdraft
accounts = st.sampled_from(NAMES)
amounts = st.one_of(st.integers(1, 60), st.integers(-1, 400))
booked, held = Bundle("booked"), Bundle("held")

SHORT = settings(
    max_examples=int(os.environ.get("LEDGER_HISTORIES", 12)),
    stateful_step_count=int(os.environ.get("LEDGER_STEPS", 40)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Histories(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.real = {
            "clearing": ledger.internal("clearing", "EUR"),
            "ada": account(),
            "ben": account(),
            "cleo": account(overdraft=eur(100)),
        }
        clearing = self.real["clearing"]
        self.books = Books({name: Box() for name in NAMES})
        self.books.boxes["cleo"].floor = -100
        self.books.boxes["clearing"] = Box(
            balance=clearing.balance_minor, floor=None, entries=clearing.seq
        )

    def teardown(self):
        try:
            assert verify_ledger() == []
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def both(self, expected: str, verb, *args, **options) -> str:
        assert outcome(verb, *args, **options) == expected
        return expected

    @rule(target=booked, source=accounts, payee=accounts, amount=amounts)
    def move(self, source, payee, amount):
        id = uuid7()
        return self._move(id, source, payee, amount)

    @rule(id=booked, source=accounts, payee=accounts, amount=amounts)
    def move_again_with_the_same_id(self, id, source, payee, amount):
        if id is not None:
            self._move(id, source, payee, amount)

    @rule(id=booked)
    def replay(self, id):
        known = self.books.booked.get(id)
        if known and known[3] == "transfer":
            self._move(id, *known[:3])

    def _move(self, id, source, payee, amount):
        said = self.books.move(id, source, payee, amount)
        self.both(said, ledger.move, id, self.real[source], self.real[payee], eur(amount))
        return id if said == DONE else None

    @rule(target=held, name=accounts, amount=st.integers(1, 60))
    def hold(self, name, amount):
        id = uuid7()
        said = self.books.hold(id, name, amount)
        self.both(said, ledger.hold, id, self.real[name], eur(amount))
        return id if said == DONE else None

    @rule(target=booked, hold=held, payee=accounts, amount=st.integers(1, 70))
    def capture(self, hold, payee, amount):
        if hold is None:
            return None
        id = uuid7()
        said = self.books.capture(hold, id, payee, amount)
        self.both(said, ledger.capture, hold, id, self.real[payee], eur(amount))
        return id if said == DONE else None

    @rule(hold=consumes(held))
    def release(self, hold):
        if hold is not None:
            self.both(self.books.release(hold), ledger.release, hold)

    @rule(target=booked, movement=booked)
    def reverse(self, movement):
        if movement is None:
            return None
        id = uuid7()
        said = self.books.reverse(id, movement)
        self.both(said, ledger.reverse, id, movement)
        return id if said == DONE else None

    @rule(
        name=st.sampled_from(NAMES[1:]),
        status=st.sampled_from(["active", "active", "frozen", "closed"]),
    )
    def set_status(self, name, status):
        self.both(self.books.set_status(name, status), ledger.set_status, self.real[name], status)

    @rule(pairs=st.lists(st.tuples(accounts, accounts, amounts), max_size=6))
    def batch(self, pairs):
        instructions = [
            ledger.Instruction(uuid7(), self.real[source], self.real[payee], eur(amount))
            for source, payee, amount in pairs
        ]
        answers = ledger.move_many(instructions)
        said = [DONE if isinstance(a, ledger.Moved) else a.code for a in answers]
        assert said == [
            self.books.move(instruction.id, *pair)
            for instruction, pair in zip(instructions, pairs, strict=True)
        ]

    @invariant()
    def the_books_agree(self):
        rows = Account.objects.in_bulk([account.pk for account in self.real.values()])
        for name, box in self.books.boxes.items():
            row = rows[self.real[name].pk]
            assert (row.balance_minor, row.held_minor, row.seq, row.status) == (
                box.balance, box.held, box.entries, box.status,
            ), name  # fmt: skip


@pytest.mark.django_db
def test_the_ledger_agrees_with_a_plain_one_on_random_histories():
    run_state_machine_as_test(Histories, settings=SHORT)
