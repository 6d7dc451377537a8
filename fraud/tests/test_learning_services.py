"""From a wish for a model to a model in force and back: rows, two people, and what may go wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from audit.models import Record
from fraud import tasks
from fraud.errors import (
    ModelInWrongState,
    ModelNotBetter,
    ModelShifted,
    ModelUnproven,
    TrainingUnderWay,
)
from fraud.learning import evidence, registry, selectors, services, work
from fraud.learning.evidence import Evidence
from fraud.learning.metrics import Comparison
from fraud.learning.policy import LEARNING
from fraud.learning.scorer import Scorer
from fraud.models import ModelVersion, TrainingRun
from fraud.tests import lessons
from fraud.tests.factories import customer

RIGHTS = (
    "train_model",
    "propose_model",
    "decide_model",
    "roll_back_model",
    "acknowledge_driftcheck",
)
FEW = replace(
    LEARNING,
    rounds=20,
    forest_trees=10,
    payments_min=200,
    frauds_min=20,
    later_frauds_min=5,
    later_labels_min=100,
    leaf_payments_min=10,
    resamples=50,
    loss_max=0.5,
    drift_payments=300,
    drift_payments_min=100,
    history_batch_max=200,
    history_batches_max=3,
    tuning_payments_min=100,
)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def no_model_of_another_test():
    registry.forget()
    yield
    registry.forget()


def officer(email: str, *rights: str):
    person = customer(email, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return type(person).objects.get(pk=person.pk)


@pytest.fixture
def olga(db):
    return officer("olga@example.com", *RIGHTS)


@pytest.fixture
def otto(db):
    return officer("otto@example.com", *RIGHTS)


@pytest.fixture
def ada(db):
    return customer()


@pytest.fixture
def history(ada):
    """Forty days of payments with outcomes, up to two days ago."""
    return lessons.decided(ada, 900, until=timezone.now() - timedelta(days=2), every=HOUR)


def kept(seed: int, *, known_by=None) -> ModelVersion:
    """A model of another bank, kept as if it had been trained until just then."""
    end = evidence.micros_of(known_by or timezone.now() - timedelta(days=40))
    made = lessons.model(seed)
    about = dict(made.about) | {"window": [end - 1, end], "known_by": end}
    return services.keep(replace(made, about=about), data_hash="0" * 64)


# --- training -----------------------------------------------------------------------------------


def test_a_model_is_asked_for_trained_and_kept(history, olga):
    run = services.ask_for_training(by=olga)
    assert work.train_what_waits(FEW) == run
    run.refresh_from_db()
    model = run.model
    assert (run.status, run.percent, run.rows_read) == ("done", 100, 900)
    assert run.outcome == f"Made {model.public_id}."
    assert (model.status, model.made_by, model.features) == (
        "candidate",
        olga,
        list(registry.load(model.pk).bundle.features),
    )
    assert len(model.data_hash) == len(model.code_hash) == 64
    assert model.metrics["later"]["average_precision"] > model.metrics["rules"]["average_precision"]
    assert "Learned from" in model.card and "payee_last5_share" in model.card
    done = set(Record.objects.values_list("action", flat=True))
    assert done >= {"fraud.training.asked", "fraud.training.ended", "fraud.model.made"}


def test_the_same_history_again_is_the_same_model(history, olga):
    now = timezone.now()
    table = selectors.stored(selectors.between(now - FEW.window, now, newest=10_000))
    again = selectors.stored(selectors.between(now - FEW.window, now, newest=10_000))
    assert table.digest() == again.digest()
    first, second = kept(7, known_by=now), kept(7, known_by=now)
    assert first.pk == second.pk
    assert ModelVersion.objects.count() == 1
    assert Record.objects.filter(action="fraud.model.made").count() == 1


def test_too_few_labels_are_said_and_leave_the_rules_in_force(ada, olga):
    lessons.decided(ada, 50, until=timezone.now(), every=HOUR)
    run = services.ask_for_training(by=olga)
    work.train_what_waits()
    run.refresh_from_db()
    assert (run.status, selectors.champion()) == ("declined", None)
    assert "The rules' score stays in force." in run.outcome
    assert not ModelVersion.objects.exists()
    services.ask_for_training(by=olga)  # and nothing stands in the way of another try


def test_one_training_waits_at_a_time(olga, otto):
    services.ask_for_training(by=olga)
    with pytest.raises(TrainingUnderWay):
        services.ask_for_training(by=otto)
    assert TrainingRun.objects.count() == 1


def test_a_training_whose_worker_died_is_given_up(olga):
    run = services.ask_for_training(by=olga)
    long_ago = timezone.now() - FEW.training_time_max
    TrainingRun.objects.filter(pk=run.pk).update(status="running", started_at=long_ago)
    work.train_what_waits(FEW)
    run.refresh_from_db()
    assert (run.status, run.outcome) == ("failed", "The worker was stopped.")


def test_a_training_that_still_runs_is_left_alone(olga):
    run = services.ask_for_training(by=olga)
    lately = timezone.now() - FEW.training_time_max + timedelta(minutes=1)
    TrainingRun.objects.filter(pk=run.pk).update(status="running", started_at=lately)
    assert work.train_what_waits(FEW) is None
    run.refresh_from_db()
    assert run.status == "running"


def test_a_training_that_breaks_says_so(history, olga):
    run = services.ask_for_training(by=olga)
    with pytest.raises(Exception, match="num_leaves"):
        work.train_what_waits(replace(FEW, leaves=-1))
    run.refresh_from_db()
    assert run.status == "failed" and run.outcome


def test_nobody_asked_so_nothing_is_trained(db):
    assert tasks.train() == ""
    assert tasks.score_history() == 0
    assert tasks.watch_drift() is False


def test_what_an_own_limit_forbade_teaches_nothing(ada, history):
    now = timezone.now()
    before = len(selectors.stored(selectors.between(now - FEW.window, now, newest=2_000)).ids)
    forbidden = lessons._decision(ada, now - HOUR, 9_000_00, 0)
    forbidden.forbidden = True
    forbidden.save(force_insert=True)
    after = selectors.stored(selectors.between(now - FEW.window, now, newest=2_000))
    assert len(after.ids) == before == 900


# --- the registry -------------------------------------------------------------------------------


def test_a_model_scores_the_same_from_its_row(db):
    model = kept(7)
    values = lessons.history(10).one(3)
    assert registry.scorer(model.pk).score(values) == Scorer(lessons.model(7)).score(values)
    assert registry.scorer(model.pk) is registry.scorer(model.pk)


def test_a_model_that_is_not_there_degrades_the_decision_and_nothing_else(db, olga):
    assert registry.scorer(olga.pk) is None


def test_bytes_that_were_changed_behind_our_back_are_not_used(bank, owner_sql):
    model = kept(7)
    owner_sql(
        "UPDATE fraud_modelversion SET content = set_byte(content, 9, 65) WHERE id = %s", model.pk
    )
    assert registry.scorer(model.pk) is None


@pytest.mark.parametrize("column", ["content", "sha256", "metrics", "card", "features"])
def test_the_application_cannot_change_what_a_model_is(bank, app_sql, column):
    with pytest.raises(Exception, match="permission denied"):
        app_sql(f"UPDATE fraud_modelversion SET {column} = {column}")


# --- shadow and promotion -----------------------------------------------------------------------


def test_a_new_shadow_takes_the_place_of_the_one_before(olga):
    first, second = kept(7), kept(8)
    services.start_shadow(model=first, by=olga, reason="first try")
    services.start_shadow(model=second, by=olga, reason="second try")
    first.refresh_from_db()
    assert (first.status, selectors.shadow()) == ("candidate", second)
    with pytest.raises(ModelInWrongState):
        services.start_shadow(model=second, by=olga, reason="again")


GOOD = Evidence("mdl_x", 500, 30, Comparison(0.5, 0.5, -0.01, 0.01), "amount", 0.19)


@pytest.mark.parametrize(
    "change, error",
    [
        ({}, None),
        ({"payments": 499}, ModelUnproven),
        ({"frauds": 29}, ModelUnproven),
        ({"comparison": None}, ModelUnproven),
        ({"comparison": Comparison(0.5, 0.5, -0.0101, 0.1)}, ModelNotBetter),
        ({"comparison": Comparison(0.4, 0.5, -0.15, -0.05)}, ModelNotBetter),
        ({"comparison": Comparison(0.6, 0.5, 0.05, 0.15)}, None),
        ({"worst_shift": 0.2}, ModelShifted),
        ({"worst_shift": 0.1999}, None),
    ],
)
def test_a_model_comes_in_when_proven_not_worse_and_of_today(change, error):
    found = replace(GOOD, **change)
    if error is None:
        services.check(found)
    else:
        with pytest.raises(error):
            services.check(found)


@pytest.fixture
def trained(history, olga):
    """A model of this bank in the shadow, and payments since it was trained."""
    services.ask_for_training(by=olga)
    run = work.train_what_waits(FEW)
    services.start_shadow(model=run.model, by=olga, reason="looks good")
    model = ModelVersion.objects.get(pk=run.model.pk)
    lessons.decided(
        history[0].customer,
        400,
        until=timezone.now() + timedelta(milliseconds=1),
        every=timedelta(microseconds=1),
        seed=2,
    )
    return model


def late(model: ModelVersion, owner_sql) -> ModelVersion:
    """As if it had been trained before the newest 400 payments were known."""
    owner_sql(
        "UPDATE fraud_modelversion SET known_by = now() - interval '20 days' WHERE id = %s",
        model.pk,
    )
    return ModelVersion.objects.get(pk=model.pk)
