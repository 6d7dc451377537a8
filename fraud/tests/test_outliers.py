"""The forest: features that cannot look ahead, the same model from the same payments. Pure."""

import random
from datetime import timedelta

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


def read(crowd: list[outliers.Known]) -> list[outliers.Values]:
    return [outliers.values(known) for known in crowd]


def test_a_payment_unlike_all_others_stands_out():
    crowd = ordinary()
    model = outliers.fit(read(crowd), POLICY)
    usual = model.scores(read(crowd))
    (strange,) = model.scores(read([STRANGE]))
    assert strange >= model.extreme_from
    assert strange > max(usual)
    assert sum(score >= model.extreme_from for score in usual) <= 1


def test_the_reason_names_what_is_most_unusual():
    model = outliers.fit(read(ordinary()), POLICY)
    busy = snapshot(pair_count=7, own_count_10m=50, own_count_24h=60, **HOURS)
    assert model.reason(outliers.values((facts(), busy))) == (
        "unlike nearly all recent payments, most of all by how many payments there were in "
        "minutes and how many payments there were in a day"
    )


def test_the_same_payments_make_the_same_model():
    crowd = ordinary()
    first, second = outliers.fit(read(crowd), POLICY), outliers.fit(read(crowd), POLICY)
    rows = read([*crowd, STRANGE])
    assert first.version == second.version
    assert first.scores(rows) == second.scores(rows)


def test_other_payments_or_numbers_make_another_version():
    crowd = ordinary()
    version = outliers.fit(read(crowd), POLICY).version
    assert outliers.fit(read(crowd[:-1]), POLICY).version != version
    assert outliers.fit(read(crowd), AfterwardsPolicy(seed=21)).version != version


def test_a_calm_week_calls_nobody():
    """All alike: the rarest in a thousand is still ordinary, and the least score keeps it so."""
    model = outliers.fit(read([(facts(), snapshot())] * 300), POLICY)
    assert model.extreme_from == POLICY.score_min
    assert max(model.scores(read([(facts(), snapshot())]))) < model.extreme_from


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
def test_every_payment_has_a_score(known):
    model = outliers.fit(read(ordinary()), POLICY)
    (score,) = model.scores(read([known]))
    assert 0 < score < 1
    assert model.reason(outliers.values(known))
