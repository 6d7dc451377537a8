"""The customer's pages about their own limits."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from biometrics.pins import set_pin
from fraud import services
from fraud.limits.own import CustomerPolicies, NewPayee, TimeRange
from fraud.limits.selectors import versions_of, written_by
from fraud.models import PolicyVersion
from fraud.tests.factories import PASSWORD, customer, limit_payments, paid

pytestmark = pytest.mark.django_db
URL, NOW, CANCEL = (reverse(name) for name in ("limits", "limits-now", "limits-cancel"))
PIN = "4071"
FRIEND = "acc_01kahkf19qf7wa2mgdb9wkbn4x"


def book_of(user):
    return [(FRIEND, "Ben, FT61 0000 0010 0042")]


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
def save(web, ada):
    """Send the form with these fields filled; all others are empty."""

    def do(**fields):
        version = written_by(ada).version
        return web.post(URL, {"version": version, **fields}, follow=True)

    return do


def in_force(person):
    return written_by(person).in_force(timezone.now())


# --- setting --------------------------------------------------------------------------------


def test_every_kind_of_limit_is_set_and_shown_again(web, save, ada, settings):
    settings.PAYEE_BOOK = "fraud.tests.test_limits_pages.book_of"
    answer = save(
        **{"EUR": "500", "GBP": "400.50", "daily-EUR": "800", "new-EUR": "100"},
        new_payee_hours="48",
        daily_payments="10",
        allowed_locations="Lisbon,  PT\r\n\r\n ES ",
        block_unknown_locations="on",
        start="07:00",
        end="23:00",
        allowed_currencies=["EUR"],
        only_allowed_payees="on",
        allowed_payees=[FRIEND],
        block_withdrawals="on",
    )
    assert b"Your limits are set" in answer.content
    expected = CustomerPolicies(
        max_transaction_amount={"EUR": 500_00, "GBP": 400_50},
        daily_total={"EUR": 800_00},
        daily_payments=10,
        allowed_locations=("Lisbon, PT", "ES"),
        block_unknown_locations=True,
        allowed_time_range=TimeRange(7 * 60, 23 * 60),
        allowed_currencies=("EUR",),
        only_allowed_payees=True,
        allowed_payees=(FRIEND,),
        new_payee=NewPayee(48, {"EUR": 100_00}),
        block_withdrawals=True,
        timezone="Europe/London",
    )
    assert in_force(ada) == expected
    for shown in (b'value="400.50"', b'value="07:00"', b"Lisbon, PT\nES", b"Ben, FT"):
        assert shown in answer.content


def test_what_holds_now_stands_beside_the_form(web, save):
    assert b"You have set no limits" in web.get(URL).content
    save(EUR="500", daily_payments="1")
    page = web.get(URL)
    assert page.context["held_to"] == [
        ("Largest payment", "\u20ac500.00"), ("Payments in one day", "1"),
    ]  # fmt: skip
    assert b"You have set no limits" not in page.content
    save(EUR="600", daily_payments="1")  # looser, and so not yet
    assert dict(web.get(URL).context["held_to"])["Largest payment"] == "\u20ac500.00"


def test_saving_the_page_as_it_was_opened_changes_nothing(web, save, ada):
    save(EUR="500", start="07:00", end="23:00", allowed_locations="PT")
    form = web.get(URL).context["form"]
    same = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    web.post(URL, same)
    assert versions_of(ada).count() == 1


@pytest.mark.parametrize(
    "used, own, others",
    [([], ["EUR", "GBP", "USD"], []), (["CHF"], ["CHF"], ["EUR", "GBP", "USD"]),
     (["GBP"], ["GBP"], ["EUR", "USD"])],
)  # fmt: skip
def test_the_currencies_in_use_come_first(web, ada, used, own, others):
    for currency in used:
        paid(customer_id=ada.pk, currency=currency)
    page = web.get(URL)
    amounts = page.context["form"].amounts()["max_transaction_amount"]
    assert [field.name for field in amounts.own] == own
    assert [field.name for field in amounts.others] == others
    assert ("In other currencies" in page.content.decode()) is bool(others)


@pytest.mark.parametrize(
    "limits, opened",
    [({}, set()), ({"start": "09:00", "end": "17:00"}, {"hours"}),
     ({"allowed_locations": "PT"}, {"where"}), ({"block_withdrawals": "on"}, {"whom"}),
     ({"allowed_currencies": ["EUR"]}, {"currencies"})],
)  # fmt: skip
def test_limits_that_are_used_are_unfolded(web, save, limits, opened):
    save(**limits)
    text = web.get(URL).content.decode()
    found = re.findall(
        r'<details class="panel" open>\s*<summary><h2 class="inline" id="(\w+)"', text
    )
    assert set(found) == opened
    assert text.count('<details class="panel"') == 5


def test_a_mistake_in_another_currency_is_unfolded(web, save, ada):
    paid(customer_id=ada.pk, currency="CHF")
    text = save(EUR="-1").content.decode()
    assert '<details class="chart-table" open>' in text


def test_a_payee_set_elsewhere_stays_chosen_though_nobody_knows_a_name(web, save, ada):
    services.limits.set_policies(
        customer=ada, asked=CustomerPolicies(allowed_payees=(FRIEND,)), by=ada
    )
    assert f'value="{FRIEND}"' in web.get(URL).content.decode()
    assert save(allowed_payees=[FRIEND]).status_code == 200
    assert in_force(ada).allowed_payees == (FRIEND,)


@pytest.mark.parametrize("prefix", ["", "daily-", "new-"])
@pytest.mark.parametrize("typed", ["0", "-5", "abc", "1.234", "1" * 19, "١٢"])
def test_a_mistake_is_told_beside_its_field_and_changes_nothing(save, ada, prefix, typed):
    limit_payments(ada, {"GBP": 5_00})
    answer = save(**{f"{prefix}EUR": typed, "GBP": "7.00", "new_payee_hours": "1"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [f"{prefix}EUR"]
    assert in_force(ada).max_transaction_amount == {"GBP": 5_00}


@pytest.mark.parametrize(
    "fields, wrong",
    [
        ({"daily_payments": "0"}, "daily_payments"),
        ({"daily_payments": "many"}, "daily_payments"),
        ({"start": "07:00"}, "end"),
        ({"end": "07:00"}, "start"),
        ({"start": "25:00", "end": "07:00"}, "start"),
        ({"start": "07:00", "end": "07:00"}, "start"),
        ({"allowed_locations": "P"}, "allowed_locations"),
        ({"allowed_locations": "Porto\nporto"}, "allowed_locations"),
        ({"allowed_locations": "x" * 3000}, "allowed_locations"),
        ({"allowed_currencies": ["QQQ"]}, "allowed_currencies"),
        ({"allowed_payees": ["acc_01kahkf19qf7wa2mgdb9wkbn4x"]}, "allowed_payees"),
        ({"new-EUR": "5"}, "new_payee_hours"),
        ({"new_payee_hours": "5"}, "new_payee_hours"),
        ({"new_payee_hours": "721", "new-EUR": "5"}, "new_payee_hours"),
    ],
)
def test_what_is_no_limit_is_told_at_its_field(save, ada, fields, wrong):
    answer = save(**fields)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [wrong])
    assert not PolicyVersion.objects.exists()


def test_two_tabs_do_not_overwrite_each_other_unseen(web, save, ada):
    save(EUR="500")
    stale = web.post(URL, {"version": 0, "EUR": "400"})
    assert stale.status_code == 422 and b"another window" in stale.content
    assert in_force(ada).max_transaction_amount == {"EUR": 500_00}


# --- looser ---------------------------------------------------------------------------------


def test_an_empty_field_lifts_a_limit_after_a_day(web, save, ada):
    with time_machine.travel("2026-03-10 12:00Z", tick=False) as clock:
        save(EUR="5.00")
        page = save().content.decode()
        assert "until then: €5.00" in page and "Wednesday 11 March, 12:00" in page
        assert in_force(ada).max_transaction_amount == {"EUR": 5_00}
        clock.shift(timedelta(hours=24))
        assert in_force(ada) == CustomerPolicies()


def test_what_waits_is_taken_back_by_a_button(web, save, ada):
    save(EUR="5.00")
    save(EUR="50.00")
    page = web.post(CANCEL, follow=True).content
    assert b"Taken back" in page and b"Waiting to be looser" not in page
    assert written_by(ada).asked.max_transaction_amount == {"EUR": 5_00}


def test_the_pin_makes_it_hold_now(web, save, ada):
    set_pin(user=ada, pin=PIN, password_ok=True)
    save(EUR="5.00")
    save(EUR="50.00")
    wrong = web.post(NOW, {"pin": "9999"})
    assert wrong.status_code == 422 and list(wrong.context["form"].errors) == ["pin"]
    assert in_force(ada).max_transaction_amount == {"EUR": 5_00}
    assert b"Your new limits hold from now on" in web.post(NOW, {"pin": PIN}, follow=True).content
    assert in_force(ada).max_transaction_amount == {"EUR": 50_00}


def test_without_a_pin_the_page_says_where_to_set_one(web, save, ada):
    save(EUR="5.00")
    save()
    assert reverse("pin") in web.get(NOW).content.decode()
    assert web.post(NOW, {"pin": PIN}).url == reverse("pin")
    assert in_force(ada).max_transaction_amount == {"EUR": 5_00}


def test_nothing_to_hurry_leads_back(web):
    assert web.get(NOW).url == URL


def test_who_moved_is_told_that_the_clock_stays(web, save, ada):
    save(start="07:00", end="23:00")
    ada.timezone = "Asia/Tokyo"
    ada.save()
    page = web.get(URL).content.decode()
    assert "on the clock of Europe/London" in page and "Your limits keep their clock" in page


# --- trying ---------------------------------------------------------------------------------


def test_limits_are_tried_on_the_last_payments_and_not_kept(save, ada):
    for amount in (10_00, 20_00, 30_00):
        paid(customer_id=ada.pk, amount_minor=amount)
    answer = save(GBP="19.99", **{"try": "1"})
    page = answer.content.decode()
    assert "Refused: 2 of your last 3 payments" in page
    assert "£30.00 is over your own limit of £19.99 a payment" in page
    assert 'value="19.99"' in page
    assert not PolicyVersion.objects.exists()


def test_trying_needs_no_password(client, ada):
    client.force_login(ada)
    assert client.post(URL, {"version": 0, "GBP": "5", "try": "1"}).status_code == 200


def test_without_payments_there_is_nothing_to_try_on(save):
    assert b"Nothing to try it on yet" in save(GBP="5", **{"try": "1"}).content


# --- who may --------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [URL, NOW])
def test_a_stranger_is_sent_to_sign_in(client, url):
    answer = client.get(url)
    assert answer.status_code == 302 and reverse("account_login") in answer.url


def test_who_only_has_the_open_browser_may_look_but_not_change(client, ada):
    """The change waits for the password, and is then made as it was typed."""
    client.force_login(ada)
    assert client.get(URL).status_code == 200
    asked = client.post(URL, {"EUR": "500", "GBP": "", "USD": "", "version": 0})
    assert asked.status_code == 302 and asked.url.startswith(reverse("account_reauthenticate"))
    assert not PolicyVersion.objects.exists()
    client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert in_force(ada).max_transaction_amount == {"EUR": 500_00}


def test_who_only_has_the_open_browser_neither_hurries_nor_takes_back(client, ada):
    client.force_login(ada)
    for asked in (client.get(NOW), client.post(NOW, {"pin": PIN}), client.post(CANCEL)):
        assert asked.url.startswith(reverse("account_reauthenticate"))
