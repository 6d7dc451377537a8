"""Does the ledger still say what its movements say? A command, a task and every journey ask.

A full check reads every movement once and needs no sorting (`sql/verify_prove.sql` says why that is
a proof); only when something does not add up is it looked for place by place. An incremental check
continues where an earlier one ended: it reads the movements that were not visible to it, and the
state of all accounts. What has been falsified behind it, it cannot see; the next full check does.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

_HERE = Path(__file__).parent / "sql"
_PROVE, _NAME, _FLOORS, _REST, _FROZEN = (
    (_HERE / f"verify_{part}.sql").read_text()
    for part in ("prove", "name", "floors", "rest", "frozen")
)
_SNAPSHOT = re.compile(r"([0-9]{1,18}):([0-9]{1,18}):((?:[0-9]{1,18},)*[0-9]{1,18})?")


def _is_snapshot(text: Any) -> bool:
    """Whether PostgreSQL reads it as a pg_snapshot: xmin, xmax, and what ran between, in order."""
    found = _SNAPSHOT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return False
    running = [int(tx) for tx in found[3].split(",")] if found[3] else []
    return (
        0 < int(found[1]) <= int(found[2])
        and running == sorted(set(running))
        and all(int(found[1]) <= tx < int(found[2]) for tx in running)
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that is broken: which, where, and what was seen."""

    code: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.subject} {self.detail}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the books were proven: what was visible, and where the accounts then stood."""

    snapshot: str
    seed: int
    states: dict[str, int]  # of each currency: the sum of the numbers of its accounts' places

    def to_json(self) -> dict[str, Any]:
        # As text: a JSON number is not always read back whole.
        states = {currency: str(state) for currency, state in self.states.items()}
        return {"snapshot": self.snapshot, "seed": str(self.seed), "states": states}

    @classmethod
    def from_json(cls, stored: Any) -> "Checkpoint | None":
        """The checkpoint as it was kept; None when it is not one, and all must be read."""
        try:
            states = {currency: int(state) for currency, state in stored["states"].items()}
            snapshot, seed = stored["snapshot"], int(stored["seed"])
        except (TypeError, KeyError, ValueError, AttributeError):
            return None
        return cls(snapshot, seed, states) if _is_snapshot(snapshot) and 0 <= seed < 2**62 else None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, what it read, and where the next one may continue."""

    findings: list[Finding]
    movements: int
    checkpoint: Checkpoint


def verify_ledger(using: str = DEFAULT_DB_ALIAS) -> list[Finding]:
    """Recompute every balance, hold and order from the movements. Empty when all is well."""
    return check_ledger(using=using).findings


def check_ledger(*, since: Checkpoint | None = None, using: str = DEFAULT_DB_ALIAS) -> Checked:
    """Prove the books: all of them, or what is new since a checkpoint."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        return checked(cursor, since)


def findings(cursor: Any) -> list[Finding]:
    """A full check on a cursor of one's own, inside whatever transaction it is in."""
    return checked(cursor).findings


def checked(cursor: Any, since: Checkpoint | None = None) -> Checked:
    # A full check may take longer than a page, and days begin at midnight UTC.
    cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '128MB'")
    cursor.execute("SET LOCAL timezone = 'UTC'")
    proof = _Proof.of(cursor, since)
    found = [*proof.looked_up(cursor), *_rows(cursor, _REST, since)]
    if since is None:
        found += _rows(cursor, _FROZEN, None)
    found.sort(key=lambda finding: (finding.code, finding.subject))
    return Checked(found, proof.movements, proof.checkpoint)


@dataclass(frozen=True, slots=True)
class _Proof:
    since: Checkpoint | None
    movements: int
    adds_up: bool
    countable: bool  # so that adding up proves it
    above_floors: bool
    checkpoint: Checkpoint

    @classmethod
    def of(cls, cursor: Any, since: Checkpoint | None) -> "_Proof":
        seed = since.seed if since else secrets.randbits(62)
        cursor.execute(_since(_PROVE, since, **_numbers(seed)))
        rows = cursor.fetchall()
        then = since.states if since else {}
        return cls(
            since,
            sum(movements for _, movements, *_ in rows),
            all(int(steps) == int(state) - then.get(code, 0) for code, _, steps, state, *_ in rows),
            all(countable for *_, countable, _, _ in rows),
            all(above for *_, above, _ in rows),
            Checkpoint(rows[0][-1], seed, {code: int(state) for code, _, _, state, *_ in rows}),
        )

    def looked_up(self, cursor: Any) -> Iterator[Finding]:
        """Place by place, what the proof leaves open."""
        if not self.above_floors:
            yield from _rows(cursor, _FLOORS, self.since)
        if self.adds_up and self.countable:
            return
        named = _rows(cursor, _NAME, None)
        yield from named
        if not named and not self.adds_up:
            yield Finding(
                "proof", "ledger", "does not add up since the last check, and no place tells why"
            )


def _numbers(seed: int) -> dict[str, str]:
    """The number of each place that the proof speaks of."""
    return {
        "debit_after": _place(seed, "m.debit_id", "m.debit_seq", "m.debit_balance"),
        "debit_before": _place(
            seed, "m.debit_id", "(m.debit_seq - 1)", "(m.debit_balance + m.amount)"
        ),
        "credit_after": _place(seed, "m.credit_id", "m.credit_seq", "m.credit_balance"),
        "credit_before": _place(
            seed, "m.credit_id", "(m.credit_seq - 1)", "(m.credit_balance - m.amount)"
        ),
        "account_now": _place(seed, "a.id", "a.seq", "a.balance"),
        "account_opened": _place(seed, "a.id", "0::bigint", "0::bigint"),
    }


def _place(seed: int, account: str, seq: str, balance: str) -> str:
    """A balance is hashed in two halves, for it needs all its 64 bits; two bits go, so that the sum
    of four stays within a bigint."""
    number = f"hashint8extended({account}, {seed})"
    for part in (seq, f"{balance} >> 32", balance):
        number = f"hashint8extended({part}, {number})"
    return f"({number} >> 2)"


def _since(sql: str, since: Checkpoint | None, **names: str) -> str:
    """The statement, for everything or for what the checkpoint did not see."""
    for table in "mej":
        new = "true"
        if since:
            seen = f"'{since.snapshot}'::pg_snapshot"
            new = (
                f"({table}.tx >= pg_snapshot_xmin({seen})"
                f" AND NOT pg_visible_in_snapshot({table}.tx, {seen}))"
            )
        names[f"new_{table}"] = new
    return sql.format_map(names)


def _rows(cursor: Any, sql: str, since: Checkpoint | None) -> list[Finding]:
    cursor.execute(_since(sql, since))
    return [Finding(*row) for row in cursor.fetchall()]
