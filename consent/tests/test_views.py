"""Who sees my data: the pages, from granting to stopping."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consent import services
from consent.errors import ConsentEnded, ConsentMissing
from consent.models import Consent, Disclosure, Partner
from fintrust.core.models import User


@pytest.fixture
def web(client, account):
    client.force_login(account.owner)
    return client


def _form(account, partner):
    day = timezone.localdate() + timedelta(days=10)
    terms = {"partner": partner.pk, "account": account.uuid, "scopes": ["balance"]}
    return terms | {"purpose": "lending", "last_day": day.isoformat()}


def test_a_customer_grants_looks_and_stops(web, account, clearview):
    empty = web.get(reverse("shared-data"))
    assert b"You share nothing" in empty.content
    answer = web.post(reverse("consent-grant"), _form(account, clearview))
    consent = Consent.objects.get()
    assert answer["Location"] == reverse("consent", args=[consent.public_id])
    services.deliver(
        partner_user=clearview.user, account_public_id=account.public_id, scope="balance"
    )
    page = web.get(reverse("shared-data")).content.decode()
    for words in ("Clearview Limited", "Sharing", "Balance", "Decide about a loan", account.name):
        assert words in page
    log = web.get(reverse("consent", args=[consent.public_id])).content.decode()
    assert Disclosure.objects.get().public_id in log
    question = web.get(reverse("consent-stop", args=[consent.public_id])).content.decode()
    assert "What happens when you stop" in question
    consent.refresh_from_db()
    assert consent.status == "granted"
    web.post(reverse("consent-stop", args=[consent.public_id]))
    consent.refresh_from_db()
    assert consent.status == "revoked"
    assert "Stopped" in web.get(reverse("shared-data")).content.decode()


def test_refused_looks_stand_in_the_log_too(web, account, clearview, shop):
    consent = shop.grant(account, clearview, scopes=["balance"])
    services.revoke_consent(consent=consent, by=account.owner)
    with pytest.raises(ConsentEnded):
        services.deliver(
            partner_user=clearview.user, account_public_id=account.public_id, scope="balance"
        )
    log = web.get(reverse("consent", args=[consent.public_id])).content.decode()
    assert "Refused" in log


def test_the_last_day_is_whole_where_the_customer_lives(web, account, clearview, time_machine):
    time_machine.move_to("2026-06-01T12:00:00Z", tick=False)
    User.objects.filter(pk=account.owner_id).update(timezone="Europe/Berlin")
    web.post(reverse("consent-grant"), _form(account, clearview) | {"last_day": "2026-06-10"})
    assert Consent.objects.get().ends_at.isoformat() == "2026-06-10T22:00:00+00:00"


@pytest.mark.parametrize(
    ("last_day", "works"),
    [("2026-05-31", False), ("2026-06-01", True), ("2026-08-29", True), ("2026-08-30", False)],
)
def test_the_form_offers_days_that_the_service_accepts(
    web, account, clearview, time_machine, last_day, works
):
    time_machine.move_to("2026-06-01T12:00:00Z", tick=False)
    answer = web.post(reverse("consent-grant"), _form(account, clearview) | {"last_day": last_day})
    assert answer.status_code == (302 if works else 422)
    assert Consent.objects.exists() is works


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"partner": "0191f0c0-0000-7000-8000-000000000000"}, "partner"),
        ({"partner": "x\x00"}, "partner"),
        ({"account": "0191f0c0-0000-7000-8000-000000000000"}, "account"),
        ({"account": "1"}, "account"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"purpose": "curiosity"}, "purpose"),
        ({"last_day": "soon"}, "last_day"),
        ({"last_day": "9999-12-31"}, "last_day"),
    ],
)
def test_what_cannot_be_granted_is_said_beside_the_field(web, account, clearview, changes, field):
    answer = web.post(reverse("consent-grant"), _form(account, clearview) | changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Consent.objects.exists()


def test_more_than_the_partner_may_receive_is_said_beside_the_field(web, account, shop):
    partner = shop.partner(scopes=["balance"])
    answer = web.post(reverse("consent-grant"), _form(account, partner) | {"scopes": ["details"]})
    assert answer.status_code == 422
    assert "scopes" in answer.context["form"].errors


def test_sharing_twice_is_said_beside_the_account(web, account, clearview, shop):
    shop.grant(account, clearview)
    answer = web.post(reverse("consent-grant"), _form(account, clearview))
    assert "account" in answer.context["form"].errors


def test_somebody_elses_account_and_consent_do_not_exist(web, account, clearview, shop):
    noah = shop.account(shop.customer("noah", "Noah Fulbright"))
    consent = shop.grant(noah, clearview)
    answer = web.post(reverse("consent-grant"), _form(noah, clearview))
    assert "account" in answer.context["form"].errors
    for name in ("consent", "consent-stop"):
        assert web.get(reverse(name, args=[consent.public_id])).status_code == 404
    assert web.post(reverse("consent-stop", args=[consent.public_id])).status_code == 404
    consent.refresh_from_db()
    assert consent.status == "granted"


def test_a_suspended_partner_is_not_offered(web, account, clearview):
    Partner.objects.filter(pk=clearview.pk).update(status="suspended")
    answer = web.post(reverse("consent-grant"), _form(account, clearview))
    assert "partner" in answer.context["form"].errors


@pytest.mark.parametrize("name", ["shared-data", "consent-grant"])
def test_a_stranger_signs_in_first(client, db, name):
    assert client.get(reverse(name))["Location"].startswith(reverse("account_login"))


def test_the_list_asks_the_same_few_questions_however_long_it_is(web, account, clearview, shop):
    def queries():
        with CaptureQueriesContext(connection) as found:
            web.get(reverse("shared-data"))
        return len(found)

    shop.grant(account, clearview)
    queries()  # the first visit also notes the session's device
    few = queries()
    for number in range(5):
        shop.grant(account, shop.partner(f"partner{number}"))
    assert queries() == few


def test_a_partner_without_a_consent_leaves_no_trace_on_somebodys_page(web, account, clearview):
    with pytest.raises(ConsentMissing):
        services.deliver(
            partner_user=clearview.user, account_public_id=account.public_id, scope="balance"
        )
    assert b"Clearview" not in web.get(reverse("shared-data")).content
