"""Many customers with long histories, written straight into the tables in a few statements.

Through the services a history of this length would take hours. What is written is what they would
have written, but for the audit records; `verify_ledger` proves the books afterwards.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

SHOPS = 100
DAYS = 170
DEPOSIT_MINOR = 100_000_000_00
SEED = 20_261_120

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Person:
    """Somebody with two accounts, as (id, public id), or a shop with one used only."""

    id: UUID
    accounts: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Line:
    """One transfer to be: who asked, from where, to where."""

    by: UUID
    source: tuple[int, str]
    target: tuple[int, str]
    minor: int
    at: datetime
    kind: str = "transfer"


def fill(administrator: str, counts: Sequence[int]) -> list[Person]:
    """A customer with as many transfers as each count says, half a year long. All in euros."""
    with psycopg.connect(administrator) as connection:
        people = [_person(connection, f"bench{n}") for n in range(len(counts))]
        shops = [_person(connection, f"shop{n}") for n in range(SHOPS)]
        lines = list(_lines(connection, people, counts, shops))
        _copy(connection, sorted(lines, key=lambda line: line.at))
        for statement in _STATEMENTS:
            connection.execute(statement, {"snapshot": _nothing_known()})
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return people


def _nothing_known() -> str:
    from fraud.features import Snapshot

    return json.dumps(Snapshot(local_hour=12, local_minute=0).to_json())


def _person(connection: Connection, name: str) -> Person:
    from fintrust.core.ids import uuid7

    user = uuid7()
    connection.execute(
        "INSERT INTO core_user (id, email, name, password, is_superuser, phone, timezone, kyc,"
        " is_staff, is_active) VALUES (%s, %s, %s, '', false, '', 'Europe/London', 'verified',"
        " false, true)",
        [user, f"{name}-{user}@example.org", f"{name.capitalize()} Bench"],
    )
    connection.execute(
        "INSERT INTO core_user_groups (user_id, group_id)"
        " SELECT %s, id FROM auth_group WHERE name = 'customer'",
        [user],
    )
    return Person(user, tuple(_account(connection, user, product) for product in _PRODUCTS))


_PRODUCTS = ("checking", "savings")


def _account(connection: Connection, owner: UUID, product: str) -> tuple[int, str]:
    from fintrust.core.ids import to_public, uuid7

    uuid = uuid7()
    row = connection.execute(
        "SELECT id FROM ledger_open(%s, %s, %s, 'EUR', %s)",
        [uuid, owner, product, product.capitalize()],
    ).fetchone()
    assert row is not None
    return int(str(row[0])), to_public("acc", uuid)


def _lines(
    connection: Connection, people: Sequence[Person], counts: Sequence[int], shops: Sequence[Person]
) -> Iterator[Line]:
    dice = random.Random(SEED)
    now = datetime.now(UTC)
    begin = now - timedelta(days=DAYS)
    clearing = connection.execute(
        "SELECT id FROM banking_account"
        " WHERE gl_code = 'clearing' AND stripe = 0 AND currency = 'EUR'"
    ).fetchone()
    assert clearing is not None
    outside = (int(str(clearing[0])), "")
    for shop in shops:
        yield Line(shop.id, outside, shop.accounts[0], DEPOSIT_MINOR, begin, "deposit")
    for person, count in zip(people, counts, strict=True):
        checking, savings = person.accounts
        yield Line(person.id, outside, checking, DEPOSIT_MINOR, begin, "deposit")
        for number in range(1, count):
            at = begin + timedelta(days=DAYS * number / count, seconds=dice.randrange(3600))
            shop, minor = dice.choice(shops), dice.randrange(2_00, 90_00)
            if number % 5 == 0:
                yield Line(shop.id, shop.accounts[0], checking, minor, at)
            elif number % 37 == 0:
                yield Line(person.id, checking, savings, minor, at)
            else:
                yield Line(person.id, checking, shop.accounts[0], minor, at)


def _copy(connection: Connection, lines: Sequence[Line]) -> None:
    from fintrust.core.ids import to_public

    connection.execute(_PLAN)
    dice = random.Random(SEED)
    with connection.cursor().copy("COPY plan FROM STDIN") as copy:
        for number, line in enumerate(lines):
            id = _uuid7_at(line.at, dice)
            own, other = line.source, line.target
            if line.kind == "deposit":
                own, other = other, own
            copy.write_row(
                [
                    number, id, to_public("trf", id), _uuid7_at(line.at, dice), line.by,
                    line.source[0], line.target[0], own[1], other[1], line.minor, line.at,
                    line.kind, line.kind != "deposit",
                ]
            )  # fmt: skip


def _uuid7_at(at: datetime, dice: random.Random) -> UUID:
    random_part = dice.getrandbits(74)
    return UUID(
        int=int(at.timestamp() * 1000) << 80
        | 7 << 76
        | (random_part >> 62) << 64
        | 2 << 62
        | random_part & (1 << 62) - 1
    )


_PLAN = """
CREATE TEMP TABLE plan (
    n bigint, id uuid, public text, decision uuid, by uuid, source bigint, target bigint,
    account text, counterparty text, minor bigint, at timestamptz, kind text, outgoing boolean
) ON COMMIT DROP"""

_STATEMENTS = (
    "ANALYZE plan",
    # What each account holds after each of its movements, and how many it has had.
    """CREATE TEMP TABLE after ON COMMIT DROP AS
       SELECT n, account_id, a.balance + sum(change) OVER w AS balance,
              a.seq + row_number() OVER w AS seq
         FROM (SELECT n, source AS account_id, -minor AS change FROM plan
               UNION ALL SELECT n, target, minor FROM plan) AS sides
         JOIN banking_account a ON a.id = account_id
       WINDOW w AS (PARTITION BY account_id ORDER BY n)""",
    "ANALYZE after",
    """INSERT INTO banking_movement
              (id, debit_id, credit_id, amount, debit_balance, credit_balance, debit_seq,
               credit_seq, booked_at, value_date, currency, kind, narrative)
       SELECT plan.id, source, target, minor, d.balance, c.balance, d.seq, c.seq, at,
              (at AT TIME ZONE 'UTC')::date, 'EUR', kind, 'Groceries'
         FROM plan JOIN after d ON d.n = plan.n AND d.account_id = source
                   JOIN after c ON c.n = plan.n AND c.account_id = target
        ORDER BY plan.n""",
    """UPDATE banking_account a SET balance = last.balance, seq = last.seq
         FROM (SELECT DISTINCT ON (account_id) account_id, balance, seq
                 FROM after ORDER BY account_id, seq DESC) AS last
        WHERE a.id = last.account_id""",
    """INSERT INTO fraud_decision
              (id, subject, customer_id, verdict, score, risk_level, forbidden, reasons, facts,
               snapshot, ruleset, at)
       SELECT decision, public, by, 'VERIFIED', 0, 'SAFE', false, '[]',
              jsonb_build_object(
                  'kind', kind, 'subject', public, 'customer_id', by, 'account', account,
                  'counterparty', counterparty, 'amount_minor', minor, 'currency', 'EUR',
                  'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
                  'timezone', 'Europe/London', 'channel', 'import', 'outgoing', outgoing),
              %(snapshot)s, 'bench', at
         FROM plan ORDER BY n""",
    """INSERT INTO fraud_paymentfact
              (subject, kind, account, counterparty, outgoing, amount_minor, currency, local_hour,
               at, recorded_at, customer_id, decision_id)
       SELECT public, kind, account, counterparty, outgoing, minor, 'EUR',
              extract(hour FROM at AT TIME ZONE 'Europe/London'), at, at, by, decision
         FROM plan ORDER BY n""",
    """INSERT INTO banking_transfer
              (id, kind, amount_minor, currency, note, request_id, fingerprint, channel, status,
               asked_at, settled_at, reason, decision_id, movement_id, requested_by_id,
               settled_by_id, source_id, target_id)
       SELECT id, kind, minor, 'EUR', 'Groceries', public, '', 'import', 'posted', at, at, '',
              decision, id, by, by, source, target
         FROM plan ORDER BY n""",
)  # fmt: skip
