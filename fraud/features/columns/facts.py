"""Facts as whole numbers, and what follows from them and the aggregates together."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fintrust.core.money import exponent
from fraud.features.aggregates import HOURS, WEEKDAYS
from fraud.features.columns.history import Whole, all_known, or_else
from fraud.policy import STANDARD

if TYPE_CHECKING:
    from fraud.features.columns import Table


def _by_currency(of: Callable[[str], int]) -> Callable[["Table"], Whole]:
    def column(table: "Table") -> Whole:
        history = table.history
        numbers = np.array([of(code) for code in history.currencies], np.int64)
        return all_known(numbers[history.currency])

    return column


def _plain(name: str) -> Callable[["Table"], Whole]:
    return lambda table: all_known(getattr(table.history, name))


def _or_unknown(name: str) -> Callable[["Table"], Whole]:
    def column(table: "Table") -> Whole:
        values = or_else(getattr(table.history, name), np.full(len(table), -1, np.int64))
        return values, values >= 0

    return column


def _to_somebody(table: "Table") -> Whole:
    return all_known(((table.history.counterparty >= 0) & ~table.to_self).astype(np.int64))


def _with_device(table: "Table") -> Whole:
    return all_known((table.history.device >= 0).astype(np.int64))


def _near_hour(table: "Table") -> Whole:
    """Own payments in the payment's own hour and its neighbours."""
    hour = table.history.local_hour
    near = np.zeros(len(table), np.int64)
    for at in range(HOURS):
        beside = np.flatnonzero(np.abs((hour - at + HOURS // 2) % HOURS - HOURS // 2) <= 1)
        near[beside] += table.whole(f"own_hour_{at}")[0][beside]
    return all_known(near)


def _this_weekday(table: "Table") -> Whole:
    weekday = table.history.local_weekday
    alike = np.zeros(len(table), np.int64)
    for day in range(WEEKDAYS):
        on = np.flatnonzero(weekday == day)
        alike[on] = table.whole(f"own_weekday_{day}")[0][on]
    return alike, weekday >= 0


def _account_out(table: "Table") -> Whole:
    spent, known = table.whole("account_sum_24h")
    return spent + table.history.amount_minor, known


FACTS: dict[str, Callable[["Table"], Whole]] = {
    "amount_minor": _plain("amount_minor"),
    "scale": _by_currency(lambda code: 10 ** exponent(code)),
    "units": _by_currency(lambda code: STANDARD.minor(1, code)),
    "balance_minor": _or_unknown("balance_minor"),
    "at": _plain("at"),
    "local_hour": _plain("local_hour"),
    "local_weekday": _or_unknown("local_weekday"),
    "to_somebody": _to_somebody,
    "with_device": _with_device,
    "own_near_hour": _near_hour,
    "own_this_weekday": _this_weekday,
    "account_out_24h": _account_out,
}
