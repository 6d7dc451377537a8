"""A small bank's history to learn from: columns with a known truth behind them."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fraud import verdict
from fraud.features.moments import micros_of
from fraud.learning import training
from fraud.learning.bundle import Bundle
from fraud.learning.policy import LEARNING
from fraud.learning.training import Labels, Window
from fraud.models import Decision, Label, PaymentFact
from fraud.tests import factories

DAY = 86_400_000_000
START = 1_750_000_000_000_000
DAYS = 40
QUICK = replace(
    LEARNING, rounds=40, forest_trees=20, payments_min=1_000, leaf_payments_min=20, rate=0.1
)


@dataclass
class History:
    """What training and watching want of a table."""

    columns: dict[str, Any]
    at: Any
    fraud: Any
    stopped: tuple[int, ...] = ()  # rows that never moved

    @property
    def outgoing(self) -> Any:
        return np.ones(len(self.at), dtype=bool)

    @property
    def moved(self) -> Any:
        return ~np.isin(np.arange(len(self.at)), self.stopped)

    def feature(self, name: str) -> Any:
        return self.columns[name]

    def one(self, row: int) -> dict[str, object]:
        """As one payment's features come: None where a column has NaN."""
        numbers = {name: float(column[row]) for name, column in self.columns.items()}
        return {name: None if np.isnan(value) else value for name, value in numbers.items()}


def history(
    payments: int = 6_000, *, seed: int = 7, days: int = DAYS, start: int = START
) -> History:
    """Large against one's own, or to a payee with known frauds: then often fraud, never surely."""
    dice = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: dice.gamma(2.0, 1.0, payments) for name in training.NAMES}
    columns["payee_last5_share"] = dice.choice(
        [0.0, np.nan, 0.2, 1.0], payments, p=[0.7, 0.15, 0.1, 0.05]
    )
    columns["deviations"] = dice.normal(0, 1.5, payments)
    columns["rules_score"] = np.where(columns["deviations"] > 3, 0.35, 0.0)
    odds = (
        -4.0
        + 1.2 * np.maximum(columns["deviations"], 0)
        + 4.0 * np.nan_to_num(columns["payee_last5_share"])
    )
    at = start + np.sort(dice.integers(0, days * DAY, payments))
    return History(columns, at, dice.random(payments) < 1 / (1 + np.exp(-odds)))


def labels(known: History, *, days: float = 1.0) -> Labels:
    """Everything becomes known so many days later."""
    everybody = np.arange(len(known.at))
    return Labels(everybody, known.fraud, known.at + int(days * DAY), np.ones(len(everybody)))


def window(*, days: int = DAYS) -> Window:
    return Window(START, START + days * DAY, START + (days + 1) * DAY)


@lru_cache
def model(seed: int = 7) -> Bundle:
    taught = history(seed=seed)
    return training.train(taught, labels(taught), window(), QUICK)


# --- the same as rows of the bank ---------------------------------------------------------------


BAD = (0.85, 0.1, 0.05)  # how often none, one and all of a payee's five labels are fraud


def decided(
    person: User,
    payments: int,
    *,
    until: datetime,
    every: timedelta,
    seed: int = 1,
    times: float = 1.0,
    **asked: Any,
) -> list[Decision]:
    """Payments as they were decided about, the last just before `until`, with their outcomes
    known a minute later. `times` makes all amounts larger than this customer's habit; more facts of
    all of them may be `asked` for."""
    dice = np.random.default_rng(seed)
    made, answers = [], []
    for back in range(payments, 0, -1):
        at = until - back * every
        deviations, bad = (
            float(dice.normal(0, 1.5)),
            int(dice.choice([0, 1, 5], p=BAD)),
        )
        odds = -3.5 + 1.2 * max(deviations, 0) + 0.8 * bad
        answers.append(bool(dice.random() < 1 / (1 + math.exp(-odds))))
        amount = max(times * (50_00 + 10_00 * deviations), 1_00)
        made.append(_decision(person, bad, at=at, amount_minor=int(amount), **asked))
    Decision.objects.bulk_create(made)
    PaymentFact.objects.bulk_create(_fact(decision) for decision in made)
    Label.objects.bulk_create(
        Label(
            decision=decision,
            customer=person,
            counterparty="acc_payee",
            paid_at=decision.at,
            fraud=fraud,
            source=Label.Source.OFFICER,
            weight=1.0,
            known_at=decision.at + timedelta(minutes=1),
        )
        for decision, fraud in zip(made, answers, strict=True)
    )
    return made


def _decision(person: User, bad: int, *, at: datetime, **changes: Any) -> Decision:
    asked = factories.facts(customer_id=person.pk, at=at, **changes)
    seen = factories.snapshot(
        own_last_at=micros_of(at - timedelta(hours=5)),
        own_first_at=micros_of(at - timedelta(days=100)),
        payee_last5_labels=5,
        payee_last5_frauds=bad,
    )
    judged = verdict.decide(asked, seen, verdict.CURRENT)
    return Decision(
        id=uuid7(),
        subject=asked.subject,
        customer=person,
        verdict=judged.verdict,
        score=judged.score,
        risk_level=judged.risk_level,
        forbidden=False,
        reasons=judged.reasons_json(),
        facts=asked.to_json(),
        snapshot=seen.to_json(),
        ruleset=judged.ruleset,
        at=at,
    )


def _fact(decision: Decision) -> PaymentFact:
    asked = decision.facts_then()
    return PaymentFact(
        decision=decision,
        subject=asked.subject,
        kind=asked.kind,
        customer_id=asked.customer_id,
        account=asked.account,
        counterparty=asked.counterparty,
        outgoing=True,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        local_hour=12,
        local_weekday=1,
        at=asked.at,
    )
