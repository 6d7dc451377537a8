"""A history as columns come from it: what was asked for, what moved, what became known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Whole = tuple[Array, Array]  # the numbers, and where they are known

NOBODY = -1  # the code of a fact that was not given; it equals nothing
ALWAYS, NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max  # moments before and after all


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What became known, in the order in which it did."""

    payment: Array  # the row of the history
    fraud: Array
    known_at: Array  # microseconds

    @classmethod
    def none(cls) -> "Labels":
        return cls(
            payment=np.zeros(0, np.int64),
            fraud=np.zeros(0, bool),
            known_at=np.zeros(0, np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What customers chose about learning, in the order in which they did: of those that have
    taken effect the newest holds."""

    customer: Array
    since: Array  # microseconds from which on payments are learned from; ALWAYS, or NEVER
    effective_at: Array  # microseconds

    @classmethod
    def none(cls) -> "Choices":
        return cls(**dict.fromkeys(("customer", "since", "effective_at"), np.zeros(0, np.int64)))

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Payments as they were asked for, sorted by `at` and then by their decisions.

    Names are whole numbers of the caller's choice, -1 for none; accounts and counterparties are
    numbered together. `moved` says which of them really moved: the others are asked about, and
    count nowhere.
    """

    at: Array  # microseconds since 1970
    customer: Array
    account: Array
    counterparty: Array
    amount_minor: Array
    currency: Array  # places in `currencies`
    currencies: tuple[str, ...]
    local_hour: Array
    local_weekday: Array  # 0 is Monday; -1 unknown
    outgoing: Array
    device: Array
    moved: Array | None = None
    to_self: Array | None = None
    balance_minor: Array | None = None  # -1 unknown
    labels: Labels = field(default_factory=Labels.none)
    choices: Choices = field(default_factory=Choices.none)
    given: Mapping[str, Array] = field(default_factory=dict)  # what is no whole number, by name

    def __post_init__(self) -> None:
        if np.any(self.at[1:] < self.at[:-1]):
            raise ValueError("a history is sorted by time")
        if np.any(self.labels.known_at[1:] < self.labels.known_at[:-1]):
            raise ValueError("labels are sorted by when they became known")

    def __len__(self) -> int:
        return len(self.at)

    def learned_since(self) -> Array:
        """For each payment, from when on its customer's payments are their normal."""
        since = np.full(len(self), ALWAYS)
        rows = np.argsort(self.customer, kind="stable")  # and by time
        customers, at = self.customer[rows], self.at[rows]
        of = self.choices
        first, end = (np.searchsorted(customers, of.customer, side) for side in ("left", "right"))
        for n in range(len(of)):
            mine = slice(first[n], end[n])
            judged = first[n] + np.searchsorted(at[mine], of.effective_at[n])
            since[rows[judged : end[n]]] = of.since[n]
        return since


def all_known(values: Array) -> Whole:
    return values, np.ones(len(values), bool)


def or_else(column: Array | None, default: Array) -> Array:
    return default if column is None else column
