"""JSON: the whole statement as the API speaks, amounts as text. Texts are as they were written."""

import json
from collections.abc import Iterator
from typing import Any

from banking.statements.statement import Line, Statement
from banking.statements.text import plain
from fintrust.core.money import Money


def write(statement: Statement) -> Iterator[str]:
    yield _dumped(_head(statement))[:-1] + ',"lines":['
    for number, line in enumerate(statement.lines()):
        yield ("," if number else "") + _dumped(_line(line, statement.decimals))
    yield "]}\n"


def _head(statement: Statement) -> dict[str, Any]:
    def amount(money: Money) -> str:
        return plain(money.minor, statement.decimals)

    return {
        "id": statement.id,
        "account": statement.account,
        "number": statement.number,
        "name": statement.name,
        "product": statement.product,
        "holder": statement.holder,
        "currency": statement.currency,
        "from": statement.period.first.isoformat(),
        "to": statement.period.last.isoformat(),
        "as_of": statement.moment.isoformat().replace("+00:00", "Z"),
        "finished": statement.finished,
        "opening": amount(statement.opening),
        "incoming": amount(statement.incoming),
        "outgoing": amount(statement.outgoing),
        "closing": amount(statement.closing),
        "count": statement.count,
    }


def _line(line: Line, decimals: int) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "reference": line.reference,
        "booked_at": line.booked_at.isoformat().replace("+00:00", "Z"),
        "value_date": line.value_date.isoformat(),
        "kind": line.kind,
        "counterparty": line.counterparty,
        "narrative": line.narrative,
        "amount": plain(line.amount_minor, decimals),
        "balance": plain(line.balance_minor, decimals),
        "reverses": line.reversed_reference or None,
    }


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
