"""A journal is one thing: whole, once, balanced in each currency because each leg is."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from psycopg import errors as pg

from banking import ledger
from banking.models import Journal, Movement
from banking.policy import BooksPolicy
from banking.tests.ledger_help import account, balance, eur, now, outcome
from banking.tests.test_ledger_concurrency import at_once
from banking.verify import verify_ledger
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money


@pytest.fixture
def ada(db):
    yield account(100_00)
    assert verify_ledger() == []


@pytest.fixture
def ben(db):
    return account()


def leg(source, target, amount, **options):
    return ledger.Instruction(uuid7(), source, target, amount, **options)


def exchange(payer, payee):
    """Ten euro become eleven dollars: each currency moves against the bank's own position."""
    return [
        leg(payer, ledger.internal("fx-position", "EUR"), eur(10_00), kind="sell"),
        leg(ledger.internal("fx-position", "USD"), payee, Money(11_00, "USD"), kind="buy"),
        leg(payer, ledger.internal("fees", "EUR"), eur(25), kind="fee", narrative="0.25"),
    ]


def test_a_journal_moves_several_currencies_at_once(ada):
    dollars, id = account(0, "USD"), uuid7()
    booked = ledger.journal(id, exchange(ada, dollars), narrative="holiday")
    assert (booked.id, booked.replayed, booked.narrative) == (id, False, "holiday")
    assert [(moved.kind, str(moved.amount)) for moved in booked.legs] == [
        ("sell", "10.00 EUR"), ("buy", "11.00 USD"), ("fee", "0.25 EUR"),
    ]  # fmt: skip
    assert {moved.journal_id for moved in booked.legs} == {id}
    assert [moved.source_balance for moved in booked.legs][::2] == [eur(90_00), eur(89_75)]
    assert (balance(ada), balance(dollars)) == (89_75, 11_00)
    assert Journal.objects.get(pk=id).public_id.startswith("jrn_")


def test_a_journal_is_one_journal_however_often_it_is_booked(ada):
    dollars, id = account(0, "USD"), uuid7()
    legs = exchange(ada, dollars)
    first = ledger.journal(id, legs)
    again = ledger.journal(id, legs)
    assert again == replace(
        first, replayed=True, legs=tuple(replace(moved, replayed=True) for moved in first.legs)
    )
    # Who repeats himself may have made new ids for the legs; the journal's own is what counts.
    assert ledger.journal(id, exchange(ada, dollars)) == again
    assert (balance(ada), Movement.objects.filter(journal_id=id).count()) == (89_75, 3)


def test_a_replay_is_answered_even_when_it_could_not_happen_any_more(ada, ben):
    id, legs = uuid7(), [leg(ada, ben, eur(100_00))]
    ledger.journal(id, legs)
    ledger.set_status(ada, "closed")
    assert outcome(ledger.journal, id, legs) == "replayed"


def test_the_id_of_a_journal_means_these_legs_and_no_others(ada, ben):
    id, legs = uuid7(), [leg(ada, ben, eur(1)), leg(ada, ben, eur(2))]
    ledger.journal(id, legs)
    for other in [
        legs[:1],
        legs[::-1],
        [*legs, leg(ada, ben, eur(3))],
        [legs[0], replace(legs[1], amount=eur(3))],
        [legs[0], replace(legs[1], target=account())],
        [legs[0], replace(legs[1], source=ben, target=ada)],
        [legs[0], replace(legs[1], kind="gift")],
    ]:
        assert outcome(ledger.journal, id, other) == "idempotency-conflict"
    assert balance(ben) == 3


def test_a_leg_that_is_booked_elsewhere_is_no_leg(ada, ben):
    moved = ledger.move(uuid7(), ada, ben, eur(1))
    same = ledger.Instruction(moved.id, ada, ben, eur(1))
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.journal(uuid7(), [leg(ada, ben, eur(1)), same])
    assert (refusal.value.code, refusal.value.extra) == ("idempotency-conflict", {"leg": "2"})
    twice = leg(ada, ben, eur(1))
    assert outcome(ledger.journal, uuid7(), [twice, twice]) == "idempotency-conflict"
    assert balance(ben) == 1


def test_all_legs_or_none_and_the_refusal_names_the_leg(ada, ben):
    legs = [leg(ada, ben, eur(60_00)), leg(ben, ada, eur(10_00)), leg(ada, ben, eur(50_01))]
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.journal(uuid7(), legs)
    assert refusal.value.code == "insufficient-funds"
    assert refusal.value.extra == {"side": "source", "leg": "3"}
    assert (balance(ada), balance(ben)) == (100_00, 0)
    assert Journal.objects.count() == 0
    ledger.journal(uuid7(), [*legs[:2], replace(legs[2], amount=eur(50_00))])
    assert balance(ada) == 0


@pytest.mark.parametrize(
    "change, said",
    [
        ({"amount": eur(0)}, "invalid-amount"),
        ({"amount": eur(10**18)}, "amount-too-large"),
        ({"amount": Money(1, "USD")}, "currency-mismatch"),
        ({"target": 999_999_999}, "unknown-account"),
        ({"narrative": "x" * 501}, "narrative-too-long"),
    ],
)
def test_a_bad_leg_is_refused_by_name(ada, ben, change, said):
    bad = replace(leg(ada, ben, eur(1)), **change)
    assert outcome(ledger.journal, uuid7(), [leg(ada, ben, eur(1)), bad]) == said
    assert outcome(ledger.journal, uuid7(), [leg(ada, ada, eur(1))]) == "same-account"
    assert balance(ben) == 0


def test_a_journal_has_one_leg_at_least_and_a_thousand_at_most(ada, ben):
    assert outcome(ledger.journal, uuid7(), []) == "journal-empty"
    few = BooksPolicy(journal_legs_max=3)
    legs = [leg(ada, ben, eur(1)) for _ in range(4)]
    assert outcome(ledger.journal, uuid7(), legs[:3], policy=few) == "done"
    assert outcome(ledger.journal, uuid7(), legs, policy=few) == "journal-too-large"
    thousand = [leg(ada, ben, eur(1)) for _ in range(1_000)]
    assert outcome(ledger.journal, uuid7(), [*thousand, legs[0]]) == "journal-too-large"
    assert len(ledger.journal(uuid7(), thousand).legs) == 1_000
    assert balance(ben) == 1_003


def test_nothing_joins_a_journal_afterwards(bank, app_sql):
    ada, ben = account(100_00), account()
    id, gathered = uuid7(), uuid7()
    ledger.journal(id, [leg(ada, ben, eur(1))])
    with transaction.atomic():
        ledger.move(uuid7(), ada, ben, eur(1), journal=gathered)
        ledger.move(uuid7(), ada, ben, eur(1), journal=gathered)
    for journal in (id, gathered):
        assert outcome(ledger.move, uuid7(), ada, ben, eur(1), journal=journal) == (
            "journal-complete"
        )
        assert outcome(ledger.move_many, [leg(ada, ben, eur(1))], journal=journal, linked=True) == (
            "journal-complete"
        )
        assert outcome(ledger.journal, journal, [leg(ben, ada, eur(1))]) == "idempotency-conflict"
        with pytest.raises(pg.Error, match="journal is complete"):
            app_sql(
                "SELECT ledger_move(%s, %s, %s, 1, 'EUR', p_journal => %s)",
                uuid7(), ada.pk, ben.pk, journal,
            )  # fmt: skip
    assert balance(ben) == 3
    assert verify_ledger() == []
    assert verify_ledger() == []


def test_nothing_joins_a_journal_of_the_same_transaction_either(ada, ben):
    id = uuid7()
    ledger.journal(id, [leg(ada, ben, eur(1))])
    assert outcome(ledger.move, uuid7(), ada, ben, eur(1), journal=id) == "journal-complete"


def test_a_journal_is_reversed_whole_and_once(ada, ben):
    dollars, id, back = account(0, "USD"), uuid7(), uuid7()
    ledger.journal(id, exchange(ada, dollars))
    undone = ledger.reverse_journal(back, id, narrative="stayed at home")
    assert [(str(moved.amount), moved.kind) for moved in undone.legs] == [
        ("0.25 EUR", "reversal"), ("11.00 USD", "reversal"), ("10.00 EUR", "reversal"),
    ]  # fmt: skip
    assert (undone.id, undone.reverses_id, undone.replayed) == (back, id, False)
    assert (balance(ada), balance(dollars)) == (100_00, 0)
    assert ledger.reverse_journal(back, id).replayed
    assert outcome(ledger.reverse_journal, uuid7(), id) == "already-reversed"
    assert outcome(ledger.reverse_journal, uuid7(), back) == "reversal-of-reversal"
    assert outcome(ledger.reverse_journal, uuid7(), uuid7()) == "unknown-journal"
    assert outcome(ledger.reverse_journal, id, id) == "idempotency-conflict"
    assert outcome(ledger.journal, back, [leg(ada, ben, eur(1))]) == "idempotency-conflict"


def test_a_leg_is_not_reversed_alone(ada, ben):
    booked = ledger.journal(uuid7(), [leg(ada, ben, eur(1)), leg(ada, ben, eur(2))])
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.reverse(uuid7(), booked.legs[0].id)
    assert (refusal.value.code, refusal.value.extra) == ("journal-leg", {"journal": str(booked.id)})


def test_a_reversal_that_one_leg_forbids_undoes_nothing(ada, ben):
    dollars, id = account(0, "USD"), uuid7()
    ledger.journal(id, exchange(ada, dollars))
    ledger.move(uuid7(), dollars, account(0, "USD"), Money(1, "USD"))
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.reverse_journal(uuid7(), id)
    assert refusal.value.code == "insufficient-funds"
    assert refusal.value.extra == {"side": "source", "leg": "2"}
    assert balance(ada) == 89_75


def test_a_journal_is_valued_on_one_day(ada, ben):
    day = timezone.now().date() - timedelta(days=3)
    booked = ledger.journal(uuid7(), [leg(ada, ben, eur(1))] * 1, value_date=day)
    assert {booked.value_date, *(moved.value_date for moved in booked.legs)} == {day}
    ahead = timezone.now().date() + timedelta(days=2)
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.journal(uuid7(), [leg(ada, ben, eur(1))], value_date=ahead)
    assert (refusal.value.code, refusal.value.extra["leg"]) == ("value-date-in-the-future", "1")


def test_eight_twins_book_one_journal(bank):
    ada, ben, id = account(1_000), account(), uuid7()
    legs = [leg(ada, ben, eur(100)), leg(ben, ada, eur(50))]
    said = at_once(*[lambda: outcome(ledger.journal, id, legs)] * 8)
    assert Counter(said) == {"done": 1, "replayed": 7}
    back = [lambda: outcome(ledger.reverse_journal, uuid7(), id)] * 8
    assert Counter(at_once(*back)) == {"done": 1, "already-reversed": 7}
    assert (balance(ada), balance(ben)) == (1_000, 0)
    assert verify_ledger() == []


def test_one_id_among_strangers_is_one_journal(bank):
    id = uuid7()
    pairs = [(account(100), account()) for _ in range(6)]
    book = [lambda a=a, b=b: outcome(ledger.journal, id, [leg(a, b, eur(1))]) for a, b in pairs]
    assert Counter(at_once(*book)) == {"done": 1, "idempotency-conflict": 5}


def test_journals_in_opposite_orders_never_wait_for_ever(bank):
    people = [account(1_000) for _ in range(4)]
    circle = [leg(a, b, eur(1)) for a, b in zip(people, people[1:] + people[:1], strict=True)]

    def book(legs):
        fresh = [[replace(one, id=uuid7()) for one in legs] for _ in range(25)]
        return lambda: [outcome(ledger.journal, uuid7(), legs) for legs in fresh]

    said = at_once(book(circle), book(circle[::-1]), book(circle), book(circle[::-1]))
    assert {one for answers in said for one in answers} == {"done"}
    assert [now(person).balance_minor for person in people] == [1_000] * 4
    assert verify_ledger() == []


@pytest.mark.parametrize(
    "attack",
    [
        "INSERT INTO banking_journal (id) VALUES (gen_random_uuid())",
        "UPDATE banking_journal SET narrative = ''",
        "DELETE FROM banking_journal",
        "TRUNCATE banking_journal CASCADE",
        "SELECT ledger_join_journal(gen_random_uuid(), gen_random_uuid())",
        "SELECT ledger_book_leg(1, gen_random_uuid(), 1, 2, 1, 'EUR', '', '', NULL, NULL, NULL)",
    ],
)
def test_the_application_writes_no_journal_by_hand(app_sql, attack):
    with pytest.raises(pg.InsufficientPrivilege):
        app_sql(attack)
