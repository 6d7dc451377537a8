"""The same history payment by payment and as columns: every number is the same, bit for bit."""

import math
import random
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import time_machine
from django.db import connection

from fraud import features, selectors
from fraud.errors import NothingToKeep
from fraud.facts import Facts
from fraud.features import AGGREGATES, FEATURES, Snapshot
from fraud.features.aggregates import BELIEVED_MIN
from fraud.features.columns import ALWAYS, NEVER, Choices, History, Labels, Table, table
from fraud.features.history import stored
from fraud.features.statement import statement
from fraud.models import Decision, Label, LearningChoice, PaymentFact
from fraud.profile.policy import PROFILE, ProfilePolicy
from fraud.profile.services import choose_learning, forget_normal, keep_normal
from fraud.tests.factories import NOON, customer, facts, snapshot
from fraud.tests.reading import bounded
from fraud.travel import presence
from fraud.travel import services as travel
from fraud.verdict import SAFE, VERIFIED

BARELY_DOUBTED = math.nextafter(BELIEVED_MIN, 0.0)
MICROSECOND = timedelta(microseconds=1)
END = NOON + timedelta(days=400)
AMOUNTS = (1, 10_00, 25_00, 40_00, 40_00, 55_00, 300_00, 10**18 - 1)


@dataclass
class Live:
    """What the bank saw of each payment when it was asked for."""

    decision: Any
    asked: Facts
    known: Snapshot


def live(seed: int, payments: int, asked_by: Any) -> list[Live]:
    """A random life of few people: ties, several currencies, refused payments, late labels that
    are corrected, and two of them change their mind about being learned from. Each payment is asked
    about before it is booked."""
    dice, mind, doubt = random.Random(seed), random.Random(seed), random.Random(seed)
    people = [customer(f"p{seed}_{n}@example.com") for n in range(3)]
    steps = [timedelta(0), MICROSECOND, timedelta(minutes=9), timedelta(hours=7), timedelta(days=2)]
    exact = [timedelta(minutes=10), timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
    at, seen, effect = NOON, list[Live](), None
    waiting: list[tuple[Any, Decision, bool, float]] = []
    for _ in range(payments):
        before = at
        at += effect or dice.choice([*steps, *exact, timedelta(days=dice.random())])
        effect = None
        if at > before and mind.random() < 0.3:
            wait = mind.choice([*exact, timedelta(0), PROFILE.guard])
            _choose(mind, mind.choice(people[1:]), at, wait)
            effect = mind.choice([None, None, wait])  # somebody pays at the moment it takes effect
        for due in [label for label in waiting if label[0] < at]:
            waiting.remove(due)
            _label(*due)
        asked = _asked(dice, dice.choice(people), at)
        known, _ = selectors.known_for(asked, asked_by)
        decision = _book(asked, known, moved=dice.random() < 0.9)
        travel.learn(presence.of(asked), trusted=dice.random() < 0.8, tried=True)
        seen.append(Live(decision.pk, asked, known))
        for _ in range(dice.choice([0, 1, 1, 2, 3])):  # some are corrected, some answered twice
            late = dice.choice(
                [timedelta(0), timedelta(hours=5), timedelta(days=dice.random() * 9)]
            )
            weight = doubt.choice([0.0, 0.2, BARELY_DOUBTED, BELIEVED_MIN, 0.9, 1.0, 1.0, 1.0])
            waiting.append((at + late, decision, dice.random() < 0.4, weight))
    return seen


def _asked(dice: random.Random, person: Any, at: Any) -> Facts:
    own = [f"acc_{person.email}_{n}" for n in range(2)]
    others = [f"acc_p{n}@{k}" for n in range(3) for k in range(2)] + own
    return facts(
        customer_id=person.pk,
        account=dice.choice(own),
        counterparty=dice.choice(["", *others, *others]),
        amount_minor=dice.choice(AMOUNTS[:-1] if dice.random() < 0.97 else AMOUNTS),
        currency=dice.choice(["GBP", "GBP", "EUR", "JPY"]),
        outgoing=dice.random() < 0.85,
        device=dice.choice([None, "phone", "laptop"]),
        ip=dice.choice([None, "192.0.2.1", "192.0.2.2"]),
        latitude=(latitude := dice.choice([None, 51.51, 48.86, 6.45])),
        longitude=None if latitude is None else 2.35,
        balance_minor=dice.choice([None, 0, 500_00]),
        to_self=dice.random() < 0.1,
        timezone=dice.choice(["Europe/London", "Asia/Tokyo"]),
        at=at,
    )


def _choose(mind: random.Random, person: Any, at: Any, wait: timedelta) -> None:
    policy = ProfilePolicy(guard=wait)
    with time_machine.travel(at, tick=False):
        match mind.choice(["off", "on", "on", "forget", "keep", "all"]):
            case "all":  # no verb goes back to what was forgotten, but a row could say so
                LearningChoice.objects.create(customer=person, learns=True, effective_at=at)
            case "forget":
                forget_normal(customer=person, by=person, policy=policy)
            case "keep":
                with suppress(NothingToKeep):
                    keep_normal(customer=person, by=person)
            case word:
                choose_learning(customer=person, learn=word == "on", by=person, policy=policy)


def _book(asked: Facts, known: Snapshot, *, moved: bool) -> Decision:
    decision = Decision.objects.create(
        subject=asked.subject,
        customer_id=asked.customer_id,
        verdict=VERIFIED,
        score=0,
        risk_level=SAFE,
        forbidden=False,
        reasons=[],
        facts=asked.to_json(),
        snapshot=known.to_json(),
        ruleset="test",
        at=asked.at,
    )
    if moved:
        PaymentFact.objects.create(
            decision=decision,
            subject=asked.subject,
            kind=asked.kind,
            customer_id=asked.customer_id,
            account=asked.account,
            counterparty=asked.counterparty,
            outgoing=asked.outgoing,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            local_hour=known.local_hour,
            local_weekday=known.local_weekday,
            device=asked.device or "",
            unusual=known.unusual(asked.amount_minor),
            at=asked.at,
        )
    return decision


def _label(known_at: Any, decision: Decision, fraud: bool, weight: float = 1.0) -> None:
    asked = decision.facts_then()
    Label.objects.create(
        decision=decision,
        customer_id=decision.customer_id,
        counterparty=asked.counterparty if asked.outgoing else "",
        paid_at=decision.at,
        fraud=fraud,
        unusual=decision.snapshot_then().unusual(asked.amount_minor),
        source="import",
        weight=weight,
        known_at=known_at,
    )


def compared(seen: list[Live], columns: Table, rows: dict[Any, int]) -> list[str]:
    """What differs between the two, one line each."""
    differences = []
    wholes = {name: columns.whole(name) for name in columns.aggregates}
    floats = {name: columns.feature(name) for name, one in FEATURES.items() if one.numeric}
    for n, one in enumerate(seen):
        row = rows[one.decision]
        for name, (values, known) in wholes.items():
            column = int(values[row]) if known[row] else None
            if column != one.known.get(name):
                differences.append(f"{n} {name}: {one.known.get(name)} live, {column} in columns")
        for name, value in features.of(one.asked, one.known).items():
            if FEATURES[name].numeric and not _same(value, floats[name][row]):
                differences.append(f"{n} {name}: {value!r} live, {floats[name][row]!r} in columns")
    return differences


def _same(value: Any, column: float) -> bool:
    if value is None:
        return bool(np.isnan(column))
    return float(value).hex() == float(column).hex()


def both(
    seed: int, payments: int, rows_max: int | None
) -> tuple[list[Live], Table, dict[Any, int]]:
    declared = list(AGGREGATES.values()) if rows_max is None else bounded(rows_max)
    named = {one.name: one for one in declared}
    declared += [  # habits in a window, and of different values: nothing declares these yet
        replace(named["own_sum_7d"], name="learned_sum_7d", habit=True),
        replace(named["own_payees_24h"], name="learned_payees", habit=True, window=None),
    ]
    seen = live(seed, payments, statement(declared, selectors._RIDERS))
    history, decisions = stored(END)
    columns = table(history, {one.name: one for one in declared})
    return seen, columns, {decision: row for row, decision in enumerate(decisions)}


@pytest.mark.django_db
@pytest.mark.parametrize("seed, rows_max", [(1, None), (2, 4), (3, 12), (4, 2)])
def test_live_and_in_columns_every_number_is_the_same(seed, rows_max):
    seen, columns, rows = both(seed, 150, rows_max)
    assert compared(seen, columns, rows) == []
    weights = set(Label.objects.values_list("weight", flat=True))
    assert weights >= {0.0, BARELY_DOUBTED, BELIEVED_MIN}
    believed = Label.objects.filter(weight__gte=BELIEVED_MIN)
    assert len(columns.history.labels.payment) == believed.count() < Label.objects.count()
    # It was about something: nothing that is compared was the same for all payments.
    dull = {
        name
        for name, (values, _) in ((name, columns.whole(name)) for name in AGGREGATES)
        if len(set(values.tolist())) < 2
    }
    rare = {f"own_hour_{hour}" for hour in range(24)}
    if rows_max is not None:  # who remembers so little knows no habit to leave
        rare |= {"own_unusual_3d", "own_unusual_7d", "own_unusual_30d"}
    assert dull <= rare
    # They met both sides of what is learned from, and some of them learned again.
    since, at = columns.history.learned_since(), columns.history.at
    assert {ALWAYS, NEVER} < set(since.tolist()) and set(since.tolist()) & set(at.tolist())
    assert set(columns.history.choices.effective_at.tolist()) & set(at.tolist())


@pytest.mark.django_db
def test_what_comes_later_changes_nothing_in_columns():
    _, columns, _ = both(7, 120, 6)
    whole = columns.history
    for rows in (1, 40, 119):
        moment = whole.at[rows]
        early = table(_until(whole, rows, moment), columns.aggregates)
        for name, feature in FEATURES.items():
            if feature.numeric:
                there, then = columns.feature(name)[:rows], early.feature(name)
                assert there.tobytes() == then.tobytes(), name


def _until(history: History, rows: int, moment: int) -> History:
    labels = history.labels
    kept = (labels.known_at < moment) & (labels.payment < rows)
    columns = {
        name: getattr(history, name)[:rows]
        for name in History.__dataclass_fields__
        if isinstance(getattr(history, name), np.ndarray)
    }
    known = Labels(
        payment=labels.payment[kept], fraud=labels.fraud[kept], known_at=labels.known_at[kept]
    )
    given = {name: column[:rows] for name, column in history.given.items()}
    made = history.choices.effective_at <= moment
    choices = Choices(
        customer=history.choices.customer[made],
        since=history.choices.since[made],
        effective_at=history.choices.effective_at[made],
    )
    return replace(history, **columns, labels=known, given=given, choices=choices)


@pytest.mark.django_db
def test_an_empty_bank_has_empty_columns():
    history, decisions = stored(END)
    columns = table(history)
    assert decisions == []
    for name, feature in FEATURES.items():
        if feature.numeric:
            assert len(columns.feature(name)) == 0


@pytest.mark.django_db
def test_what_is_booked_and_answered_meanwhile_disturbs_nobody():
    """Between two reads a payment is booked and known to be fraud at once."""
    person = customer()
    asked = [facts(customer_id=person.pk, at=NOON + n * timedelta(hours=1)) for n in range(2)]
    first = _book(asked[0], snapshot(), moved=True)
    _label(NOON, first, True)
    waiting = [asked[1]]

    def between(execute, sql, *rest):
        answer = execute(sql, *rest)
        if sql.lstrip().startswith("SELECT") and waiting:
            _label(END, _book(waiting.pop(), snapshot(), moved=True), True)
        return answer

    with connection.execute_wrapper(between):
        history, decisions = stored(END + MICROSECOND)
    assert len(history.labels.payment) == 1
    assert decisions[history.labels.payment[0]] == first.pk


def test_in_columns_too_a_series_begins_with_a_fraud_that_looks_usual():
    """Payee 9 is paid by a thief out of customer 0's habit, then by two others as usual."""
    customer = np.array([0] * 12 + [0, 1, 2, 3])
    payee = np.array([8] * 12 + [9] * 4)
    amount = np.array([1_00] * 12 + [9_00, 1_00, 1_00, 1_00])
    at = np.arange(16) * 10
    nothing = np.zeros(16, np.int64)
    history = History(
        at=at, customer=customer, account=customer, counterparty=payee, amount_minor=amount,
        currency=nothing, currencies=("EUR",), local_hour=nothing, local_weekday=nothing,
        outgoing=np.ones(16, bool), device=nothing - 1,
        labels=Labels(payment=np.arange(12, 15), fraud=np.ones(3, bool), known_at=at[12:15] + 1),
    )  # fmt: skip
    values, known = table(history).whole("payee_series_at")
    assert known[12:].tolist() == [False, False, True, True]
    assert values[14:].tolist() == [at[13], at[13]]


def test_a_history_is_sorted():
    empty = np.zeros(2, np.int64)
    columns = dict.fromkeys(
        ("customer", "account", "counterparty", "amount_minor", "currency", "local_hour",
         "local_weekday", "device"), empty,
    )  # fmt: skip
    with pytest.raises(ValueError, match="sorted"):
        History(at=np.array([2, 1]), outgoing=empty.astype(bool), currencies=("EUR",), **columns)


@pytest.mark.django_db
def test_text_has_no_column():
    history, _ = stored(END)
    with pytest.raises(ValueError, match="text"):
        table(history).feature("currency")
