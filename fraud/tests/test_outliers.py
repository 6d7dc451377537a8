"""The forest: features that cannot look ahead, the same model from the same payments. Pure."""

import random
from datetime import timedelta

import numpy as np
import pytest

from fraud import outliers
from fraud.features import Snapshot
from fraud.features.moments import micros_of
from fraud.policy import AfterwardsPolicy
from fraud.tests.factories import NOON, facts, snapshot

POLICY = AfterwardsPolicy()


def ordinary(n: int = 400) -> list[outliers.Known]:
    dice = random.Random(3)
    return [
        (
            facts(amount_minor=round(50_00 * dice.lognormvariate(0, 0.3))),
            snapshot(
                local_hour=min(max(round(dice.gauss(14, 2)), 0), 23),
                **HOURS,
                pair_count=round(dice.lognormvariate(2, 0.4)),
                own_last_at=micros_of(NOON - timedelta(hours=24 * dice.lognormvariate(0, 0.3))),
                own_count_10m=int(dice.random() < 0.1),
                own_count_24h=int(dice.random() < 0.4),
            ),
        )
        for _ in range(n)
    ]


HOURS = {
    f"own_hour_{hour}": payments
    for hour, payments in enumerate((2, 5, 10, 14, 20, 20, 14, 10, 5), start=9)
}
STRANGE = (
    facts(amount_minor=9_000_00),
    snapshot(
        local_hour=3,
        **HOURS,
        pair_count=0,
        own_count_10m=9,
        own_count_1h=20,
        own_count_24h=40,
    ),
)


def test_a_payment_unlike_all_others_stands_out():
    crowd = ordinary()
    model = outliers.fit(crowd, POLICY)
    usual = model.scores(outliers.table(crowd))
    (strange,) = model.scores(outliers.table([STRANGE]))
    assert strange >= model.extreme_from
    assert strange > max(usual)
    assert sum(score >= model.extreme_from for score in usual) <= 1


def test_the_reason_names_what_is_most_unusual():
    model = outliers.fit(ordinary(), POLICY)
    busy = snapshot(pair_count=7, own_count_10m=50, own_count_24h=60, **HOURS)
    (row,) = outliers.table([(facts(), busy)])
    assert model.reason(row) == (
        "unlike nearly all recent payments, most of all by how many payments there were in "
        "minutes and how many payments there were in a day"
    )


def test_the_same_payments_make_the_same_model():
    crowd = ordinary()
    first, second = outliers.fit(crowd, POLICY), outliers.fit(crowd, POLICY)
    rows = outliers.table([*crowd, STRANGE])
    assert first.version == second.version
    assert first.scores(rows) == second.scores(rows)


def test_other_payments_or_numbers_make_another_version():
    crowd = ordinary()
    version = outliers.fit(crowd, POLICY).version
    assert outliers.fit(crowd[:-1], POLICY).version != version
    assert outliers.fit(crowd, AfterwardsPolicy(seed=21)).version != version


def test_a_calm_week_calls_nobody():
    """All alike: the rarest in a thousand is still ordinary, and the least score keeps it so."""
    model = outliers.fit([(facts(), snapshot())] * 300, POLICY)
    assert model.extreme_from == POLICY.score_min
    assert max(model.scores(outliers.table([(facts(), snapshot())]))) < model.extreme_from


@pytest.mark.parametrize(
    "known",
    [
        (facts(), Snapshot(local_hour=12)),
        (facts(), snapshot(own_last_at=None, own_first_at=None)),
        (facts(amount_minor=1, currency="JPY"), snapshot()),
        (facts(amount_minor=10**18 - 1, currency="BHD"), snapshot()),
        (facts(), snapshot(own_last_at=micros_of(NOON + timedelta(hours=1)))),
    ],
    ids=["newcomer", "nothing before", "least", "most", "clocks that disagree"],
)
def test_every_payment_has_finite_features(known):
    (row,) = outliers.table([known])
    assert np.isfinite(row).all()
    assert len(row) == len(outliers.FEATURES)


def test_no_payments_make_an_empty_table():
    assert outliers.table([]).shape == (0, len(outliers.FEATURES))
