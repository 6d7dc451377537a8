"""Random histories, told to the real ledger and to a plain one: they must agree on every word."""

import itertools
import os
from datetime import UTC, date, datetime, timedelta

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
from banking.models import Account, FrozenBalance
from banking.tests.ledger_help import account, eur, outcome
from banking.tests.ledger_model import DONE, Books, Box
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7

NAMES = ["clearing", "ada", "ben", "cleo"]  # cleo has an overdraft
accounts = st.sampled_from(NAMES)
amounts = st.one_of(st.integers(1, 60), st.integers(-1, 400))
days = st.one_of(st.just(0), st.integers(-12, 1))  # counted from today
PAIRS = [*itertools.permutations(NAMES, 2), ("ada", "ada")]
legs = st.lists(
    st.tuples(st.sampled_from(PAIRS), st.integers(1, 60)).map(lambda leg: (*leg[0], leg[1])),
    max_size=4,
)
booked, held, journals = Bundle("booked"), Bundle("held"), Bundle("journals")

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
        self.today = datetime.now(UTC).date()
        self.real = {
            "clearing": ledger.internal("clearing", "EUR"),
            "ada": account(),
            "ben": account(),
            "cleo": account(overdraft=eur(100)),
        }
        self.books = Books({name: Box() for name in NAMES})
        self.books.boxes["cleo"].floor = -100
        self.books.boxes["clearing"].floor = None
        assert not self.real["clearing"].seq, "its past days are compared too"
        for name in NAMES[1:]:
            self._move(uuid7(), "clearing", name, 100, day=-20)

    def teardown(self):
        try:
            assert verify_ledger() == []
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def both(self, expected: str, verb, *args, **options) -> str:
        assert outcome(verb, *args, **options) == expected
        return expected

    def day(self, back: int) -> date:
        return self.today + timedelta(days=back)

    @rule(target=booked, source=accounts, payee=accounts, amount=amounts, day=days)
    def move(self, source, payee, amount, day):
        return self._move(uuid7(), source, payee, amount, day)

    @rule(id=booked, source=accounts, payee=accounts, amount=amounts)
    def move_again_with_the_same_id(self, id, source, payee, amount):
        if id is not None:
            self._move(id, source, payee, amount)

    @rule(id=booked)
    def replay(self, id):
        known = self.books.booked.get(id)
        if known and known[3] == "transfer":
            self._move(id, *known[:3])

    def _move(self, id, source, payee, amount, day=0):
        said = self.books.move(id, source, payee, amount, day=day)
        self.both(
            said, ledger.move, id, self.real[source], self.real[payee], eur(amount),
            value_date=self.day(day),
        )  # fmt: skip
        return id if said == DONE else None

    @rule(target=held, name=accounts, amount=st.integers(1, 60))
    def hold(self, name, amount):
        id = uuid7()
        said = self.books.hold(id, name, amount)
        self.both(said, ledger.hold, id, self.real[name], eur(amount))
        return id if said == DONE else None

    @rule(target=booked, hold=held, payee=accounts, amount=st.integers(1, 70), day=days)
    def capture(self, hold, payee, amount, day):
        if hold is None:
            return None
        id = uuid7()
        said = self.books.capture(hold, id, payee, amount, day=day)
        self.both(
            said, ledger.capture, hold, id, self.real[payee], eur(amount), value_date=self.day(day)
        )
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

    @rule(target=journals, legs=legs, day=days)
    def journal(self, legs, day):
        id = uuid7()
        return id if self._journal(id, legs, day) == DONE else None

    @rule(id=journals, legs=legs)
    def journal_again_with_the_same_id(self, id, legs):
        if id is not None:
            self._journal(id, legs)

    @rule(id=journals)
    def replay_a_journal(self, id):
        if id is not None:
            self._journal(id, [leg[1:] for leg in self.books.journals[id]])

    def _journal(self, id, legs, day=0):
        named = [(uuid7(), *leg) for leg in legs]
        said = self.books.journal(id, named, day=day)
        instructions = [
            ledger.Instruction(leg, self.real[source], self.real[payee], eur(amount))
            for leg, source, payee, amount in named
        ]
        return self.both(said, ledger.journal, id, instructions, value_date=self.day(day))

    @rule(target=booked, id=journals, place=st.integers(0, 3))
    def a_leg(self, id, place):
        """Of a journal, to be reversed alone or booked again."""
        found = self.books.journals.get(id)
        return found[place % len(found)][0] if found else None

    @rule(journal=journals)
    def reverse_journal(self, journal):
        if journal is not None:
            id = uuid7()
            said = self.books.reverse_journal(id, journal)
            self.both(said, ledger.reverse_journal, id, journal)
            if said == DONE:
                self.both("reversal-of-reversal", ledger.reverse_journal, uuid7(), id)

    @rule(day=st.sampled_from([-12, -9, -6, -3, -1, 0]))
    def close(self, day):
        if self.both(self.books.close(day), ledger.close_period, "EUR", self.day(day)) == DONE:
            ledger.freeze_period("EUR", self.day(day))

    @rule(pair=st.permutations(NAMES[1:]).map(lambda names: names[:2]))
    def freeze_both_sides(self, pair):
        payer, payee = pair
        for status in ("frozen", "active"):
            for name in pair:
                self.set_status(name, status)
                self._move(uuid7(), payer, payee, 1)

    @rule(
        name=st.sampled_from(NAMES[1:]),
        status=st.sampled_from(["active", "active", "active", "frozen", "closed"]),
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

    @invariant()
    def every_day_agrees(self):
        for name, box in self.books.boxes.items():
            for back in (-9, -4, -1, 0):
                assert ledger.balance_on(self.real[name], self.day(back)) == eur(box.on(back)), name

    @invariant()
    def what_is_frozen_stays(self):
        kept = {
            (row.until_day, row.account_id): row.balance_minor
            for row in FrozenBalance.objects.all()
        }
        for back, balances in self.books.closed.items():
            for name, minor in balances.items():
                assert kept.get((self.day(back), self.real[name].pk), 0) == minor, name


@pytest.mark.django_db
def test_the_ledger_agrees_with_a_plain_one_on_random_histories():
    run_state_machine_as_test(Histories, settings=SHORT)
