"""From a wish for a model to a model in force and back: rows, two people, and what may go wrong."""

import math
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Record
from fintrust.core.errors import Forbidden, ReasonNeeded
from fintrust.core.ids import uuid7
from fintrust.core.models import Event
from fraud import selectors as asking
from fraud import services as judging
from fraud import tasks
from fraud.errors import (
    CostsInvalid,
    CostsProposed,
    DriftAlreadySeen,
    ModelInWrongState,
    ModelNotBetter,
    ModelShifted,
    ModelUnproven,
    NothingToRollBack,
    OwnPromotion,
    PromotionDecided,
    TrainingUnderWay,
)
from fraud.features.moments import micros_of
from fraud.labels.services import label
from fraud.learning import evidence, registry, selectors, services, training, work
from fraud.learning import history as known
from fraud.learning.evidence import Evidence
from fraud.learning.metrics import Comparison
from fraud.learning.policy import LEARNING
from fraud.learning.scorer import Scorer
from fraud.models import (
    AfterScore,
    CostTable,
    Decision,
    DriftCheck,
    Label,
    ModelVersion,
    Promotion,
    Ruleset,
    TrainingRun,
)
from fraud.replay import replay
from fraud.rulebook import services as rulebook
from fraud.tests import lessons
from fraud.tests.factories import customer, facts, paid

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


@pytest.fixture(scope="module", autouse=True)
def taught_before():
    """Training takes longer than a database waits for an idle transaction on a busy machine."""
    for seed in (7, 8):
        lessons.model(seed)


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
    end = micros_of(known_by or timezone.now() - timedelta(days=40))
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
    assert (selectors.state_of(model), model.made_by) == ("candidate", olga)
    assert model.features == list(registry.load(model.public_id).bundle.features)
    assert len(model.data_hash) == len(model.code_hash) == 64
    assert model.metrics["later"]["average_precision"] > model.metrics["rules"]["average_precision"]
    assert "Learned from" in model.card and "payee_last5_share" in model.card
    done = set(Record.objects.values_list("action", flat=True))
    assert done >= {"fraud.training.asked", "fraud.training.ended", "fraud.model.made"}


def test_the_same_history_again_is_the_same_model(history, olga):
    now = timezone.now()
    table = known.stored(known.between(now - FEW.window, now, newest=10_000))
    again = known.stored(known.between(now - FEW.window, now, newest=10_000))
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


class TestLearningAnew:
    """By itself, when it is time and there is something new to learn."""

    FEW_LABELS = replace(LEARNING, again_labels_min=2)

    def known(self, count: int) -> None:
        for _ in range(count):
            person = customer(f"{uuid7()}@example.com")
            decision = paid(customer_id=person.pk).decision
            label(decision, fraud=False, source=Label.Source.IMPORT)

    def test_not_before_enough_is_known(self, db):
        self.known(1)
        assert work.ask_when_due(self.FEW_LABELS) is None
        self.known(1)
        run = work.ask_when_due(self.FEW_LABELS)
        assert run.status == TrainingRun.Status.WAITING and run.asked_by is None

    def test_what_nobody_believes_is_nothing_new(self, db):
        self.known(1)
        decision = paid(customer_id=customer(f"{uuid7()}@example.com").pk).decision
        label(decision, fraud=True, source=Label.Source.IMPORT, weight=0.0)
        assert work.ask_when_due(self.FEW_LABELS) is None

    def test_not_again_while_one_waits_or_the_last_was_yesterday(self, db):
        self.known(2)
        assert work.ask_when_due(self.FEW_LABELS)
        self.known(2)
        assert work.ask_when_due(self.FEW_LABELS) is None

    def test_a_week_later_only_what_is_known_since_counts(self, db):
        self.known(2)
        first = work.ask_when_due(self.FEW_LABELS)
        with time_machine.travel(timezone.now() + LEARNING.again_after - timedelta(minutes=1)):
            self.known(2)
            assert work.ask_when_due(self.FEW_LABELS) is None
        with time_machine.travel(timezone.now() + LEARNING.again_after + timedelta(minutes=1)):
            assert work.ask_when_due(self.FEW_LABELS) is None  # it waits still
            TrainingRun.objects.filter(pk=first.pk).update(
                status=TrainingRun.Status.DECLINED,
                started_at=timezone.now(),
                ended_at=timezone.now(),
            )
            assert work.ask_when_due(self.FEW_LABELS)


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


def test_labels_come_with_how_far_they_are_believed(ada):
    lessons.decided(ada, 2, until=timezone.now(), every=HOUR)
    table = known.stored(Decision.objects.order_by("at"))
    first = Decision.objects.get(pk=table.ids[0])
    label(first, fraud=True, source=Label.Source.STEP_UP, weight=0.25)
    said = known.labels_of(table)
    assert said.payment.tolist() == [0, 1, 0]
    assert said.weight.tolist() == [1.0, 1.0, 0.25]
    assert said.fraud.tolist()[-1]


def test_what_an_own_limit_forbade_teaches_nothing(ada, history):
    now = timezone.now()
    before = len(known.stored(known.between(now - FEW.window, now, newest=2_000)).ids)
    forbidden = lessons._decision(ada, 0, at=now - HOUR, amount_minor=9_000_00)
    forbidden.forbidden = True
    forbidden.save(force_insert=True)
    after = known.stored(known.between(now - FEW.window, now, newest=2_000))
    assert len(after.ids) == before == 900


@pytest.mark.parametrize("moves", [True, False])
def test_what_was_refused_long_ago_is_not_taken_for_genuine(ada, moves):
    at = timezone.now() - LEARNING.mature - HOUR
    decision = judging.assess(facts(customer_id=ada.pk, at=at, amount_minor=9_000_00))
    assert decision.verdict != Decision.Verdict.VERIFIED
    if moves:  # an officer let it go
        judging.observe(decision)
    table = known.stored(Decision.objects.all())
    now = micros_of(timezone.now())
    taught = training.lesson(table, known.labels_of(table), training.Window(0, now, now))
    assert (table.moved.tolist(), len(taught.rows)) == ([moves], int(moves))


def test_the_digest_says_what_moved(ada):
    decision = judging.assess(facts(customer_id=ada.pk))
    before = known.stored(Decision.objects.all()).digest()
    judging.observe(decision)
    assert known.stored(Decision.objects.all()).digest() != before


def test_a_candidate_is_not_judged_by_what_was_refused(trained, ada):
    """Payments that were stopped since it was trained, so long ago that silence would count."""
    impatient = replace(FEW, mature=timedelta(0))
    before = evidence.of(trained, None, impatient)
    asked = facts(customer_id=ada.pk, at=timezone.now() - HOUR, amount_minor=9_000_00)
    decision = judging.assess(asked)
    assert evidence.of(trained, None, impatient).payments == before.payments
    judging.observe(decision)
    assert evidence.of(trained, None, impatient).payments == before.payments + 1


# --- the registry -------------------------------------------------------------------------------


def test_a_model_scores_the_same_from_its_row(db):
    model = kept(7)
    values = lessons.history(10).one(3)
    assert registry.scorer(model.public_id).score(values) == Scorer(lessons.model(7)).score(values)
    assert registry.scorer(model.public_id) is registry.scorer(model.public_id)


def test_what_passed_is_explained_by_the_model_that_scored_it(trained, ada):
    rulebook.publish(champion=trained.public_id, why="to be asked", by=None)
    decision = judging.assess(facts(customer_id=ada.pk, amount_minor=5_00))
    stored = Decision.objects.get(pk=decision.pk)
    assert (stored.verdict, stored.champion) == ("VERIFIED", trained.public_id)
    assert stored.contributions == {}
    told = asking.contributions_of(stored)
    odds = math.fsum(told.values())
    assert stored.score == round(1 / (1 + math.exp(-odds)), 6)
    assert replay(stored).same
    # A decision that kept them is compared with them, and one by another score is told nothing.
    stored.contributions = told
    assert replay(stored).same
    stored.contributions, stored.score = {}, stored.score + 0.001
    assert asking.contributions_of(stored) == {}


def test_a_model_that_is_not_there_degrades_the_decision_and_nothing_else(db, olga):
    assert registry.scorer(olga.public_id) is None


def test_bytes_that_do_not_fit_their_hash_are_not_used(db):
    model = kept(7)
    twin = ModelVersion(
        **{
            field.attname: getattr(model, field.attname)
            for field in ModelVersion._meta.concrete_fields
            if field.name not in {"id", "tx", "sha256"}
        },
        sha256="0" * 64,
    )
    twin.save(force_insert=True)
    assert registry.scorer(twin.public_id) is None
    assert registry.scorer("mdl_nothing") is None


def test_nobody_can_change_what_a_model_is(bank, app_sql, owner_sql):
    kept(7)
    with pytest.raises(Exception, match="permission denied"):
        app_sql("UPDATE fraud_modelversion SET card = 'perfect'")
    with pytest.raises(Exception, match="append-only"):
        owner_sql("UPDATE fraud_modelversion SET card = 'perfect'")


# --- shadow and promotion -----------------------------------------------------------------------


def test_a_new_shadow_takes_the_place_of_the_one_before(olga):
    first, second = kept(7), kept(8)
    services.start_shadow(model=first, by=olga, reason="first try")
    services.start_shadow(model=second, by=olga, reason="second try")
    assert (selectors.state_of(first), selectors.shadow()) == ("candidate", second)
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
        ({"shift": 0.2}, ModelShifted),
        ({"shift": 0.1999}, None),
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
def trained(ada, olga):
    """A model of this bank in the shadow, and ten days of payments since it was trained."""
    now = timezone.now()
    lessons.decided(ada, 800, until=now, every=HOUR)
    end = now - timedelta(days=10)
    table = known.stored(known.between(now - FEW.window, end, newest=10_000))
    window = training.Window(*(micros_of(at) for at in (now - FEW.window, end, end)))
    made = training.train(table, known.labels_of(table), window, FEW)
    model = services.keep(made, data_hash=table.digest())
    return services.start_shadow(model=model, by=olga, reason="looks good")


def promoted(model: ModelVersion, olga, otto) -> ModelVersion:
    proposed = services.propose_promotion(model=model, by=olga, reason="it is better", policy=FEW)
    return services.approve_promotion(promotion=proposed, by=otto)


def test_two_people_put_a_model_in_force_and_one_takes_it_back(trained, olga, otto):
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    assert proposed.figures["against"] is None
    assert proposed.figures["candidate"] > proposed.figures["champion"]  # the rules alone
    assert list(selectors.open_promotions()) == [proposed]
    services.approve_promotion(promotion=proposed, by=otto, reason="agreed")
    assert selectors.champion() == trained and selectors.shadow() is None
    assert services.roll_back(by=otto, reason="it harms") is None
    assert (selectors.state_of(trained), selectors.champion()) == ("retired", None)
    done = list(Record.objects.filter(action__startswith="fraud.").values_list("action", flat=True))
    for action in ("model.shadowed", "promotion.proposed", "model.promoted", "model.rolled_back"):
        assert done.count(f"fraud.{action}") == 1
    with pytest.raises(NothingToRollBack):
        services.roll_back(by=otto, reason="once more")


def test_rolling_back_brings_the_one_before_back(trained, olga, otto):
    promoted(trained, olga, otto)
    second = kept(8)
    services.start_shadow(model=second, by=olga, reason="newer")
    proposed = Promotion.objects.create(
        model=second,
        figures={"against": trained.public_id},
        reason="newer",
        proposed_by=olga,
        expires_at=timezone.now() + HOUR,
    )
    services.approve_promotion(promotion=proposed, by=otto)
    assert selectors.champion() == second
    assert services.roll_back(by=olga, reason="worse after all") == trained
    assert (selectors.champion(), selectors.state_of(second)) == (trained, "retired")
    assert services.roll_back(by=olga, reason="still harms") is None  # further back, not forth


def test_figures_about_another_champion_are_worth_nothing(trained, olga, otto):
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    other = kept(8)
    rulebook.publish(champion=other.public_id, why="by another hand", by=None)
    with pytest.raises(ModelInWrongState, match="another model"):
        services.approve_promotion(promotion=proposed, by=otto)
    assert selectors.champion() == other


def test_who_proposes_does_not_decide_and_who_decides_does_not_withdraw(trained, olga, otto):
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    with pytest.raises(OwnPromotion):
        services.approve_promotion(promotion=proposed, by=olga)
    with pytest.raises(Forbidden):
        services.withdraw_promotion(promotion=proposed, by=otto, reason="not mine")
    services.withdraw_promotion(promotion=proposed, by=olga, reason="a mistake")
    with pytest.raises(PromotionDecided):
        services.approve_promotion(promotion=proposed, by=otto)
    assert selectors.champion() is None


def test_a_rejected_model_stays_in_the_shadow(trained, olga, otto):
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    services.reject_promotion(promotion=proposed, by=otto, reason="not yet")
    assert (selectors.champion(), selectors.shadow()) == (None, trained)


def test_a_proposal_that_ran_out_cannot_be_approved(trained, olga, otto):
    brief = replace(FEW, promotion_life=timedelta(0))
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=brief)
    with pytest.raises(PromotionDecided):
        services.approve_promotion(promotion=proposed, by=otto)


def test_what_ran_out_can_be_proposed_again(trained, olga, otto):
    brief = replace(FEW, promotion_life=timedelta(0))
    old = services.propose_promotion(model=trained, by=olga, reason="better", policy=brief)
    new = services.propose_promotion(model=trained, by=olga, reason="still better", policy=FEW)
    old.refresh_from_db()
    assert (old.status, old.decided_by) == ("expired", None)
    assert services.approve_promotion(promotion=new, by=otto) == trained


def test_one_proposal_about_a_model_waits_at_a_time(trained, olga, otto):
    services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    with pytest.raises(ModelInWrongState, match="waits"):
        services.propose_promotion(model=trained, by=otto, reason="better", policy=FEW)
    assert Promotion.objects.count() == 1


def test_only_what_ran_in_the_shadow_is_proposed(olga):
    with pytest.raises(ModelInWrongState, match="shadow first"):
        services.propose_promotion(model=kept(7), by=olga, reason="better")


def test_a_model_about_other_payments_is_turned_down(history, olga):
    """Of another bank altogether: what it calls usual is nothing like these payments."""
    model = services.start_shadow(model=kept(7), by=olga, reason="from abroad")
    with pytest.raises(ModelShifted):
        services.propose_promotion(model=model, by=olga, reason="better", policy=FEW)
    assert not Promotion.objects.exists()


def test_without_later_payments_nothing_is_proven(history, olga):
    model = services.start_shadow(
        model=kept(7, known_by=timezone.now()), by=olga, reason="brand new"
    )
    with pytest.raises(ModelUnproven, match="0 payments"):
        services.propose_promotion(model=model, by=olga, reason="better", policy=FEW)


@pytest.mark.parametrize(
    "reason, works",
    [("ok", False), ("yes", True), ("y" * 500, True), ("y" * 501, False), ("  y  ", False)],
)
def test_a_reason_says_something(olga, reason, works):
    model = kept(7)
    if works:
        services.start_shadow(model=model, by=olga, reason=reason)
    else:
        with pytest.raises(ReasonNeeded):
            services.start_shadow(model=model, by=olga, reason=reason)
        assert selectors.shadow() is None


def test_every_deed_wants_its_right(trained, olga):
    nobody = officer("nobody@example.com")
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    for deed in (
        lambda: services.ask_for_training(by=nobody),
        lambda: services.start_shadow(model=trained, by=nobody, reason="better"),
        lambda: services.propose_promotion(model=trained, by=nobody, reason="better"),
        lambda: services.approve_promotion(promotion=proposed, by=nobody),
        lambda: services.reject_promotion(promotion=proposed, by=nobody, reason="worse"),
        lambda: services.roll_back(by=nobody, reason="worse"),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_the_database_refuses_that_one_person_does_both(trained, olga):
    proposed = services.propose_promotion(model=trained, by=olga, reason="better", policy=FEW)
    proposed.status, proposed.decided_by, proposed.decided_at = "approved", olga, timezone.now()
    with pytest.raises(Exception, match="fraud_promotion_two_people"), transaction.atomic():
        proposed.save(update_fields=["status", "decided_by", "decided_at"])


def test_two_who_approve_at_once_approve_once(bank):
    people = [officer(f"{name}@example.com", *RIGHTS) for name in ("olga", "otto", "oda")]
    model = services.start_shadow(model=kept(7), by=people[0], reason="looks good")
    proposed = Promotion.objects.create(
        model=model,
        figures={"against": None},
        reason="better",
        proposed_by=people[0],
        expires_at=timezone.now() + HOUR,
    )
    answers = []

    def approve(by):
        try:
            services.approve_promotion(promotion=proposed, by=by)
            answers.append("approved")
        except PromotionDecided:
            answers.append("decided")
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[by]) for by in people[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["approved", "decided"]
    assert Record.objects.filter(action="fraud.model.promoted").count() == 1


# --- what the worker does with a model in force ---------------------------------------------------


def test_history_is_scored_by_the_model_in_force_once(trained, olga, otto):
    assert work.score_history(FEW) == 0  # nothing is in force
    promoted(trained, olga, otto)
    assert [work.score_history(FEW) for _ in range(3)] == [600, 200, 0]
    scored = AfterScore.objects.select_related("fact__decision").filter(model=trained.public_id)
    assert scored.count() == 800
    one = scored[0]
    stored = one.fact.decision
    values = known.values_of(stored.facts_then(), stored.snapshot_then())
    assert one.score == registry.load(trained.public_id).probability(values)


def test_a_quiet_bank_raises_no_alarm_and_is_looked_at_once(trained):
    found = work.watch_drift(FEW)
    assert (found.payments, found.alarmed) == (300, False)
    assert found.worst_shift < FEW.shift_max and set(found.shifts) >= {"score", "deviations"}
    assert work.watch_drift(FEW) is None  # nothing new
    assert not Event.objects.filter(kind="fraud.drift.alarmed").exists()


@pytest.mark.parametrize("payments, looked", [(299, False), (300, True)])
def test_it_is_looked_at_again_after_so_many_payments(trained, ada, payments, looked):
    work.watch_drift(FEW)
    lessons.decided(ada, payments, until=timezone.now(), every=timedelta(seconds=1), seed=5)
    assert (work.watch_drift(FEW) is not None) is looked


@pytest.mark.parametrize(
    "hours, payments, looked", [(24, 100, True), (24, 99, False), (23, 100, False)]
)
def test_a_day_later_fewer_payments_are_enough(bank, owner_sql, hours, payments, looked):
    model = services.start_shadow(
        model=kept(7), by=officer("olga@example.com", *RIGHTS), reason="looks good"
    )
    DriftCheck.objects.create(
        model=model, payments=1, until=0, shifts={}, worst="-", worst_shift=0, alarmed=False
    )
    ago = timezone.now() - timedelta(hours=hours)
    owner_sql("UPDATE fraud_driftcheck SET at = %s", ago)
    lessons.decided(customer(), payments, until=timezone.now(), every=HOUR)
    assert (work.watch_drift(FEW) is not None) is looked


def test_a_shift_is_found_shown_and_acknowledged_once(trained, ada, olga, otto):
    """All amounts grow threefold: found by the second look at the latest."""
    work.watch_drift(FEW)
    lessons.decided(ada, 300, until=timezone.now(), every=timedelta(seconds=1), seed=6, times=3)
    check = work.watch_drift(FEW)
    assert check.alarmed and check.worst_shift >= FEW.shift_max
    event = Event.objects.get(kind="fraud.drift.alarmed")
    assert (event.subject, event.data["model"]) == (check.public_id, trained.public_id)
    assert list(selectors.open_drift_alarms()) == [check]
    services.acknowledge_drift(check=check, by=otto, note="sale")
    assert not selectors.open_drift_alarms()
    with pytest.raises(DriftAlreadySeen):
        services.acknowledge_drift(check=check, by=olga)


def test_a_threshold_rises_while_the_budget_of_alerts_is_exceeded(trained, olga, otto):
    generous, strict = replace(FEW, alerts_a_day=500.0), replace(FEW, alerts_a_day=0.1)
    assert work.tune(generous) is None  # no model in force
    promoted(trained, olga, otto)
    assert work.tune(generous) is None  # no scores yet
    work.score_history(FEW)
    assert work.tune(strict) == pytest.approx(0.33)
    newest = Ruleset.objects.order_by("-number").first()
    assert (newest.flagged_from, newest.champion) == (pytest.approx(0.33), trained.public_id)


def test_an_unused_budget_lowers_nothing(trained, olga, otto):
    """Week after week, with more officers than payments."""
    promoted(trained, olga, otto)
    work.score_history(FEW)
    before = Ruleset.objects.count()
    assert [work.tune(replace(FEW, alerts_a_day=500.0)) for _ in range(3)] == [0.3] * 3
    assert Ruleset.objects.count() == before  # and nothing is written about nothing


def test_week_after_week_a_threshold_ends_at_its_bounds(trained, olga, otto):
    promoted(trained, olga, otto)
    work.score_history(FEW)
    strict, generous = replace(FEW, alerts_a_day=0.1), replace(FEW, alerts_a_day=500.0)
    assert [work.tune(strict) for _ in range(8)][-2:] == [FEW.threshold_max] * 2
    services.approve_costs(costs=costs(olga, **DEAR_TO_MISS), by=otto)
    assert [work.tune(generous) for _ in range(18)][-2:] == [FEW.threshold_min] * 2


def test_a_threshold_from_beyond_its_bounds_comes_back_by_steps(trained, olga, otto):
    promoted(trained, olga, otto)
    work.score_history(FEW)
    generous = replace(FEW, alerts_a_day=500.0)
    for now, then in ((0.0044, 0.00484), (0.58, 0.522)):
        rulebook.publish(flagged_from=now, why="by hand", by=None)
        assert work.tune(generous) == pytest.approx(then)


def test_what_was_stopped_for_good_counts_in_the_budget(trained, ada, olga, otto):
    """Otherwise the alerts that officers had most of would be those that it does not know."""
    promoted(trained, olga, otto)
    work.score_history(FEW)
    assert work.tune(replace(FEW, alerts_a_day=500.0)) == 0.3
    now = timezone.now()
    scores = [score for score, _ in work._scored(trained, now, FEW)]
    for n in range(10):
        decision = lessons._decision(ada, 0, at=now - n * HOUR - HOUR)
        decision.champion, decision.score = trained.public_id, 0.9
        decision.forbidden = n == 9
        decision.save(force_insert=True)
    stopped = [score for score, _ in work._scored(trained, now, FEW)][len(scores) :]
    assert stopped == [0.9] * 9


def test_a_threshold_stays_below_the_one_that_blocks(trained, olga, otto):
    promoted(trained, olga, otto)
    work.score_history(FEW)
    rulebook.publish(flagged_from=0.48, blocked_from=0.5, why="an edge", by=None)
    assert work.tune(replace(FEW, alerts_a_day=0.1)) == pytest.approx(0.49)


def costs(by, *, missed=100_00, held=9_00, looking=1_00, **more):
    return services.propose_costs(
        missed_cents=missed, held_cents=held, looking_cents=looking, by=by, reason="our losses",
        **more,
    )  # fmt: skip


DEAR_TO_ASK = {"missed": 1_00, "held": 9_00, "looking": 0}  # nine chances in ten
AT_31 = {"missed": 69_00, "held": 0, "looking": 21_39}
DEAR_TO_MISS = {"missed": 999_00, "held": 1_00, "looking": 0}  # one in a thousand


@pytest.mark.parametrize(
    "amounts, alerts_a_day, threshold",
    [
        (DEAR_TO_ASK, 20.0, 0.33),  # a tenth at a time
        (AT_31, 20.0, 0.31),
        (DEAR_TO_MISS, 20.0, 0.27),
        (DEAR_TO_MISS, 0.1, 0.33),  # more alerts than officers can look at
    ],
)
def test_a_threshold_steps_to_what_mistakes_cost_within_the_budget(
    trained, olga, otto, amounts, alerts_a_day, threshold
):
    promoted(trained, olga, otto)
    work.score_history(FEW)
    table = costs(olga, **amounts)
    policy = replace(FEW, alerts_a_day=alerts_a_day)
    services.approve_costs(costs=table, by=otto)
    assert work.tune(policy) == pytest.approx(threshold)
    why = Ruleset.objects.order_by("-number").first().why
    assert (table.public_id in why) is (table.costs.threshold >= 0.31)


def test_of_costs_the_newest_word_of_two_people_holds(olga, otto):
    first = costs(olga)
    with pytest.raises(OwnPromotion):
        services.approve_costs(costs=first, by=olga)
    with pytest.raises(CostsProposed):
        costs(otto)
    assert selectors.costs() is None
    services.approve_costs(costs=first, by=otto)
    assert selectors.costs() == first
    services.reject_costs(costs=costs(otto, missed=50_00), by=olga, reason="too low")
    services.withdraw_costs(costs=costs(otto, missed=60_00), by=otto, reason="too low")
    costs(otto, missed=65_00, policy=replace(FEW, promotion_life=timedelta(0)))
    assert selectors.costs() == first
    second = services.approve_costs(costs=costs(otto, missed=70_00), by=olga)
    assert selectors.costs() == second
    actions = Record.objects.filter(action__startswith="fraud.costtable.").order_by("id")
    assert [one.action.rpartition(".")[2] for one in actions] == [
        "proposed", "approved", "proposed", "rejected", "proposed", "withdrawn", "proposed",
        "proposed", "approved",
    ]  # fmt: skip
    assert actions[1].data == {"missed_cents": 100_00, "held_cents": 9_00, "looking_cents": 1_00}


MOST = LEARNING.cost_cents_max


@pytest.mark.parametrize(
    "amounts, works",
    [
        ({"missed": 1, "held": 0, "looking": 0}, True),
        ({"missed": 0}, False),
        ({"held": -1}, False),
        ({"looking": -1}, False),
        ({"missed": MOST, "held": MOST, "looking": MOST}, True),
        ({"missed": MOST + 1}, False),
        ({"looking": MOST + 1}, False),
    ],
)
def test_costs_are_costs(olga, amounts, works):
    if works:
        assert costs(olga, **amounts).costs.threshold <= 1
    else:
        with pytest.raises(CostsInvalid):
            costs(olga, **amounts)
        assert not CostTable.objects.exists()


def test_the_database_itself_wants_two_people_for_costs(olga):
    table = costs(olga)
    mine = {"status": "approved", "decided_by": olga, "decided_at": timezone.now()}
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        CostTable.objects.filter(pk=table.pk).update(**mine)


def test_costs_want_a_right(olga):
    nobody = officer("nobody@example.com")
    table = costs(olga)
    for deed in (
        lambda: costs(nobody),
        lambda: services.approve_costs(costs=table, by=nobody),
        lambda: services.reject_costs(costs=table, by=nobody, reason="worse"),
        lambda: services.withdraw_costs(costs=table, by=nobody, reason="worse"),
    ):
        with pytest.raises(Forbidden):
            deed()


@pytest.mark.parametrize("change", [{"tuning_payments_min": 10_000}, {"tuning_days_min": 99}])
def test_too_little_to_tune_by_tunes_nothing(trained, olga, otto, change):
    promoted(trained, olga, otto)
    work.score_history(FEW)
    assert work.tune(replace(FEW, **change)) is None
