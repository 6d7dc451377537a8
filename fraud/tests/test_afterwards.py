"""The sweep over what has moved: once each, in batches, again and again without effect."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.models import Record
from fintrust.core.models import Event
from fraud import afterwards, services, tasks
from fraud.models import AfterScore, Alert, PaymentFact
from fraud.policy import AfterwardsPolicy
from fraud.tests import lessons
from fraud.tests.factories import LENIENT, NOON, customer, facts, habit, paid

POLICY = AfterwardsPolicy(training_payments_min=20, batch_payments_max=8, trees=20)
CALM = AfterwardsPolicy(training_payments_min=20, batch_payments_max=8, trees=20, score_min=1.0)


@pytest.fixture(autouse=True)
def no_model_of_another_test():
    afterwards.forget()
    yield
    afterwards.forget()


@pytest.fixture
def ada(request):
    request.getfixturevalue("bank" if "bank" in request.fixturenames else "db")
    person = customer()
    habit(person, *[40_00, 50_00, 60_00] * 7)
    return person


def test_what_moved_is_scored_once(ada):
    assert afterwards.score_afterwards(CALM) == 21
    assert AfterScore.objects.count() == 21
    assert afterwards.score_afterwards(CALM) == 0
    assert AfterScore.objects.count() == 21
    assert not Alert.objects.exists()


def test_what_moves_later_is_scored_later_also_by_another_model(ada):
    afterwards.score_afterwards(CALM)
    afterwards.forget()
    paid(customer_id=ada.pk)
    assert afterwards.score_afterwards(CALM) == 1
    assert AfterScore.objects.count() == 22
    assert AfterScore.objects.values("model").distinct().count() == 2


def test_what_the_champion_has_scored_is_looked_at_all_the_same(ada):
    decision = strange(ada)
    fact = PaymentFact.objects.get(decision=decision)
    AfterScore.objects.create(fact=fact, model="mdl_champion", score=0.01)
    assert afterwards.score_afterwards(POLICY) == 22
    assert Alert.objects.get(decision=decision).kind == "afterwards"


def test_what_the_champion_has_scored_last_does_not_say_how_far_the_forest_is(ada):
    old = lessons._fact(services.assess(facts(customer_id=ada.pk)))
    old.recorded_at = timezone.now() - 2 * CALM.overlap
    old.save()
    newest = PaymentFact.objects.latest("recorded_at")
    assert newest != old
    AfterScore.objects.create(fact=newest, model="mdl_champion", score=0.01)
    assert afterwards.score_afterwards(CALM) == 22


def test_the_same_fact_has_one_score_by_one_model(ada):
    afterwards.score_afterwards(CALM)
    score = AfterScore.objects.all()[0]
    twin = AfterScore(fact=score.fact, model=score.model, score=0.9)
    with pytest.raises(Exception, match="fraud_afterscore_once"), transaction.atomic():
        twin.save()


def test_a_sweep_is_bounded(ada):
    one = AfterwardsPolicy(
        training_payments_min=20, batch_payments_max=8, batches_max=1, trees=20, score_min=1.0
    )
    assert [afterwards.score_afterwards(one) for _ in range(4)] == [8, 8, 5, 0]


@pytest.mark.parametrize("least, scored", [(21, 21), (22, 0)])
def test_too_few_payments_teach_nothing_and_wait(ada, least, scored):
    policy = AfterwardsPolicy(training_payments_min=least, trees=20, score_min=1.0)
    assert afterwards.score_afterwards(policy) == scored
    assert AfterScore.objects.count() == scored


def test_money_that_arrives_is_not_scored(ada):
    paid(customer_id=ada.pk, kind="deposit", outgoing=False)
    assert afterwards.score_afterwards(CALM) == 21


def strange(person):
    """Verified by a ruleset that sees nothing, and unlike everything before."""
    at = NOON + timedelta(hours=15)
    asked = facts(customer_id=person.pk, amount_minor=90_000_00, at=at, counterparty="acc_new")
    decision = services.assess(asked, ruleset=LENIENT)
    services.observe(decision)
    return decision


def test_the_extreme_tail_is_shown_to_a_person_once(ada):
    decision = strange(ada)
    afterwards.score_afterwards(POLICY)
    alert = Alert.objects.get(decision=decision)
    assert (alert.kind, alert.severity) == ("afterwards", "medium")
    assert alert.text.startswith("unlike nearly all recent payments")
    event = Event.objects.get(kind="alert.raised", subject=alert.public_id)
    assert (event.data["verdict"], event.data["transfer"]) == ("FLAGGED", decision.subject)
    assert Record.objects.filter(action="fraud.alert.raised", subject=alert.public_id).count() == 1
    afterwards.score_afterwards(POLICY)
    assert Alert.objects.filter(decision=decision).count() == 1


def test_who_was_shown_before_is_not_shown_again(ada):
    at = NOON + timedelta(hours=15)
    asked = facts(customer_id=ada.pk, amount_minor=90_000_00, at=at, counterparty="acc_new")
    decision = services.assess(asked)
    assert decision.verdict != "VERIFIED"
    services.observe(decision)  # an officer let it go
    afterwards.score_afterwards(POLICY)
    assert AfterScore.objects.filter(fact__decision=decision).exists()
    assert [alert.kind for alert in Alert.objects.filter(decision=decision)] == ["payment"]


def test_the_model_is_kept_until_it_is_old(ada):
    afterwards.score_afterwards(CALM)
    paid(customer_id=ada.pk)
    afterwards.score_afterwards(CALM)
    assert AfterScore.objects.values("model").distinct().count() == 1
    paid(customer_id=ada.pk)
    old = AfterwardsPolicy(training_payments_min=20, trees=20, score_min=1.0, model_hours_max=0)
    afterwards.score_afterwards(old)
    assert AfterScore.objects.values("model").distinct().count() == 2


def test_a_broken_sweep_leaves_nothing_behind(ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        afterwards.score_batch(POLICY)
        1 / 0  # noqa: B018
    assert not AfterScore.objects.exists()
    assert afterwards.score_afterwards(CALM) == 21


def test_two_workers_at_once_do_not_double(bank, ada):
    """One holds the sweep's lock; the other finds it taken and leaves the rows alone."""
    results = []

    def other_worker():
        try:
            results.append(afterwards.score_afterwards(CALM))
        finally:
            connection.close()

    with transaction.atomic():
        assert afterwards.score_batch(CALM) == 8
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join(30)
    assert results == [0]
    assert afterwards.score_afterwards(CALM) == 13
    assert AfterScore.objects.count() == PaymentFact.objects.count() == 21


def test_the_task_sweeps(ada):
    assert tasks.score_afterwards.name == "fraud.score_afterwards"
    assert tasks.score_afterwards() == 0  # the bank's own policy wants more payments than these
