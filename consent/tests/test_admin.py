"""The console: partners are changed through the service, everything else is only read."""

import pytest
from django.urls import reverse

from audit.models import Record
from consent import services
from consent.models import Partner
from fintrust.core import roles


@pytest.fixture
def noor(db, shop):
    user = shop.person("root", "Noor Rahman", roles.ADMINISTRATOR)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    return user


def _values(partner, **changes):
    names = ("name", "trading_name", "contact", "status", "scopes")
    return {name: getattr(partner, name) for name in names} | changes


def test_an_administrator_suspends_a_partner_and_it_is_recorded(client, noor, clearview):
    client.force_login(noor)
    url = reverse("admin:consent_partner_change", args=[clearview.pk])
    answer = client.post(url, _values(clearview, status="suspended"))
    assert answer.status_code == 302
    clearview.refresh_from_db()
    assert clearview.status == "suspended"
    record = Record.objects.get(action="consent.partner.changed")
    assert (record.before, record.after) == ({"status": "active"}, {"status": "suspended"})
    assert record.actor_id == noor.pk


def test_an_administrator_lets_a_firm_in(client, noor, shop):
    login = shop.person("lender", "Lender", roles.CUSTOMER)
    client.force_login(noor)
    values = {"user": login.pk, "name": "Lender plc", "trading_name": "Lender", "contact": ""}
    answer = client.post(
        reverse("admin:consent_partner_add"), values | {"status": "active", "scopes": ["details"]}
    )
    assert answer.status_code == 302
    assert Partner.objects.get(user=login).scopes == ["details"]
    assert list(login.groups.values_list("name", flat=True)) == [roles.PARTNER]


def test_partners_are_not_removed_here(client, noor, clearview):
    client.force_login(noor)
    url = reverse("admin:consent_partner_delete", args=[clearview.pk])
    assert client.post(url, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["consent", "consentevent", "disclosure", "refusal"])
def test_the_rest_is_a_reading_room(client, noor, account, clearview, shop, model):
    shop.grant(account, clearview)
    services.deliver(
        partner_user=clearview.user, account_public_id=account.public_id, scope="balance"
    )
    client.force_login(noor)
    assert client.get(reverse(f"admin:consent_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:consent_{model}_add")).status_code == 403


def test_a_consent_and_a_disclosure_can_be_read_in_full(client, noor, account, clearview, shop):
    consent = shop.grant(account, clearview)
    services.deliver(
        partner_user=clearview.user, account_public_id=account.public_id, scope="balance"
    )
    client.force_login(noor)
    for row in (consent, consent.disclosures.get(), consent.events.get()):
        name = row._meta.model_name
        page = client.get(reverse(f"admin:consent_{name}_change", args=[row.pk]))
        assert page.status_code == 200
        assert client.post(page.request["PATH_INFO"], {"status": "x"}).status_code == 403
