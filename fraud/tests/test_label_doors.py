"""What customers may say about their payments, what confirmations say, and how old it all is."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from audit.models import Record
from biometrics.proofs import Proof
from fintrust.core.errors import NotFound
from fraud import errors
from fraud import services as fraud
from fraud.labels import selectors, services
from fraud.models import Alert, Case, Dispute, Label
from fraud.policy import CASES, LABELS, LabelPolicy
from fraud.tests.factories import customer, facts, limit_payments, paid

pytestmark = pytest.mark.django_db
NOT_MINE, TRICKED, MISTAKE, NOT_RECEIVED = Dispute.Reason
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def mallory():
    return customer("mallory@example.org")


def moved(person, ago=timedelta(hours=1), **changes):
    """A payment that moved, some time ago."""
    at = timezone.now() - ago
    return paid(customer_id=person.pk, amount_minor=5_00, at=at, **changes).decision


def wondered(person, ago=timedelta(hours=1), kind="afterwards", **changes):
    """A payment that the bank wonders about."""
    decision = moved(person, ago, **changes)
    fraud.raise_alert(decision, kind=kind, severity="medium", text="odd")
    return decision


# --- "was this you?" ------------------------------------------------------------------------


@pytest.mark.parametrize("kind, asked", [("payment", 1), ("afterwards", 1), ("limit", 0)])
def test_customers_are_asked_about_what_looked_unusual(ada, kind, asked):
    wondered(ada, kind=kind)
    assert len(selectors.questions_of(ada)) == asked


def test_an_ordinary_payment_and_money_that_arrived_ask_nothing(ada):
    moved(ada)
    wondered(ada, outgoing=False)
    assert not selectors.questions_of(ada)


def test_nobody_is_asked_about_what_their_own_limit_refused(ada):
    limit_payments(ada, {"GBP": 1_00})
    decision = fraud.assess(facts(customer_id=ada.pk, amount_minor=9_00, at=timezone.now()))
    fraud.raise_alert(decision, kind="payment", severity="low", text="odd")
    assert not selectors.questions_of(ada)


@pytest.mark.parametrize("late, asked", [(-MINUTE, 1), (MINUTE, 0)])
def test_a_question_is_open_for_a_month(ada, late, asked):
    decision = wondered(ada, timedelta(days=LABELS.question_days_max) + late)
    assert len(selectors.questions_of(ada)) == asked
    if not asked:
        with pytest.raises(errors.NothingAsked):
            services.answer(decision=decision, by=ada, mine=True)


def test_a_page_asks_so_many_questions(ada):
    for _ in range(2):
        wondered(ada)
    assert len(selectors.questions_of(ada, LabelPolicy(questions_max=1))) == 1


def test_yes_is_a_good_label_believed_with_care_and_ends_the_question(ada):
    decision = wondered(ada)
    label = services.answer(decision=decision, by=ada, mine=True)
    assert (label.fraud, label.source, label.weight) == (False, "customer", LABELS.confirmed_weight)
    assert not selectors.questions_of(ada)
    assert services.answer(decision=decision, by=ada, mine=True) == label


def test_no_is_a_fraud_label_and_opens_a_case(ada):
    decision = moved(ada)
    label = services.answer(decision=decision, by=ada, mine=False)
    assert (label.fraud, label.weight) == (True, LABELS.customer_weight)
    alert = Alert.objects.get(kind="denied")
    assert (alert.severity, alert.entry.case.customer) == ("high", ada)
    assert Case.objects.get().severity == "high"


def test_no_again_changes_nothing(ada):
    decision = moved(ada)
    first = services.answer(decision=decision, by=ada, mine=False)
    assert services.answer(decision=decision, by=ada, mine=False) == first
    assert (Alert.objects.count(), Case.objects.count(), Label.objects.count()) == (1, 1, 1)


def test_yes_can_become_no_but_no_is_not_taken_back_by_whoever_holds_the_session(ada):
    decision = wondered(ada)
    services.answer(decision=decision, by=ada, mine=True)
    services.answer(decision=decision, by=ada, mine=False)
    with pytest.raises(errors.AlreadyDenied):
        services.answer(decision=decision, by=ada, mine=True)
    assert decision.labels.order_by("-id").first().fraud


def test_a_thief_cannot_call_payments_genuine_that_nobody_asked_about(ada):
    """Or good labels of a payee could be bought by the dozen."""
    with pytest.raises(errors.NothingAsked):
        services.answer(decision=moved(ada), by=ada, mine=True)
    assert not Label.objects.exists()


@pytest.mark.parametrize("mine", [True, False])
def test_nobody_answers_for_another_customer(ada, mallory, mine):
    decision = wondered(ada)
    with pytest.raises(NotFound):
        services.answer(decision=decision, by=mallory, mine=mine)
    with pytest.raises(NotFound):
        services.dispute(decision=decision, by=mallory, reason=NOT_MINE, text="not mine")
    assert not Label.objects.exists()


def test_money_that_arrived_cannot_be_denied(ada):
    with pytest.raises(errors.NotYourPayment):
        services.answer(decision=moved(ada, outgoing=False), by=ada, mine=False)


def test_what_an_officer_has_decided_is_not_denied_but_disputed(ada):
    decision = moved(ada)
    services.label(decision, fraud=False, source="officer")
    with pytest.raises(errors.AlreadyDecided):
        services.answer(decision=decision, by=ada, mine=False)
    services.dispute(decision=decision, by=ada, reason=NOT_MINE, text="really not mine")
    assert Case.objects.exists()


@pytest.mark.parametrize("late, works", [(-MINUTE, True), (MINUTE, False)])
def test_payments_can_be_denied_and_disputed_for_thirteen_months(ada, late, works):
    decision = moved(ada, timedelta(days=LABELS.dispute_days_max) + late)
    for deed in (
        lambda: services.answer(decision=decision, by=ada, mine=False),
        lambda: services.dispute(decision=decision, by=ada, reason=NOT_MINE, text="not me"),
    ):
        if works:
            deed()
        else:
            with pytest.raises(errors.TooLateToDispute):
                deed()


# --- disputes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason, learned", [(NOT_MINE, 1), (TRICKED, 1), (MISTAKE, 0), (NOT_RECEIVED, 0)]
)
def test_a_dispute_opens_a_case_and_only_fraud_is_learned_as_fraud(ada, reason, learned):
    decision = moved(ada)
    made = services.dispute(decision=decision, by=ada, reason=reason, text="it is\nwrong")
    labels = decision.labels.filter(fraud=True, source="dispute", weight=LABELS.disputed_weight)
    assert labels.count() == learned
    assert made.text == "it is\nwrong"
    alert = Case.objects.get().entries.get(kind="alert").alert
    assert (alert.kind, alert.text) == ("disputed", f"{reason.label}: it is\nwrong")
    assert Record.objects.get(action="fraud.dispute.opened").owner_id == ada.pk


def test_a_dispute_is_made_once(ada):
    decision = moved(ada)
    first = services.dispute(decision=decision, by=ada, reason=NOT_MINE, text="not mine")
    again = services.dispute(decision=decision, by=ada, reason=TRICKED, text="something else")
    assert (again, again.text) == (first, "not mine")
    assert Alert.objects.count() == 1


def test_what_never_moved_cannot_be_disputed(ada):
    decision = fraud.assess(facts(customer_id=ada.pk, at=timezone.now()))
    with pytest.raises(errors.NothingMoved):
        services.dispute(decision=decision, by=ada, reason=NOT_MINE, text="not mine")


@pytest.mark.parametrize(
    "text, refused",
    [
        ("ab", errors.WordsMissing),
        ("abc", None),
        ("x" * CASES.text_max, None),
        ("x" * (CASES.text_max + 1), errors.WordsTooLong),
    ],
)
def test_a_dispute_says_something_and_is_no_novel(ada, text, refused):
    decision = moved(ada)
    if refused is None:
        services.dispute(decision=decision, by=ada, reason=MISTAKE, text=text)
    else:
        with pytest.raises(refused):
            services.dispute(decision=decision, by=ada, reason=MISTAKE, text=text)
        assert not Dispute.objects.exists()


@pytest.mark.parametrize(
    "changes, state",
    [
        ({}, "received"),
        ({"assigned_to": True}, "looked_at"),
        ({"status": "review", "outcome": "fraud", "proposed_by": True}, "received"),
        ({"status": "closed", "outcome": "fraud", "closed_by": True}, "upheld"),
        ({"status": "closed", "outcome": "not_fraud", "closed_by": True}, "rejected"),
        ({"status": "closed", "outcome": "inconclusive", "closed_by": True}, "undecided"),
    ],
)
def test_the_customer_sees_how_far_the_bank_is_and_nothing_before_it_is_decided(
    ada, mallory, changes, state
):
    decision = moved(ada)
    assert selectors.dispute_of(decision) is None
    services.dispute(decision=decision, by=ada, reason=NOT_MINE, text="not mine")
    case = {name: mallory if value is True else value for name, value in changes.items()}
    if changes.get("status") == "closed":
        case["closed_at"] = timezone.now()
    if case:
        Case.objects.update(**case)
    progress = selectors.dispute_of(decision)
    assert progress.state == state
    assert all(progress.words)


def test_no_about_what_an_own_limit_refused_calls_an_officer_and_teaches_nobody(ada):
    limit_payments(ada, {"GBP": 1})
    decision = fraud.assess(facts(customer_id=ada.pk, at=timezone.now() - MINUTE))
    made = services.answer(decision=decision, by=ada, mine=False)
    assert (made.fraud, made.weight) == (True, 0.0)
    assert selectors.answer_of(decision) is False
    alert = Alert.objects.get(decision=decision, kind="denied")
    assert Case.objects.filter(entries__alert=alert).exists()


# --- what confirmations say -----------------------------------------------------------------


@pytest.mark.parametrize(
    "sign, fraudulent, weight",
    [
        (partial(services.failed_step_up, proof=Proof.PIN), True, LABELS.failed_weight),
        (services.let_expire, True, LABELS.expired_weight),
        (
            partial(services.passed_step_up, by=None, proof=Proof.CODE),
            False,
            LABELS.step_up_weight,
        ),
    ],
)
def test_a_confirmation_is_a_weak_label_once(ada, sign, fraudulent, weight):
    decision = wondered(ada)
    label = sign(decision)
    assert (label.fraud, label.source, label.weight) == (fraudulent, "step_up", weight)
    assert sign(decision) == label
    # Whoever could not prove it is still asked; whoever could need not be.
    assert len(selectors.questions_of(ada)) == (1 if fraudulent else 0)


def test_a_weak_sign_never_outweighs_what_a_person_said(ada):
    decision = moved(ada)
    services.answer(decision=decision, by=ada, mine=False)
    assert services.passed_step_up(decision, by=ada, proof=Proof.PIN) is None
    assert decision.labels.get().fraud


def test_the_weights_are_in_the_order_of_what_can_be_trusted():
    assert (
        LABELS.officer_weight
        > LABELS.customer_weight
        > LABELS.disputed_weight
        > LABELS.confirmed_weight
        > LABELS.step_up_weight
        > LABELS.failed_weight
        > LABELS.expired_weight
        > 0
    )


# --- how old labels are ---------------------------------------------------------------------


def known(person, hours, source="officer", since=timedelta(days=3), fraudulent=True):
    """A label that came so many hours after its payment."""
    decision = moved(person, since)
    services.label(
        decision,
        fraud=fraudulent,
        source=source,
        known_at=decision.at + timedelta(hours=hours),
    )
    return decision


def test_without_labels_there_is_no_age():
    ages = selectors.ages()
    assert (ages.by_source, ages.overall, ages.labelled_share) == ((), None, None)


def test_ages_are_medians_and_nine_in_ten_by_source(ada):
    for hours in range(1, 12):
        known(ada, hours)
    known(ada, 40, source="customer")
    ages = selectors.ages()
    customers, officers = ages.by_source
    assert (customers.source, customers.count, customers.median_hours) == ("customer", 1, 40)
    assert (officers.source, officers.count) == ("officer", 11)
    assert officers.median_hours == pytest.approx(6)
    assert officers.high_hours == pytest.approx(10)
    assert (ages.overall.count, ages.overall.median_hours) == (12, pytest.approx(6.5))


def test_a_correction_is_no_age_and_the_first_source_counts_overall(ada):
    decision = known(ada, 2)
    for hours, source, fraudulent in ((30, "officer", False), (40, "import", True)):
        services.label(
            decision,
            fraud=fraudulent,
            source=source,
            known_at=decision.at + timedelta(hours=hours),
        )
    ages = selectors.ages()
    assert [(age.source, age.median_hours) for age in ages.by_source] == [
        ("import", 40),
        ("officer", 2),
    ]
    assert (ages.overall.count, ages.overall.median_hours) == (1, 2)


def test_only_what_became_known_in_the_window_counts(ada):
    known(ada, 1, since=timedelta(days=10))
    assert selectors.ages(days=9).overall is None
    assert selectors.ages(days=10).overall.count == 1


def test_the_share_of_alerts_that_ever_got_a_label(ada):
    wondered(ada)
    services.answer(decision=wondered(ada), by=ada, mine=True)
    ages = selectors.ages()
    assert (ages.alerts, ages.labelled, ages.labelled_share) == (2, 1, 0.5)
