"""The customer's page of limits."""

import pytest
from django.urls import reverse

from fraud import selectors, services
from fraud.models import CustomerLimit
from fraud.tests.factories import PASSWORD, customer, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def web(client, ada):
    """Ada's browser; she gave her password once more a moment ago."""
    client.force_login(ada)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.fixture
def url():
    return reverse("limits")


def test_limits_are_set_on_the_page_and_shown_again(web, url, ada):
    answer = web.post(url, {"EUR": "500", "GBP": "400.50", "USD": ""}, follow=True)
    assert answer.status_code == 200
    assert {limit.currency: limit.largest_minor for limit in selectors.limits_of(ada)} == {
        "EUR": 500_00,
        "GBP": 400_50,
    }
    assert b'value="400.50"' in answer.content
    assert b"Your limits are set" in answer.content


def test_an_empty_field_lifts_a_limit(web, url, ada):
    services.set_limits(customer=ada, largest_minor={"EUR": 5_00}, by=ada)
    web.post(url, {"EUR": "", "GBP": "", "USD": ""})
    assert not CustomerLimit.objects.exists()


@pytest.mark.parametrize("typed", ["0", "-5", "abc", "1.234", "1" * 19, "١٢"])
def test_a_mistake_is_told_beside_its_field_and_changes_nothing(web, url, ada, typed):
    services.set_limits(customer=ada, largest_minor={"GBP": 5_00}, by=ada)
    answer = web.post(url, {"EUR": typed, "GBP": "7.00", "USD": ""})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["EUR"]
    assert CustomerLimit.objects.get().largest_minor == 5_00


def test_currencies_in_use_have_a_field(web, url, ada):
    paid(customer_id=ada.pk, currency="CHF")
    assert list(web.get(url).context["form"].fields) == ["CHF", "EUR", "GBP", "USD"]


def test_a_stranger_is_sent_to_sign_in(client, url):
    answer = client.get(url)
    assert answer.status_code == 302 and reverse("account_login") in answer.url


def test_who_only_has_the_open_browser_may_look_but_not_change(client, url, ada):
    """The change waits for the password, and is then made as it was typed."""
    client.force_login(ada)
    assert client.get(url).status_code == 200
    asked = client.post(url, {"EUR": "500", "GBP": "", "USD": ""})
    assert asked.status_code == 302 and asked.url.startswith(reverse("account_reauthenticate"))
    assert not CustomerLimit.objects.exists()
    client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert CustomerLimit.objects.get().largest_minor == 500_00
