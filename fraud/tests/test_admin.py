"""The officers' reading room."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from audit.models import Record
from fraud import services
from fraud.models import AfterScore, Alert, Decision, LearningChoice, PaymentFact, PolicyVersion
from fraud.profile.services import forget_normal
from fraud.tests.factories import LENIENT, customer, facts, limit_payments, paid

pytestmark = pytest.mark.django_db
MODELS = (Decision, Alert, PaymentFact, AfterScore, PolicyVersion, LearningChoice)


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def alert(ada):
    services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    return Alert.objects.get()


def officer(client, *permissions: str):
    person = customer("officer@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(person)
    return person


VIEW = tuple(f"view_{model._meta.model_name}" for model in MODELS)


@pytest.fixture
def desk(client):
    officer(client, *VIEW, "acknowledge_alert")
    return client


@pytest.fixture
def rows(ada, alert):
    """One row of each kind."""
    fact = paid(customer_id=ada.pk)
    limit_payments(ada, {"GBP": 10_000_00})
    score = AfterScore.objects.create(fact=fact, model="forest-1", score=0.4)
    limit = PolicyVersion.objects.get()
    forget_normal(customer=ada, by=ada)
    choice = LearningChoice.objects.get()
    return dict(zip(MODELS, (alert.decision, alert, fact, score, limit, choice), strict=True))


def admin_url(model, page, *args):
    return reverse(f"admin:fraud_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_detail_can_be_read_and_nothing_written(desk, rows, model):
    row = rows[model]
    assert desk.get(admin_url(model, "changelist")).status_code == 200
    assert desk.get(admin_url(model, "change", row.pk)).status_code == 200
    assert desk.get(admin_url(model, "add")).status_code == 403
    assert desk.post(admin_url(model, "change", row.pk), {}).status_code == 403
    assert desk.post(admin_url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_without_the_permission_there_is_no_reading_room(client, rows, model):
    officer(client)
    assert client.get(admin_url(model, "changelist")).status_code == 403


def test_a_decision_explains_itself_in_sentences(desk, alert):
    page = desk.get(admin_url(Decision, "change", alert.decision_id)).content.decode()
    assert "£1,500.00 is a lot while we know none of your payments" in page
    assert "&quot;local_hour&quot;: 12" in page


def test_a_decision_shows_weights_and_what_was_normal(desk, alert):
    page = desk.get(admin_url(Decision, "change", alert.decision_id)).content.decode()
    assert '<meter min="0" max="1" value="0.350"' in page
    assert "Usual for this customer" in page


def test_a_decision_is_replayed_on_the_spot(desk, alert):
    url = admin_url(Decision, "replay_now", alert.decision_id)
    assert "reproduced exactly" in desk.get(url, follow=True).content.decode()


def test_a_replay_says_what_differs(desk, ada):
    services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00), ruleset=LENIENT)
    decision = Decision.objects.get()
    page = desk.get(admin_url(Decision, "replay_now", decision.pk), follow=True).content.decode()
    assert "differs" in page and "score: 0.0 then, 0.35 now" in page
    assert "decided under lenient" in page


def test_without_the_permission_nothing_is_replayed(client, alert):
    officer(client)
    assert client.get(admin_url(Decision, "replay_now", alert.decision_id)).status_code == 403


def test_looking_at_a_decision_is_remembered_for_its_customer(desk, ada, alert):
    desk.get(admin_url(Decision, "change", alert.decision_id))
    assert Record.objects.get(action="core.customer.viewed").owner_id == ada.pk


@pytest.mark.parametrize("model", [Decision, Alert, PaymentFact])
def test_rows_are_found_by_every_name_they_have(desk, ada, model):
    other = customer("other@example.com")
    for person in (ada, other):
        decision = services.assess(facts(customer_id=person.pk, amount_minor=1_500_00))
        services.observe(decision)
    decision = Decision.objects.get(customer=ada)
    names = [decision.public_id, decision.subject, ada.public_id, " ADA@example.com "]
    names += [Alert.objects.get(decision=decision).public_id] if model is Alert else []
    for name in names:
        found = desk.get(admin_url(model, "changelist"), {"q": name}).context["cl"].queryset
        owners = {getattr(row, "decision", row).customer_id for row in found}
        assert (len(found), owners) == (1, {ada.pk}), name
    assert not desk.get(admin_url(model, "changelist"), {"q": "nobody"}).context["cl"].queryset


@pytest.mark.parametrize(
    "model, query",
    [
        (Decision, {"verdict__exact": "VERIFIED"}),
        (Decision, {"risk_level__exact": "CRITICAL"}),
        (Decision, {"score_from": "0.9"}),
        (Alert, {"status__exact": "acknowledged"}),
        (Alert, {"severity__exact": "low"}),
        (Alert, {"kind__exact": "limit"}),
    ],
)
def test_filters_narrow_the_list(desk, alert, model, query):
    listed = desk.get(admin_url(model, "changelist"))
    assert listed.context["cl"].result_count == 1
    narrowed = desk.get(admin_url(model, "changelist"), query)
    assert narrowed.context["cl"].result_count == 0


def test_the_list_of_decisions_asks_no_more_for_more_rows(desk, ada, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(30) as asked:
            assert desk.get(admin_url(Decision, "changelist")).status_code == 200
        return len(asked)

    services.assess(facts(customer_id=ada.pk))
    queries()  # the first page also reads what a process keeps: content types
    few = queries()
    for _ in range(10):
        services.assess(facts(customer_id=ada.pk))
    assert queries() == few


def test_an_alert_is_acknowledged_with_a_note(desk, alert):
    url = admin_url(Alert, "acknowledge", alert.pk)
    dialog = desk.get(url)
    assert dialog.status_code == 200 and b"note" in dialog.content
    answer = desk.post(url, {"note": "called, all well", "_form_submitted": "True"})
    assert answer.headers["HX-Redirect"] == admin_url(Alert, "change", alert.pk)
    alert.refresh_from_db()
    assert (alert.status, alert.note) == ("acknowledged", "called, all well")
    assert desk.post(url, {"note": "again", "_form_submitted": "True"}).status_code == 200
    alert.refresh_from_db()
    assert alert.note == "called, all well"


def test_chosen_alerts_are_acknowledged_together(desk, ada):
    for _ in range(3):
        services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    first, *others = Alert.objects.all()
    desk.post(
        admin_url(Alert, "changelist"),
        {"action": "acknowledge_chosen", "_selected_action": [alert.pk for alert in others]},
    )
    assert {alert.status for alert in Alert.objects.exclude(pk=first.pk)} == {"acknowledged"}
    assert Alert.objects.get(pk=first.pk).status == "open"


def test_who_may_only_read_does_not_acknowledge(client, alert):
    officer(client, *VIEW)
    url = admin_url(Alert, "acknowledge", alert.pk)
    assert client.post(url, {"note": "", "_form_submitted": "True"}).status_code == 403
    client.post(
        admin_url(Alert, "changelist"),
        {"action": "acknowledge_chosen", "_selected_action": [alert.pk]},
    )
    alert.refresh_from_db()
    assert alert.status == "open"


@pytest.mark.parametrize("most, words", [(40_00, "Own limit"), (50_00, "Safe")])
def test_what_an_own_limit_refused_is_not_called_safe(desk, ada, most, words):
    limit_payments(ada, {"GBP": most})
    decision = services.assess(facts(customer_id=ada.pk))
    assert (decision.risk_level, decision.risk_words) == ("SAFE", words)
    page = desk.get(reverse("admin:fraud_decision_change", args=[decision.pk])).content.decode()
    assert ("Own limit" in page, "Safe" in page) == (words == "Own limit", words == "Safe")
