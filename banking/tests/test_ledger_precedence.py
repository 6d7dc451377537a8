"""Which refusal is told when several apply: for every door of the ledger, every pair of faults.

A door is asked with one thing wrong, which must be told by its number, and then with each two
things that can be wrong together: the lower number is told, and nothing is left behind. The order
is published in banking/sql/move.sql; here nobody but the numbers knows it.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from banking import ledger
from banking.errors import BY_SQLSTATE
from banking.models import Account
from banking.tests.ledger_help import account, customer, eur
from fintrust.core.ids import uuid7

pytestmark = pytest.mark.django_db

Asked = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request, and the number of the refusal that follows."""

    code: str
    wrong: Asked
    never_with: tuple[str, ...] = ()  # what cannot be wrong at the same time
    whole: bool = False  # said of all of a journal, and so before anything is said of a leg

    @property
    def rank(self) -> tuple[bool, str]:
        return not self.whole, self.code

    def fits(self, other: "Fault") -> bool:
        return not (
            self.wrong.keys() & other.wrong.keys()
            or {*self.never_with} & {*other.wrong.values()}
            or {*other.never_with} & {*self.wrong.values()}
        )

    def __str__(self) -> str:
        return f"{self.code}:" + ",".join(f"{what}={how}" for what, how in self.wrong.items())


@dataclass(frozen=True)
class Door:
    """What can be asked of the ledger: a good request, and what can be wrong with it."""

    name: str
    statements: tuple[str, ...]  # several must answer alike
    right: Asked
    faults: list[Fault]
    apart: set[tuple[str, str]] = field(default_factory=set)  # neighbours that never meet


# --- what the words of a request stand for ----------------------------------------------------

FULL = 4 * 10**18
UNKNOWN = itertools.count(10**11)  # between the customers' accounts and the bank's own


def _full() -> Account:
    """As much as an account can hold."""
    return filled(account())


def filled(full: Account) -> Account:
    suspense, room = ledger.internal("suspense", full.currency), FULL - full.balance_minor
    while room:
        minor = min(room, 10**18 - 1)
        ledger.move(uuid7(), suspense, full, eur(minor))
        room -= minor
    return full


def _overheld() -> Account:
    """As much is held as can be; only an account without a floor comes to that."""
    suspense = ledger.internal("suspense", "EUR")
    for minor in [10**18 - 1] * 4 + [4]:
        ledger.hold(uuid7(), suspense, eur(minor))
    return suspense


def _overdrawn() -> Account:
    found = account(overdraft=eur(100))
    ledger.move(uuid7(), found, account(), eur(50))
    return found


ACCOUNTS: dict[str, Callable[[], Account]] = {
    "rich": lambda: account(100),
    "open": account,
    "poor": account,
    "dollars": lambda: account(100, "USD"),
    "closed": lambda: ledger.set_status(account(), "closed"),
    "frozen": lambda: ledger.set_status(account(100), "frozen"),
    "full": _full,
    "overheld": _overheld,
    "overdrawn": _overdrawn,
    "the bank's": lambda: ledger.internal("clearing", "EUR"),
}


def _account(name: str) -> int | str:
    if name == "unknown":
        return next(UNKNOWN)
    return name if name == "itself" else ACCOUNTS[name]().pk


def _id(name: str) -> UUID:
    """A new id, or one that a movement, a hold and a journal have already."""
    id = uuid7()
    if name == "used":
        ledger.hold(id, account(1), eur(1))
        ledger.journal(uuid7(), [ledger.Instruction(id, account(1), account(), eur(1))])
        ledger.journal(id, [ledger.Instruction(uuid7(), account(1), account(), eur(1))])
    return id


def _day(name: str | None) -> date | None:
    """The day before yesterday is closed as soon as somebody asks for a closed day."""
    if name is None:
        return None
    today = datetime.now(UTC).date()
    if "closed" in name:
        ledger.close_period("EUR", today - timedelta(days=2))
    back = {"tomorrow": -1, "today": 0, "yesterday": 1, "closed": 2, "long closed": 3}
    return today - timedelta(days=back[name])


def _complete(name: str | None) -> UUID | None:
    """A journal that is booked already."""
    return _id("used") if name == "complete" else None


def _hold(name: str) -> UUID:
    """Ten cents, for an hour unless something else is said of it."""
    if name == "unknown":
        return uuid7()
    owner = account(100)
    hours = -1 if "late" in name else 1
    held = ledger.hold(uuid7(), owner, eur(10), expires_at=_in(hours))
    if "ended" in name:
        ledger.release(held.id)
    if "frozen" in name:
        ledger.set_status(owner, "frozen")
    return held.id


def _in(hours: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


WORDS: dict[str, Callable[[Any], Any]] = {
    "source": _account,
    "target": _account,
    "account": _account,
    "owner": lambda name: customer().pk,
    "id": _id,
    "journal_id": _id,
    "journal": _complete,
    "hold": _hold,
    "day": _day,
    "hours": _in,
}


def meant(asked: Asked) -> Asked:
    """A request with everything in it made, so that asking is all that is left to do."""
    made = {name: WORDS.get(name, lambda value: value)(value) for name, value in asked.items()}
    if "what" in asked:
        made["movement"], made["booked"] = _past(**asked)
    if made.get("target") == "itself":
        made["target"] = made.get("source") or _account_of(made["hold"])
    return made


def _account_of(hold: UUID) -> int:
    [(found,)] = rows("SELECT account_id FROM banking_hold WHERE id = %s", hold)
    return found


def _past(*, what: str, payer: str, payee: str, in_journal: bool, **_: Any) -> tuple[UUID, UUID]:
    """Five cents that went from a payer to a payee: the ids of the movement and its journal."""
    giver, taker = account(5), account()
    id, journal = uuid7(), uuid7()
    if in_journal or what == "a leg":
        ledger.journal(journal, [ledger.Instruction(id, giver, taker, eur(5))])
    else:
        ledger.move(id, giver, taker, eur(5))
    if what in {"reversed", "a reversal"}:
        back = uuid7()
        ledger.reverse_journal(back, journal) if in_journal else ledger.reverse(back, id)
        if what == "a reversal":
            id = journal = back
    _became(giver, payer)
    _became(taker, payee)
    return (uuid7(), uuid7()) if what == "unknown" else (id, journal)


def _became(whose: Account, what: str) -> None:
    whose.refresh_from_db()
    if what in {"closed", "spent"} and whose.balance_minor:
        ledger.move(uuid7(), whose, account(), whose.balance)
    if what in {"closed", "frozen"}:
        ledger.set_status(whose, what)
    if what == "full":
        filled(whose)


# --- what can be asked, and what can be wrong with it -----------------------------------------

CHECK = """SELECT ledger_check(%(id)s, %(source)s::bigint, %(target)s::bigint, %(amount)s::bigint,
                               %(currency)s)"""
MOVE = """SELECT ledger_move(%(id)s, %(source)s::bigint, %(target)s::bigint, %(amount)s::bigint,
                             %(currency)s, 'transfer', '', %(day)s::date, %(journal)s::uuid)"""
BATCH = """SELECT code FROM ledger_move_many(
               ARRAY[%(id)s::uuid], ARRAY[%(source)s::bigint], ARRAY[%(target)s::bigint],
               ARRAY[%(amount)s::bigint], ARRAY[%(currency)s], '{transfer}', '{""}',
               %(day)s::date, %(journal)s::uuid, LINKED)"""
JOURNAL = """SELECT 1 FROM ledger_journal(
                 %(journal_id)s, array_fill(%(id)s::uuid, ARRAY[%(legs)s]),
                 array_fill(%(source)s::bigint, ARRAY[%(legs)s]),
                 array_fill(%(target)s::bigint, ARRAY[%(legs)s]),
                 array_fill(%(amount)s::bigint, ARRAY[%(legs)s]),
                 array_fill(%(currency)s::text, ARRAY[%(legs)s]),
                 array_fill('transfer'::text, ARRAY[%(legs)s]),
                 array_fill(''::text, ARRAY[%(legs)s]), '', %(day)s::date, 1)"""
HOLD = "SELECT ledger_hold(%(id)s, %(account)s::bigint, %(amount)s::bigint, %(currency)s)"
CAPTURE = """SELECT ledger_capture(%(hold)s, %(id)s, %(target)s::bigint, %(amount)s::bigint,
                                   %(currency)s, 'capture', '', %(day)s::date)"""
RELEASE = "SELECT ledger_release(%(hold)s)"
EXPIRE = "SELECT ledger_expire(%(hold)s, %(hours)s)"
REVERSE = "SELECT ledger_reverse(%(id)s, %(movement)s)"
REVERSE_JOURNAL = "SELECT 1 FROM ledger_reverse_journal(%(id)s, %(booked)s)"
STATUS = "SELECT ledger_set_status(%(account)s, %(status)s)"
FLOOR = "SELECT ledger_set_floor(%(account)s, %(floor)s::bigint)"
OPEN = "SELECT ledger_open(%(id)s, %(owner)s, 'wallet', %(currency)s, '', %(floor)s::bigint)"
CLOSE = "SELECT ledger_close(%(currency)s, %(day)s)"
FREEZE = "SELECT ledger_freeze(%(currency)s, %(day)s)"

MOVEMENT = {"id": "new", "source": "rich", "target": "open", "amount": 5, "currency": "EUR"}
AMOUNTS = [
    Fault("LG001", {"amount": 0}),
    Fault("LG002", {"amount": 10**18}),
]
NO_AMOUNT = Fault("LG001", {"amount": None})
ITSELF = Fault("LG003", {"target": "itself"})
USED = Fault("LG010", {"id": "used"})
TARGETS = [
    Fault("LG020", {"target": "unknown"}),
    Fault("LG021", {"target": "dollars"}),
    Fault("LG021", {"currency": "USD"}),
    Fault("LG021", {"currency": "XXX"}),  # one that the account has not; LG019 is for opening one
    Fault("LG022", {"target": "closed"}),
    Fault("LG023", {"target": "frozen"}),
    Fault("LG030", {"target": "full"}),
]
SOURCES = [
    Fault("LG020", {"source": "unknown"}),
    Fault("LG021", {"source": "dollars"}),
    Fault("LG022", {"source": "closed"}),
    Fault("LG023", {"source": "frozen"}),
    Fault("LG031", {"source": "poor"}),
]
DAYS = [Fault("LG040", {"day": "tomorrow"}), Fault("LG041", {"day": "closed"})]
# An amount is not both too small and too large, nor a day both to come and closed.
ONE_VALUE = {("LG001", "LG002"), ("LG040", "LG041")}

PAST = {"id": "new", "what": "a movement", "payer": "open", "payee": "open"}
BACK = [
    USED,
    Fault("LG017", {"what": "a reversal"}),
    Fault("LG018", {"what": "reversed"}),
    Fault("LG022", {"payer": "closed"}),
    Fault("LG022", {"payee": "closed"}),
    Fault("LG023", {"payer": "frozen"}),
    Fault("LG023", {"payee": "frozen"}),
    Fault("LG030", {"payer": "full"}),
    Fault("LG031", {"payee": "spent"}),
]

DOORS = [
    Door("check", (CHECK,), MOVEMENT, [*AMOUNTS, NO_AMOUNT, ITSELF, USED, *TARGETS, *SOURCES]),
    Door(
        "move",
        (MOVE, BATCH.replace("LINKED", "true"), BATCH.replace("LINKED", "false")),
        MOVEMENT | {"day": None, "journal": None},
        [
            *[*AMOUNTS, NO_AMOUNT, ITSELF, USED, *TARGETS, *SOURCES, *DAYS],
            Fault("LG042", {"journal": "complete"}),
        ],
    ),
    Door(
        "journal",
        (JOURNAL,),
        MOVEMENT | {"journal_id": "new", "legs": 1, "day": None},
        [
            Fault("LG004", {"legs": 0}, whole=True),
            Fault("LG005", {"legs": 2}, whole=True),
            Fault("LG010", {"journal_id": "used"}, whole=True),
            *[*AMOUNTS, ITSELF, USED, *TARGETS, *SOURCES, *DAYS],
        ],
        {("LG004", "LG005")},
    ),
    Door(
        "hold",
        (HOLD,),
        {"id": "new", "account": "rich", "amount": 5, "currency": "EUR"},
        [
            *[*AMOUNTS, NO_AMOUNT, USED],
            Fault("LG020", {"account": "unknown"}),
            Fault("LG021", {"account": "dollars"}),
            Fault("LG021", {"currency": "USD"}, never_with=("dollars",)),
            Fault("LG022", {"account": "closed"}),
            Fault("LG023", {"account": "frozen"}),
            Fault("LG030", {"account": "overheld"}),
            Fault("LG031", {"account": "poor"}),
        ],
        # An account has one status, and what can be held without end has no floor.
        {("LG022", "LG023"), ("LG023", "LG030"), ("LG030", "LG031")},
    ),
    Door(
        "capture",
        (CAPTURE,),
        {
            "hold": "good",
            "id": "new",
            "target": "open",
            "amount": 10,
            "currency": "EUR",
            "day": None,
        },
        [
            *[*AMOUNTS, USED, *TARGETS, *DAYS],
            Fault("LG003", {"target": "itself"}, never_with=("unknown",)),
            Fault("LG011", {"hold": "unknown"}),
            Fault("LG012", {"hold": "ended"}),
            Fault("LG012", {"hold": "ended and late"}),
            Fault("LG013", {"hold": "late"}),
            Fault("LG014", {"amount": 11}),
            Fault("LG023", {"hold": "frozen"}),
        ],
        {("LG011", "LG012"), ("LG012", "LG013")},  # the latter is a row above
    ),
    Door(
        "release",
        (RELEASE,),
        {"hold": "good"},
        [Fault("LG011", {"hold": "unknown"}), Fault("LG012", {"hold": "ended"})],
        {("LG011", "LG012")},
    ),
    Door(
        "expire",
        (EXPIRE,),
        {"hold": "good", "hours": 2},
        [
            Fault("LG011", {"hold": "unknown"}),
            Fault("LG012", {"hold": "ended"}),
            Fault("LG015", {"hours": 0}),
        ],
        {("LG011", "LG012")},
    ),
    Door(
        "reverse",
        (REVERSE,),
        PAST | {"in_journal": False},
        [*BACK, Fault("LG016", {"what": "unknown"}), Fault("LG027", {"what": "a leg"})],
        {("LG016", "LG017"), ("LG017", "LG018")},
    ),
    Door(
        "reverse-journal",
        (REVERSE_JOURNAL,),
        PAST | {"in_journal": True},
        [*BACK, Fault("LG006", {"what": "unknown"})],
        {("LG017", "LG018")},
    ),
    Door(
        "status",
        (STATUS,),
        {"account": "rich", "status": "frozen"},
        [
            Fault("LG020", {"account": "unknown"}),
            Fault("LG022", {"account": "closed"}, never_with=("closed",)),  # closed as asked
            Fault("LG024", {"account": "the bank's"}),
            Fault("LG025", {"status": "closed"}),
        ],
        {("LG020", "LG022"), ("LG022", "LG024")},
    ),
    Door(
        "floor",
        (FLOOR,),
        {"account": "overdrawn", "floor": -60},
        [
            Fault("LG001", {"floor": 1}),
            Fault("LG001", {"floor": None}),
            Fault("LG020", {"account": "unknown"}),
            Fault("LG022", {"account": "closed"}),
            Fault("LG024", {"account": "the bank's"}),
            Fault("LG028", {"floor": -49}),
        ],
        {("LG020", "LG022"), ("LG022", "LG024")},
    ),
    Door(
        "open",
        (OPEN,),
        {"id": "new", "owner": "somebody", "currency": "EUR", "floor": 0},
        [
            Fault("LG001", {"floor": 1}),
            Fault("LG001", {"floor": -(10**18)}),
            Fault("LG019", {"currency": "XXX"}),
        ],
    ),
    Door(
        "close",
        (CLOSE,),
        {"currency": "EUR", "day": "yesterday"},
        [
            Fault("LG019", {"currency": "XXX"}),
            Fault("LG041", {"day": "long closed"}),
            Fault("LG043", {"day": "today"}),
            Fault("LG043", {"day": "tomorrow"}),
        ],
        {("LG041", "LG043")},  # what is closed is over
    ),
    Door(
        "freeze",
        (FREEZE,),
        {"currency": "EUR", "day": "closed"},
        [Fault("LG043", {"day": "yesterday"}), Fault("LG043", {"currency": "USD"})],
    ),
]


# --- asking -----------------------------------------------------------------------------------


def rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall()


def said(statement: str, request: Asked) -> str:
    """`done`, or the number of the refusal, of one statement of the application's own role."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, request)
            [(answer,)] = cursor.fetchall()
    except DatabaseError as error:
        assert isinstance(error.__cause__, psycopg.Error)
        assert (error.__cause__.sqlstate or "") in BY_SQLSTATE, error
        return str(error.__cause__.sqlstate)
    return answer if isinstance(answer, str) and answer in BY_SQLSTATE else "done"


HISTORY = [
    "banking_movement",
    "banking_hold",
    "banking_hold_end",
    "banking_journal",
    "banking_back_dated",
    "banking_close",
    "banking_frozen",
    "banking_transfer",
    "fraud_decision",
    "audit_record",
]


def everything() -> list[tuple[Any, ...]]:
    """What every account holds, what is closed, and how much history there is."""
    return [
        *rows("SELECT id, balance, held, seq, status, floor FROM banking_account ORDER BY id"),
        *rows("SELECT code, closed_until FROM banking_currency ORDER BY code"),
        *rows("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in HISTORY)),
    ]


def told(door: Door, *faults: Fault) -> set[str]:
    """What every statement of a door says of a request with these faults; nothing must change."""
    wrong = {what: how for fault in faults for what, how in fault.wrong.items()}
    with transaction.atomic():
        request = meant(door.right | wrong)
        before = everything()
        answers = {said(statement, request) for statement in door.statements}
        assert everything() == before
        transaction.set_rollback(True)
    return answers


def lowest(*faults: Fault) -> set[str]:
    return {min(faults, key=lambda fault: fault.rank).code}


def test_the_tests_ask_as_the_application():
    assert rows("SELECT current_user") == [(settings.DATABASES["default"]["USER"],)]
    may_write = "SELECT has_table_privilege('banking_movement', 'INSERT')"
    assert rows(may_write) == [(False,)]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_a_good_request_is_not_refused(door):
    for statement in door.statements:
        assert said(statement, meant(door.right)) == "done"


@pytest.mark.parametrize(
    "door, fault",
    [
        pytest.param(door, fault, id=f"{door.name}-{fault}")
        for door in DOORS
        for fault in door.faults
    ],
)
def test_of_all_that_is_wrong_the_lowest_number_is_told_and_nothing_is_left(door, fault):
    assert told(door, fault) == {fault.code}
    for other in door.faults[: door.faults.index(fault)]:
        if fault.fits(other):
            assert told(door, fault, other) == lowest(fault, other), f"{fault} and {other}"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_neighbours_in_the_order_have_met(door):
    """Those who cannot meet are named; all others did, in the test above."""
    met = {
        frozenset([one.rank, other.rank])
        for one, other in itertools.combinations(door.faults, 2)
        if one.fits(other)
    }
    ranks = sorted({fault.rank for fault in door.faults})
    strangers = {
        (one[1], other[1])
        for one, other in itertools.pairwise(ranks)
        if frozenset([one, other]) not in met
    }
    assert strangers - ONE_VALUE == door.apart


@pytest.mark.parametrize("minor, code", [(-(2**63) + 1, "LG001"), (2**63 - 1, "LG002")])
def test_the_widest_number_is_refused_before_anything_is_added_to_it(minor, code):
    for door in DOORS:
        if "amount" in door.right:
            assert told(door, Fault(code, {"amount": minor})) == {code}


def test_every_refusal_that_is_published_has_its_row():
    published = re.findall(
        r"LG\d{3}", (settings.BASE_DIR / "banking/sql/move.sql").read_text().split("DO $$")[0]
    )
    asked = {fault.code for door in DOORS for fault in door.faults}
    assert set(published) - {"LG000"} == set(BY_SQLSTATE) == asked
    assert list(BY_SQLSTATE) == sorted(BY_SQLSTATE)


def test_every_refusal_is_the_callers_to_mend():
    assert {problem.status // 100 for problem in BY_SQLSTATE.values()} == {4}
