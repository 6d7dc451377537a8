"""The bank's own history as columns: every decision, what moved of it, and what became known.

Names become numbers on the way, so that nobody can be told from them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction

from fraud.features.aggregates import BELIEVED_MIN
from fraud.features.columns import ALWAYS, NEVER, NOBODY, Choices, History, Labels

# What cannot be counted again is as it was known when it was judged.
_GIVEN = {
    "session_risk": "(d.snapshot->>'session_risk')::float8",
    "travel_kmh": "(d.snapshot->'travel'->>'kmh')::float8",
    "travel_impossible": "(d.snapshot->'travel'->>'impossible')::boolean::int",
    "device_known": "(d.snapshot->'around'->>'device_known')::boolean::int",
    "address_hosting": "(d.snapshot->'around'->>'hosting')::boolean::int",
    "addresses_24h": "(d.snapshot->'around'->>'addresses_24h')::int",
    "tries_10s": "(d.snapshot->'around'->>'tries_10s')::int",
    "tries_60s": "(d.snapshot->'around'->>'tries_60s')::int",
}
# Sorted as columns want it. A decision that moved nothing is asked about, and counts nowhere.
_PAYMENTS = f"""
    SELECT d.id, (extract(epoch FROM d.at) * 1000000)::bigint, d.customer_id,
           d.facts->>'account', d.facts->>'counterparty', (d.facts->>'amount_minor')::bigint,
           d.facts->>'currency', coalesce(f.local_hour, (d.snapshot->>'local_hour')::int),
           coalesce(CASE WHEN f.id IS NULL THEN (d.snapshot->>'local_weekday')::int
                    ELSE f.local_weekday END, -1),
           (d.facts->>'outgoing')::boolean, d.facts->>'device', f.id IS NOT NULL,
           coalesce((d.facts->>'to_self')::boolean, false),
           coalesce((d.facts->>'balance_minor')::bigint, -1),
           {", ".join(_GIVEN.values())}
    FROM fraud_decision d LEFT JOIN fraud_paymentfact f ON f.decision_id = d.id
    WHERE d.at < %(until)s
    ORDER BY d.at, d.id
"""
_LABELS = f"""
    SELECT decision_id, fraud, (extract(epoch FROM known_at) * 1000000)::bigint
    FROM fraud_label
    WHERE known_at < %(until)s AND paid_at < %(until)s AND weight >= {BELIEVED_MIN}
    ORDER BY known_at, id
"""
# As `fraud.profile.statement` tells it to one payment.
_CHOICES = """
    SELECT customer_id, learns, (extract(epoch FROM since) * 1000000)::bigint,
           (extract(epoch FROM effective_at) * 1000000)::bigint
    FROM fraud_learningchoice WHERE effective_at < %(until)s
    ORDER BY id
"""
_ROWS = 20_000  # at a time: what is on its way from the server stays small


class _Codes(dict[Any, int]):
    """A number for each name, in the order in which they are met; -1 for none."""

    def __missing__(self, name: Any) -> int:
        if name in {None, ""}:
            return NOBODY
        self[name] = len(self)
        return self[name]


def stored(until: datetime) -> tuple[History, list[Any]]:
    """What was asked for and known before a moment, and the decision of each row."""
    with transaction.atomic():
        # Labels before what they are about: of a payment that is booked meanwhile none is known.
        known = list(_fetched(_LABELS, until))
        customers = _Codes()
        decisions, columns, currencies = _payments(until, customers)
        labels = _labels(known, {decision: row for row, decision in enumerate(decisions)})
        choices = _choices(until, customers)
    return History(
        **columns, currencies=tuple(currencies), labels=labels, choices=choices
    ), decisions


def _payments(until: datetime, customers: _Codes) -> tuple[list[Any], dict[str, Any], list[str]]:
    accounts, currencies, devices = _Codes(), _Codes(), _Codes()
    decisions, rows, known = [], [], []
    for row in _fetched(_PAYMENTS, until):
        (decision, at, customer, account, counterparty, minor, currency, hour, weekday,
         outgoing, device, moved, to_self, balance, *given) = row  # fmt: skip
        decisions.append(decision)
        rows.append(
            (at, customers[customer], accounts[account], accounts[counterparty], minor,
             currencies[currency], hour, weekday, outgoing, devices[device], moved, to_self,
             balance)
        )  # fmt: skip
        known.append(given)
    names = (
        "at", "customer", "account", "counterparty", "amount_minor", "currency", "local_hour",
        "local_weekday", "outgoing", "device", "moved", "to_self", "balance_minor",
    )  # fmt: skip
    flags = {"outgoing", "moved", "to_self"}
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return (
        decisions,
        {
            name: np.array(column, bool if name in flags else np.int64)
            for name, column in zip(names, columns, strict=True)
        }
        | {"given": _given(known)},
        list(currencies),
    )


def _given(known: list[list[float | None]]) -> dict[str, Any]:
    """Nothing becomes NaN."""
    table = np.array(known, np.float64).reshape(len(known), len(_GIVEN))
    return dict(zip(_GIVEN, table.T, strict=True))


def _labels(known: list[tuple[Any, ...]], rows: dict[Any, int]) -> Labels:
    found = [(rows[decision], fraud, known_at) for decision, fraud, known_at in known]
    payment, fraud, known_at = zip(*found, strict=True) if found else ((), (), ())
    return Labels(
        payment=np.array(payment, np.int64),
        fraud=np.array(fraud, bool),
        known_at=np.array(known_at, np.int64),
    )


def _choices(until: datetime, customers: _Codes) -> Choices:
    found = [
        (customers[customer], _since(learns, since), effective_at)
        for customer, learns, since, effective_at in _fetched(_CHOICES, until)
        if customer in customers  # who was never judged is in no row
    ]
    customer, since, effective_at = np.array(found, np.int64).reshape(len(found), 3).T
    return Choices(customer=customer, since=since, effective_at=effective_at)


def _since(learns: bool, since: int | None) -> int:
    if not learns:
        return NEVER
    return ALWAYS if since is None else since


def _fetched(sql: str, until: datetime) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, {"until": until})
        while rows := cursor.fetchmany(_ROWS):
            yield from rows
