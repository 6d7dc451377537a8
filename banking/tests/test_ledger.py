import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from banking import ledger
from banking.errors import BY_SQLSTATE
from banking.models import Account, Entry, Hold, Movement
from banking.tests.ledger_help import account, balance, customer, eur, now, outcome
from banking.verify import verify_ledger
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

pytestmark = pytest.mark.django_db

FUNDS_MAX = 4 * 10**18


@pytest.fixture
def ada():
    return account(100_00)


@pytest.fixture
def ben():
    return account()


@pytest.fixture(autouse=True)
def the_ledger_still_proves_itself(db):
    yield
    if not connection.needs_rollback:
        assert verify_ledger() == []


# --- moving ---------------------------------------------------------------------------------


def test_a_movement_answers_with_both_balances_and_places_in_the_statement(ada, ben):
    id, journal = uuid7(), uuid7()
    moved = ledger.move(
        id, ada, ben, eur(30_00), kind="gift", narrative="Für dich", journal=journal,
        value_date=date(2026, 1, 31),
    )  # fmt: skip
    assert (moved.id, moved.replayed, moved.journal_id) == (id, False, journal)
    assert (moved.source_id, moved.target_id, moved.amount) == (ada.pk, ben.pk, eur(30_00))
    assert (moved.source_balance, moved.target_balance) == (eur(70_00), eur(30_00))
    assert (moved.source_seq, moved.target_seq) == (2, 1)
    assert (moved.kind, moved.narrative) == ("gift", "Für dich")
    assert moved.value_date == date(2026, 1, 31)
    assert (balance(ada), balance(ben)) == (70_00, 30_00)


def test_money_arrives_today_unless_another_value_date_is_said(ada, ben):
    moved = ledger.move(uuid7(), ada, ben, eur(1))
    assert moved.value_date == moved.booked_at.astimezone(UTC).date()


@pytest.mark.parametrize(
    "minor, said", [(99_99, "done"), (100_00, "done"), (100_01, "insufficient-funds")]
)
def test_an_account_pays_up_to_its_balance(ada, ben, minor, said):
    assert outcome(ledger.move, uuid7(), ada, ben, eur(minor)) == said
    assert balance(ada) == (100_00 - minor if said == "done" else 100_00)


@pytest.mark.parametrize("minor, said", [(150_00, "done"), (150_01, "insufficient-funds")])
def test_an_overdraft_reaches_down_to_its_floor(ben, minor, said):
    payer = account(100_00, overdraft=eur(50_00))
    assert payer.available == eur(150_00)
    assert outcome(ledger.move, uuid7(), payer, ben, eur(minor)) == said


@pytest.mark.parametrize("payer_is_older", [True, False])
def test_the_order_of_the_ids_does_not_matter(payer_is_older):
    first, second = account(10_00), account(10_00)
    payer, payee = (first, second) if payer_is_older else (second, first)
    moved = ledger.move(uuid7(), payer, payee, eur(10_00))
    assert (moved.source_balance, moved.target_balance) == (eur(0), eur(20_00))
    assert outcome(ledger.move, uuid7(), payer, payee, eur(1)) == "insufficient-funds"
    assert (balance(payer), balance(payee)) == (0, 20_00)


def test_a_replay_answers_what_was_stored_and_moves_nothing(ada, ben):
    id = uuid7()
    first = ledger.move(id, ada, ben, eur(60_00), narrative="rent")
    again = ledger.move(id, ada, ben, eur(60_00), narrative="rent")
    assert again == replace(first, replayed=True)
    assert balance(ada) == 40_00


def test_a_replay_is_answered_even_when_it_could_not_happen_any_more(ada, ben):
    id = uuid7()
    ledger.move(id, ada, ben, eur(100_00))
    ledger.set_status(ada, "closed")
    ledger.set_status(ben, "frozen")
    assert outcome(ledger.move, id, ada, ben, eur(100_00)) == "replayed"


def test_an_id_with_another_meaning_is_refused(ada, ben):
    id = uuid7()
    ledger.move(id, ada, ben, eur(10_00))
    other = account()
    for change in [
        (id, ada, ben, eur(10_01)),
        (id, ada, other, eur(10_00)),
        (id, other, ben, eur(10_00)),
        (id, ben, ada, eur(10_00)),
    ]:
        assert outcome(ledger.move, *change) == "idempotency-conflict"
    assert outcome(ledger.move, id, ada, ben, eur(10_00), kind="gift") == "idempotency-conflict"
    assert balance(ada) == 90_00


def test_yen_have_no_decimals(db):
    payer, payee = account(500, "JPY"), account(0, "JPY")
    moved = ledger.move(uuid7(), payer, payee, Money.parse("500", "JPY"))
    assert str(moved.target_balance) == "500 JPY"


@pytest.mark.parametrize("minor, said", [(10**18 - 1, "done"), (10**18, "amount-too-large")])
def test_an_amount_has_at_most_eighteen_digits(minor, said):
    rich = ledger.internal("clearing", "EUR")
    assert outcome(ledger.move, uuid7(), rich, account(), eur(minor)) == said


@pytest.mark.parametrize("minor", [2**63 - 1, 2**63, 2**64, 10**40])
def test_what_no_bigint_can_hold_is_refused_by_name(ada, ben, minor):
    assert outcome(ledger.move, uuid7(), ada, ben, eur(minor)) == "amount-too-large"
    assert outcome(ledger.move, uuid7(), ada, ben, eur(-minor)) == "invalid-amount"
    assert outcome(ledger.hold, uuid7(), ada, eur(minor)) == "amount-too-large"


def test_a_balance_stops_before_it_overflows(db):
    full = _filled_to_the_brim()
    fees, suspense = ledger.internal("fees", "EUR"), ledger.internal("suspense", "EUR")
    assert outcome(ledger.move, uuid7(), fees, full, eur(1)) == "balance-too-large"
    assert outcome(ledger.move, uuid7(), suspense, account(), eur(1)) == "balance-too-large"
    assert (balance(full), balance(suspense)) == (FUNDS_MAX, -FUNDS_MAX)


def _filled_to_the_brim() -> Account:
    """As much as an account can hold; the suspense account has as little as it can."""
    full, suspense = account(), ledger.internal("suspense", "EUR")
    for minor in [10**18 - 1] * 4 + [4]:
        ledger.move(uuid7(), suspense, full, eur(minor))
    return now(full)


# --- which refusal is told ------------------------------------------------------------------

# Written down a second time on purpose: the order is a promise to callers.
PRECEDENCE = [
    "invalid-amount",
    "amount-too-large",
    "same-account",
    "journal-empty",
    "journal-too-large",
    "unknown-journal",
    "idempotency-conflict",
    "unknown-account",
    "currency-mismatch",
    "account-closed",
    "account-frozen",
    "journal-leg",
    "balance-too-large",
    "insufficient-funds",
    "value-date-in-the-future",
    "period-closed",
    "journal-complete",
    "period-not-over",
]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request, and the refusals that may follow from it."""

    name: str
    codes: tuple[str, ...] = ()


SOURCES = [
    Fault("rich"),
    Fault("poor", ("insufficient-funds",)),
    Fault("unknown", ("unknown-account",)),
    Fault("closed", ("account-closed", "insufficient-funds")),
    Fault("frozen", ("account-frozen",)),
    Fault("dollars", ("currency-mismatch",)),
]
TARGETS = [
    Fault("open"),
    Fault("same", ("same-account",)),
    Fault("unknown", ("unknown-account",)),
    Fault("closed", ("account-closed",)),
    Fault("frozen", ("account-frozen",)),
    Fault("full", ("balance-too-large",)),
]
AMOUNTS = [
    (Fault("fine"), 5_00),
    (Fault("zero", ("invalid-amount",)), 0),
    (Fault("negative", ("invalid-amount",)), -1),
    (Fault("huge", ("amount-too-large",)), 10**18),
]
IDS = [Fault("fresh"), Fault("used", ("idempotency-conflict",))]


def _source(name: str) -> Account | int:
    if name == "unknown":
        return 999_999_999
    found = account(
        0 if name in {"poor", "closed"} else 100_00, "USD" if name == "dollars" else "EUR"
    )
    return ledger.set_status(found, name) if name in {"closed", "frozen"} else found


def _target(name: str, source: Account | int) -> Account | int:
    if name == "same":
        return source
    if name == "unknown":
        return 888_888_888
    if name == "full":
        return _filled_to_the_brim()
    found = account()
    return ledger.set_status(found, name) if name in {"closed", "frozen"} else found


@pytest.mark.parametrize("source", SOURCES, ids=lambda fault: fault.name)
@pytest.mark.parametrize("target", TARGETS, ids=lambda fault: fault.name)
def test_of_several_faults_the_first_in_the_published_order_is_told(source, target):
    payer = _source(source.name)
    payee = _target(target.name, payer)
    used = uuid7()
    ledger.move(used, account(1), account(), eur(1))
    for (amount, minor), key in itertools.product(AMOUNTS, IDS):
        codes = {*source.codes, *target.codes, *amount.codes, *key.codes}
        expected = min(codes, key=PRECEDENCE.index) if codes else "done"
        id = used if key.name == "used" else uuid7()
        with transaction.atomic():
            # The same answer from the question, from the deed, and from a batch of one.
            if expected != "done":
                assert outcome(ledger.check, id, payer, payee, eur(minor)) == expected
            instruction = ledger.Instruction(id, payer, payee, eur(minor))
            [item] = ledger.move_many([instruction])
            assert (item.code if isinstance(item, Problem) else "done") == expected
            transaction.set_rollback(True)
        assert outcome(ledger.move, id, payer, payee, eur(minor)) == expected


def test_the_numbers_of_the_refusals_are_their_order():
    by_number = [BY_SQLSTATE[state].code for state in sorted(BY_SQLSTATE)]
    assert [code for code in by_number if code in PRECEDENCE] == PRECEDENCE


def test_a_refusal_says_which_side_it_means(ada, ben):
    ledger.set_status(ben, "frozen")
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.move(uuid7(), ada, ben, eur(1))
    assert refusal.value.extra == {"side": "target"}


def test_an_unknown_currency_opens_no_account(db):
    owner = customer()
    said = outcome(ledger.open_account, owner=owner, product="wallet", currency="XXX")
    assert said == "unknown-currency"
    with pytest.raises(Problem, match="clearing account in XXX"):
        ledger.internal("clearing", "XXX")


# --- a checked movement cannot be refused later ---------------------------------------------


def test_a_check_moves_nothing(ada, ben):
    assert ledger.check(uuid7(), ada, ben, eur(100_00)) is False
    assert (balance(ada), balance(ben)) == (100_00, 0)


def test_a_check_knows_what_is_booked_already(ada, ben):
    id = uuid7()
    ledger.move(id, ada, ben, eur(1))
    assert ledger.check(id, ada, ben, eur(1)) is True


# --- batches --------------------------------------------------------------------------------


def test_a_batch_answers_for_each_item(ada, ben):
    booked = uuid7()
    ledger.move(booked, ada, ben, eur(10_00))
    answers = ledger.move_many(
        [
            ledger.Instruction(uuid7(), ada, ben, eur(90_00), narrative="all of it"),
            ledger.Instruction(uuid7(), ada, ben, eur(1)),
            ledger.Instruction(booked, ada, ben, eur(10_00)),
            ledger.Instruction(uuid7(), ben, ada, eur(5_00)),
            ledger.Instruction(uuid7(), ada, ben, eur(5_00)),
        ]
    )
    said = [a.code if isinstance(a, Problem) else a.replayed for a in answers]
    assert said == [False, "insufficient-funds", True, False, False]
    assert (balance(ada), balance(ben)) == (0, 100_00)


def test_a_linked_batch_stands_or_falls_together(ada, ben):
    instructions = [
        ledger.Instruction(uuid7(), ada, ben, eur(60_00)),
        ledger.Instruction(uuid7(), ada, ben, eur(60_00)),
    ]
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.move_many(instructions, linked=True)
    assert refusal.value.code == "insufficient-funds"
    assert refusal.value.extra == {"side": "source", "item": "2"}
    assert (balance(ada), balance(ben)) == (100_00, 0)


def test_an_empty_batch_is_no_batch(db):
    assert ledger.move_many([]) == []


def test_a_journal_gathers_its_movements(ada, ben):
    journal = uuid7()
    ledger.move_many(
        [ledger.Instruction(uuid7(), ada, ben, eur(1)) for _ in range(3)],
        journal=journal, value_date=date(2026, 2, 28), linked=True,
    )  # fmt: skip
    found = Movement.objects.filter(journal_id=journal)
    assert {(m.amount, m.value_date) for m in found} == {(eur(1), date(2026, 2, 28))}
    assert len(found) == 3


# --- holds ----------------------------------------------------------------------------------


def test_held_money_stays_on_the_account_and_cannot_be_spent(ada, ben):
    held = ledger.hold(uuid7(), ada, eur(60_00), because="trf_1")
    assert (held.balance, held.held, held.because) == (eur(100_00), eur(60_00), "trf_1")
    assert now(ada).available == eur(40_00)
    assert outcome(ledger.move, uuid7(), ada, ben, eur(40_01)) == "insufficient-funds"
    assert outcome(ledger.move, uuid7(), ada, ben, eur(40_00)) == "done"


def test_a_hold_is_one_hold_however_often_it_is_asked_for(ada):
    id = uuid7()
    first = ledger.hold(id, ada, eur(60_00))
    assert ledger.hold(id, ada, eur(60_00)) == replace(first, replayed=True)
    assert outcome(ledger.hold, id, ada, eur(60_01)) == "idempotency-conflict"
    assert outcome(ledger.hold, id, account(100_00), eur(60_00)) == "idempotency-conflict"
    assert now(ada).held == eur(60_00)


@pytest.mark.parametrize("minor, left", [(60_00, 40_00), (25_00, 75_00), (1, 99_99)])
def test_a_capture_takes_all_or_a_part_and_frees_the_rest(ada, ben, minor, left):
    hold = ledger.hold(uuid7(), ada, eur(60_00))
    moved = ledger.capture(hold.id, uuid7(), ben, eur(minor), kind="transfer", narrative="rent")
    assert (moved.hold_id, moved.kind, moved.narrative) == (hold.id, "transfer", "rent")
    assert (moved.source_balance, moved.target_balance) == (eur(left), eur(minor))
    assert now(ada).available == eur(left)
    end = Hold.objects.select_related("end").get(pk=hold.id).end
    assert (end.outcome, end.amount_minor, end.movement_id) == ("captured", minor, moved.id)


def test_a_capture_without_an_amount_takes_all(ada, ben):
    hold = ledger.hold(uuid7(), ada, eur(60_00))
    assert ledger.capture(hold.id, uuid7(), ben).amount == eur(60_00)


def test_a_capture_is_repeated_without_harm(ada, ben):
    hold, id = ledger.hold(uuid7(), ada, eur(60_00)), uuid7()
    first = ledger.capture(hold.id, id, ben, eur(10_00))
    assert ledger.capture(hold.id, id, ben, eur(10_00)) == replace(first, replayed=True)
    assert outcome(ledger.capture, hold.id, id, ben, eur(11_00)) == "idempotency-conflict"
    assert outcome(ledger.capture, uuid7(), id, ben, eur(10_00)) == "idempotency-conflict"
    assert outcome(ledger.capture, hold.id, uuid7(), ben, eur(10_00)) == "hold-ended"


PAST, FUTURE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "verb, said",
    [
        (lambda hold, ben: ledger.capture(hold, uuid7(), ben, eur(60_01)), "hold-too-small"),
        (lambda hold, ben: ledger.capture(hold, uuid7(), ben, eur(0)), "invalid-amount"),
        (lambda hold, ben: ledger.capture(hold, uuid7(), ben, eur(10**18)), "amount-too-large"),
        (
            lambda hold, ben: ledger.capture(hold, uuid7(), ben, Money(1, "USD")),
            "currency-mismatch",
        ),
        (lambda hold, ben: ledger.capture(hold, uuid7(), 999_999), "unknown-account"),
        (lambda hold, ben: ledger.capture(uuid7(), uuid7(), ben), "unknown-hold"),
        (lambda hold, ben: ledger.capture(uuid7(), uuid7(), ben, eur(1)), "unknown-hold"),
        (lambda hold, ben: ledger.release(uuid7()), "unknown-hold"),
        (lambda hold, ben: ledger.expire(uuid7()), "unknown-hold"),
        (lambda hold, ben: ledger.expire(hold), "hold-not-due"),
    ],
)
def test_a_hold_is_not_ended_by_mistake(ada, ben, verb, said):
    hold = ledger.hold(uuid7(), ada, eur(60_00), expires_at=FUTURE)
    assert outcome(verb, hold.id, ben) == said
    assert now(ada).held == eur(60_00)


def test_a_hold_is_not_captured_by_its_own_account(ada):
    hold = ledger.hold(uuid7(), ada, eur(60_00))
    assert outcome(ledger.capture, hold.id, uuid7(), ada) == "same-account"


def test_a_hold_ends_once(ada, ben):
    ends = {
        "captured": lambda hold: ledger.capture(hold, uuid7(), ben, eur(1)),
        "released": ledger.release,
        "expired": lambda hold: ledger.expire(hold, now=FUTURE),
    }
    for first, second in itertools.product(ends, ends):
        hold = ledger.hold(uuid7(), ada, eur(2), expires_at=FUTURE - timedelta(days=1)).id
        assert outcome(ends[first], hold) == "done"
        with pytest.raises(Problem) as refusal, transaction.atomic():
            ends[second](hold)
        assert (refusal.value.code, refusal.value.extra) == ("hold-ended", {"outcome": first})
    assert now(ada).held == eur(0)


def test_a_hold_that_ran_out_is_given_back_and_not_captured(ada, ben):
    hold = ledger.hold(uuid7(), ada, eur(60_00), expires_at=PAST)
    assert outcome(ledger.capture, hold.id, uuid7(), ben) == "hold-expired"
    given_back = ledger.expire(hold.id)
    assert (given_back.balance, given_back.held) == (eur(100_00), eur(0))


def test_a_hold_without_an_end_does_not_expire(ada):
    hold = ledger.hold(uuid7(), ada, eur(1))
    assert outcome(ledger.expire, hold.id, now=FUTURE) == "hold-not-due"


@pytest.mark.parametrize("minor, said", [(100_00, "done"), (100_01, "insufficient-funds")])
def test_a_hold_needs_its_money_to_be_there(ada, minor, said):
    assert outcome(ledger.hold, uuid7(), ada, eur(minor)) == said


def test_a_hold_asks_the_same_questions_as_a_movement(ada):
    closed = ledger.set_status(account(), "closed")
    frozen = ledger.set_status(account(), "frozen")
    assert outcome(ledger.hold, uuid7(), ada, eur(0)) == "invalid-amount"
    assert outcome(ledger.hold, uuid7(), 999_999, eur(1)) == "unknown-account"
    assert outcome(ledger.hold, uuid7(), closed, Money(1, "USD")) == "currency-mismatch"
    assert outcome(ledger.hold, uuid7(), closed, eur(1)) == "account-closed"
    assert outcome(ledger.hold, uuid7(), frozen, eur(1)) == "account-frozen"


def test_a_frozen_account_gets_held_money_back_but_sends_none(ada, ben):
    captured, released, expired = (
        ledger.hold(uuid7(), ada, eur(1), expires_at=FUTURE).id for _ in range(3)
    )
    ledger.set_status(ada, "frozen")
    assert outcome(ledger.capture, captured, uuid7(), ben) == "account-frozen"
    assert outcome(ledger.release, released) == "done"
    assert outcome(ledger.expire, expired, now=FUTURE) == "done"
    assert now(ada).held == eur(1)


# --- reversals ------------------------------------------------------------------------------


def test_a_reversal_brings_the_money_back_once(ada, ben):
    moved, id = ledger.move(uuid7(), ada, ben, eur(30_00)), uuid7()
    back = ledger.reverse(id, moved.id, narrative="sent twice")
    assert (back.source_id, back.target_id, back.amount) == (ben.pk, ada.pk, eur(30_00))
    assert (back.kind, back.reverses_id) == ("reversal", moved.id)
    assert ledger.reverse(id, moved.id) == replace(back, replayed=True)
    assert outcome(ledger.reverse, uuid7(), moved.id) == "already-reversed"
    assert outcome(ledger.reverse, uuid7(), back.id) == "reversal-of-reversal"
    assert outcome(ledger.reverse, uuid7(), uuid7()) == "unknown-movement"
    assert balance(ada) == 100_00


def test_a_reversal_obeys_the_rules_of_every_movement(ada, ben):
    moved = ledger.move(uuid7(), ada, ben, eur(30_00))
    ledger.move(uuid7(), ben, account(), eur(1))
    assert outcome(ledger.reverse, uuid7(), moved.id) == "insufficient-funds"
    ledger.set_status(ada, "frozen")
    assert outcome(ledger.reverse, uuid7(), moved.id) == "account-frozen"


def test_the_id_of_a_reversal_means_that_reversal_only(ada, ben):
    first, second = (ledger.move(uuid7(), ada, ben, eur(1)) for _ in range(2))
    id = uuid7()
    ledger.reverse(id, first.id)
    assert outcome(ledger.reverse, id, second.id) == "idempotency-conflict"
    assert outcome(ledger.move, id, ben, ada, eur(1)) == "idempotency-conflict"
    assert outcome(ledger.reverse, second.id, first.id) == "idempotency-conflict"


# --- accounts -------------------------------------------------------------------------------


def test_an_account_is_opened_empty_with_a_name_and_a_public_id(db):
    owner = customer()
    opened = ledger.open_account(owner=owner, product="savings", currency="GBP")
    assert (opened.balance, opened.held, opened.available) == (Money(0, "GBP"),) * 3
    assert (opened.owner, opened.product, opened.kind) == (owner, "savings", "liability")
    assert (opened.name, opened.status, opened.floor_minor) == ("Savings", "active", 0)
    assert Account.objects.get_public(opened.public_id) == opened
    assert opened.public_id.startswith("acc_")


def test_an_account_thaws_and_closes(ada, ben):
    assert outcome(ledger.set_status, ada, "closed") == "account-not-empty"
    hold = ledger.hold(uuid7(), ada, eur(1))
    ledger.move(uuid7(), ada, ben, eur(99_99))
    assert outcome(ledger.set_status, ada, "closed") == "account-not-empty"
    ledger.capture(hold.id, uuid7(), ben)
    for status in ["frozen", "frozen", "active", "frozen", "closed", "closed"]:
        assert ledger.set_status(ada, status).status == status
    assert outcome(ledger.set_status, ada, "active") == "account-closed"
    assert outcome(ledger.set_status, 999_999, "active") == "unknown-account"


def test_the_banks_own_accounts_stay_open(db):
    clearing = ledger.internal("clearing", "EUR")
    assert clearing.pk > 10**11, "the bank's own accounts are locked last"
    assert outcome(ledger.set_status, clearing, "frozen") == "internal-account"


# --- stripes ----------------------------------------------------------------------------------


def test_an_account_always_meets_the_same_stripe_of_the_bank(db):
    first, second = account(), account()
    stripes = [ledger.internal("fees", "EUR", beside=one) for one in (first, first, second)]
    assert stripes[0] == stripes[1] != stripes[2]
    assert {stripe.gl_code for stripe in stripes} == {"fees"}


def test_what_has_no_stripes_is_one_account_beside_whomever(db):
    assert ledger.internal("suspense", "EUR", beside=account()) == ledger.internal(
        "suspense", "EUR"
    )


def test_what_the_bank_holds_under_a_code_is_the_sum_of_its_stripes(db):
    before = ledger.internal_balance("fees", "EUR").minor
    for payer in (account(5_00), account(5_00)):
        ledger.move(uuid7(), payer, ledger.internal("fees", "EUR", beside=payer), Money(25, "EUR"))
    assert ledger.internal("fees", "EUR").balance_minor == 0
    assert ledger.internal_balance("fees", "EUR") == Money(before + 50, "EUR")
    assert ledger.internal_balance("no such code", "EUR") == Money(0, "EUR")


def test_locks_are_given_in_the_order_asked(ada, ben):
    with transaction.atomic():
        assert ledger.lock(ben, ada.pk) == [ben, ada]
        assert ledger.lock(ada, ada) == [ada, ada]
    with pytest.raises(Problem, match="no such account"), transaction.atomic():
        ledger.lock(ada, 999_999)


# --- looking back ---------------------------------------------------------------------------


def test_entries_tell_what_the_account_felt(ada, ben):
    ledger.move(uuid7(), ada, ben, eur(30_00))
    ledger.move(uuid7(), ben, ada, eur(5_00))
    felt = [(e.seq, e.amount, e.balance_before, e.balance) for e in ledger.entries(ada)]
    assert felt == [
        (3, eur(5_00), eur(70_00), eur(75_00)),
        (2, eur(-30_00), eur(100_00), eur(70_00)),
        (1, eur(100_00), eur(0), eur(100_00)),
    ]
    assert ledger.entries(ada).first().counter_id == ben.pk


def test_a_page_of_entries_is_read_from_the_indexes(ada):
    with connection.cursor() as cursor:
        # Small tables are read whole; the question is whether the indexes could serve at all.
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = Entry.objects.filter(account_id=ada.pk).order_by("-seq")[:20].explain()
    assert "Merge Append" in plan
    assert plan.count("Index Scan Backward") == 2


def test_a_balance_is_known_for_every_past_moment(ada, ben):
    moments = [(datetime(2020, 1, 1, tzinfo=UTC), 0)]
    moments.append((ledger.entries(ada)[0].booked_at, 100_00))
    for minor in range(1, 20):
        moved = ledger.move(uuid7(), ada, ben, eur(minor))
        moments.append((moved.booked_at, moved.source_balance.minor))
    for at, minor in moments:
        assert ledger.balance_at(ada, at) == eur(minor)
    for (_, before), (at, _) in itertools.pairwise(moments):
        assert ledger.balance_at(ada, at - timedelta(microseconds=1)) == eur(before)
    assert ledger.balance_at(ada, FUTURE) == eur(balance(ada))
    assert ledger.balance_at(account(), FUTURE) == eur(0)


def test_ids_are_the_callers_own(ada, ben):
    id = UUID("00000000-0000-4000-8000-000000000001")
    assert ledger.move(id, ada, ben, eur(1)).id == id
