"""The bank's own history as columns: every decision, what moved of it, and what became known.

Names become numbers on the way, so that nobody can be told from them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction

from fraud.features.columns import NOBODY, History, Labels

# Sorted as columns want it. A decision that moved nothing is asked about, and counts nowhere.
_PAYMENTS = """
    SELECT d.id, (extract(epoch FROM d.at) * 1000000)::bigint, d.customer_id,
           d.facts->>'account', d.facts->>'counterparty', (d.facts->>'amount_minor')::bigint,
           d.facts->>'currency', coalesce(f.local_hour, (d.snapshot->>'local_hour')::int),
           coalesce(CASE WHEN f.id IS NULL THEN (d.snapshot->>'local_weekday')::int
                    ELSE f.local_weekday END, -1),
           (d.facts->>'outgoing')::boolean, d.facts->>'device', f.id IS NOT NULL,
           coalesce((d.facts->>'to_self')::boolean, false),
           coalesce((d.facts->>'balance_minor')::bigint, -1)
    FROM fraud_decision d LEFT JOIN fraud_paymentfact f ON f.decision_id = d.id
    WHERE d.at < %(until)s
    ORDER BY d.at, d.id
"""
_LABELS = """
    SELECT decision_id, fraud, (extract(epoch FROM known_at) * 1000000)::bigint
    FROM fraud_label WHERE known_at < %(until)s AND paid_at < %(until)s
    ORDER BY known_at, id
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
        # One look at the tables, however long it takes to fetch it.
        decisions, columns, currencies = _payments(until)
        labels = _labels(until, {decision: row for row, decision in enumerate(decisions)})
    return History(**columns, currencies=tuple(currencies), labels=labels), decisions


def _payments(until: datetime) -> tuple[list[Any], dict[str, Any], list[str]]:
    customers, accounts, currencies, devices = _Codes(), _Codes(), _Codes(), _Codes()
    decisions, rows = [], []
    for row in _fetched(_PAYMENTS, until):
        (decision, at, customer, account, counterparty, minor, currency, hour, weekday,
         outgoing, device, moved, to_self, balance) = row  # fmt: skip
        decisions.append(decision)
        rows.append(
            (at, customers[customer], accounts[account], accounts[counterparty], minor,
             currencies[currency], hour, weekday, outgoing, devices[device], moved, to_self,
             balance)
        )  # fmt: skip
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
        },
        list(currencies),
    )


def _labels(until: datetime, rows: dict[Any, int]) -> Labels:
    found = [
        (rows[decision], fraud, known_at) for decision, fraud, known_at in _fetched(_LABELS, until)
    ]
    payment, fraud, known_at = zip(*found, strict=True) if found else ((), (), ())
    return Labels(
        payment=np.array(payment, np.int64),
        fraud=np.array(fraud, bool),
        known_at=np.array(known_at, np.int64),
    )


def _fetched(sql: str, until: datetime) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, {"until": until})
        while rows := cursor.fetchmany(_ROWS):
            yield from rows
