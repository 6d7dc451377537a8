"""The rooms of models in the console: what officers see; each deed asks first, and is done once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from fraud.learning import registry, selectors, services
from fraud.models import CostTable, DriftCheck, ModelVersion, Promotion, TrainingRun
from fraud.tests import lessons
from fraud.tests.factories import customer

pytestmark = pytest.mark.django_db
ROOMS = (ModelVersion, TrainingRun, Promotion, CostTable, DriftCheck)
VIEW = tuple(f"view_{room._meta.model_name}" for room in ROOMS)
DEEDS = (
    "train_model",
    "propose_model",
    "decide_model",
    "roll_back_model",
    "acknowledge_driftcheck",
)


@pytest.fixture(scope="module", autouse=True)
def taught_before():
    """Training takes longer than a database waits for an idle transaction on a busy machine."""
    lessons.model()


def officer(client, email: str, *rights: str):
    person = customer(email, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(person)
    return type(person).objects.get(pk=person.pk)


@pytest.fixture
def olga(client):
    return officer(client, "olga@example.com", *VIEW, *DEEDS)


@pytest.fixture
def model():
    registry.forget()
    made = lessons.model()
    return services.keep(made, data_hash="0" * 64)


@pytest.fixture
def rows(olga, model):
    services.start_shadow(model=model, by=olga, reason="looks good")
    figures = {
        "against": None, "payments": 900, "frauds": 40, "candidate": 0.71, "champion": 0.2,
        "low": 0.4, "high": 0.6, "shifted": "deviations", "shift": 0.05,
    }  # fmt: skip
    promotion = Promotion.objects.create(
        model=model,
        figures=figures,
        reason="it finds more",
        proposed_by=olga,
        expires_at=timezone.now() + timedelta(days=1),
    )
    check = DriftCheck.objects.create(
        model=model, payments=1000, until=1, shifts={"score": 0.31, "hour_share": 0.01},
        worst="score", worst_shift=0.31, alarmed=True,
    )  # fmt: skip
    run = TrainingRun.objects.create(asked_by=olga, status="running", step="growing", percent=35)
    costs = services.propose_costs(
        missed_cents=95_00, held_cents=5_00, looking_cents=0, by=olga, reason="our losses"
    )
    return {
        ModelVersion: model, TrainingRun: run, Promotion: promotion, CostTable: costs,
        DriftCheck: check,
    }  # fmt: skip


def url(room, page, *args):
    return reverse(f"admin:fraud_{room._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_can_be_read_and_nothing_written(client, rows, room):
    row = rows[room]
    assert client.get(url(room, "changelist")).status_code == 200
    assert client.get(url(room, "changelist"), {"q": row.public_id}).context["cl"].result_count == 1
    assert client.get(url(room, "changelist"), {"q": "x"}).context["cl"].result_count == 0
    assert client.get(url(room, "change", row.pk)).status_code == 200
    assert client.get(url(room, "add")).status_code == 403
    assert client.post(url(room, "change", row.pk), {}).status_code == 403
    assert client.post(url(room, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_rooms_say_what_matters(client, rows):
    def page(room):
        return client.get(url(room, "change", rows[room].pk)).content.decode()

    shown = page(ModelVersion)
    assert "In the shadow" in shown and "payee_last5_share" in shown and "rules alone" in shown
    assert "35%, growing" in page(TrainingRun)
    assert "0.710, against 0.200" in page(Promotion) and "+0.400 to +0.600" in page(Promotion)
    assert "0.310" in page(DriftCheck)
    assert "€95.00" in page(CostTable) and "5.0%" in page(CostTable)


def test_the_sidebar_counts_what_waits(client, rows):
    sidebar = client.get(reverse("admin:index")).content.decode()
    assert all(room in sidebar for room in ("Models to decide", "Costs of mistakes", "Drift"))


def test_a_training_is_asked_for_by_a_page_that_asks_first(client, olga):
    page = url(TrainingRun, "train")
    assert client.get(page).status_code == 200
    assert not TrainingRun.objects.exists()
    assert client.post(page).status_code == 302
    assert TrainingRun.objects.get().asked_by == olga
    again = client.post(page)
    assert again.status_code == 200 and b"A model is being trained" in again.content


def test_a_model_goes_into_the_shadow_with_a_reason(client, olga, model):
    page = url(ModelVersion, "try_in_shadow", model.pk)
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "ok"}).status_code == 200
    assert selectors.shadow() is None
    assert client.post(page, {"reason": "looks good"}).status_code == 302
    assert selectors.shadow() == model


def test_a_proposal_without_proof_says_so_on_its_page(client, olga, model):
    services.start_shadow(model=model, by=olga, reason="looks good")
    said = client.post(url(ModelVersion, "propose", model.pk), {"reason": "it is better"})
    assert said.status_code == 200 and b"payments have a known outcome" in said.content
    assert not Promotion.objects.exists()


def test_another_officer_puts_it_in_force_and_anyone_takes_it_back(client, rows, model):
    approve = url(Promotion, "approve", rows[Promotion].pk)
    assert client.post(approve, {}).status_code == 403  # one's own proposal
    officer(client, "otto@example.com", *VIEW, *DEEDS)
    assert client.get(approve).status_code == 200
    assert client.post(approve, {"reason": ""}).status_code == 302
    assert selectors.champion() == model
    assert client.post(approve, {"reason": ""}).status_code == 403  # decided
    back = url(ModelVersion, "roll_back")
    assert client.get(back).status_code == 200
    assert client.post(back, {"reason": "it harms"}).status_code == 302
    assert selectors.champion() is None
    assert client.post(back, {"reason": "it harms"}).status_code == 403  # nothing in force


COSTS = {"missed": "95.00", "held": "5", "looking": "0", "reason": "our losses"}


def test_costs_are_proposed_by_one_officer_and_put_in_force_by_another(client, olga):
    page = url(CostTable, "propose")
    assert b"A colleague decides" in client.get(page).content
    for wrong in ({"missed": "0"}, {"held": "-0.01"}, {"looking": "x"}, {"reason": ""}):
        assert client.post(page, COSTS | wrong).status_code == 200
    assert not CostTable.objects.exists()
    assert client.post(page, COSTS).status_code == 302
    table = CostTable.objects.get()
    assert (table.missed_cents, table.held_cents, table.looking_cents) == (95_00, 5_00, 0)
    assert b"waits for a colleague" in client.post(page, COSTS).content
    approve = url(CostTable, "approve", table.pk)
    assert client.post(approve, {}).status_code == 403  # one's own proposal
    officer(client, "otto@example.com", *VIEW, *DEEDS)
    assert "from a chance" in client.get(url(CostTable, "changelist")).content.decode()
    asks = client.get(approve).content.decode()
    assert "5.0%" in asks and "€95.00" in asks and "30.0%" in asks
    assert client.post(approve, {"reason": ""}).status_code == 302
    assert selectors.costs() == table
    assert client.post(approve, {"reason": ""}).status_code == 403  # decided


def test_an_alarm_is_acknowledged_once(client, rows):
    page = url(DriftCheck, "acknowledge", rows[DriftCheck].pk)
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "a sale"}).status_code == 302
    assert DriftCheck.objects.get().seen_by.email == "olga@example.com"
    assert client.post(page, {"reason": "again"}).status_code == 403


@pytest.mark.parametrize(
    "room, deed",
    [(ModelVersion, "try_in_shadow"), (ModelVersion, "propose"), (Promotion, "approve"),
     (Promotion, "reject"), (Promotion, "withdraw"), (CostTable, "approve"),
     (DriftCheck, "acknowledge")],
)  # fmt: skip
def test_who_may_only_read_does_nothing(client, rows, room, deed):
    officer(client, "reader@example.com", *VIEW)
    assert client.get(url(room, "change", rows[room].pk)).status_code == 200
    assert client.post(url(room, deed, rows[room].pk), {"reason": "because"}).status_code == 403


def test_who_may_not_see_models_has_no_room(client, rows):
    officer(client, "nobody@example.com")
    for room in ROOMS:
        assert client.get(url(room, "changelist")).status_code == 403
    assert client.post(url(TrainingRun, "train")).status_code == 403
    assert client.post(url(ModelVersion, "roll_back"), {"reason": "because"}).status_code == 403
