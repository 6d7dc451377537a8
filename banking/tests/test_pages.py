import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banking.models import Account, Movement, Transfer
from banking.tests.conftest import open_funded
from banking.transfers import services
from biometrics import pins
from fintrust.core.money import Money
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db
PIN = "4071"


@pytest.fixture
def ada_online(client, ada):
    client.force_login(ada)
    return client


def ask(ada_online, hers, his, **changes):
    form = {"source": hers.public_id, "payee": his.number, "amount": "10", "note": "Lunch"}
    return ada_online.post(reverse("send"), form | changes)


def draft_of(answer):
    return parse_qs(urlsplit(answer.url).query)["draft"][0]


def errors_of(answer):
    return {field: list(messages) for field, messages in answer.context["form"].errors.items()}


# --- sending --------------------------------------------------------------------------------


def test_from_form_to_preview_to_result(ada_online, hers, his):
    preview = ada_online.get(ask(ada_online, hers, his).url)
    page = preview.content.decode()
    assert "€10.00" in page and "Lunch" in page
    # As a word: what is signed on the page is letters of every kind.
    assert (
        not re.search(r"(?<![\w-])Ben(?![\w-])", page) and "B••" in page
    )  # the payee's name, masked
    answer = ada_online.post(reverse("send-preview"), {"draft": preview.context["token"]})
    transfer = Transfer.objects.get(note="Lunch")
    assert answer.url == reverse("transfer", args=[transfer.public_id])
    assert "Done" in ada_online.get(answer.url).content.decode()


def test_who_was_paid_before_is_called_by_name(ada_online, hers, his, send):
    send(1_00)
    assert "Ben Okri" in ada_online.get(ask(ada_online, hers, his).url).content.decode()


def test_a_double_click_and_back_are_one_transfer(ada_online, hers, his):
    draft = draft_of(ask(ada_online, hers, his))
    answers = [ada_online.post(reverse("send-preview"), {"draft": draft}) for _ in range(3)]
    assert len({answer.url for answer in answers}) == 1
    assert Transfer.objects.filter(note="Lunch").count() == 1
    again = ada_online.get(f"{reverse('send-preview')}?draft={draft}").content.decode()
    assert "You have sent this already" in again
    assert "Send €" not in again


def test_a_changed_or_foreign_draft_sends_nothing(ada_online, client, hers, his, ben):
    draft = draft_of(ask(ada_online, hers, his))
    assert ada_online.post(reverse("send-preview"), {"draft": draft[:-2] + "xx"}).status_code == 410
    client.force_login(ben)
    assert client.post(reverse("send-preview"), {"draft": draft}).status_code == 410
    assert not Transfer.objects.filter(note="Lunch").exists()


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "abc"}, "amount"),
        ({"amount": "٣"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "Infinity"}, "amount"),
        ({"amount": "1e5"}, "amount"),
        ({"amount": "1.000,00"}, "amount"),
        ({"amount": "1\x002"}, "amount"),
        ({"amount": "92233720368547758.08"}, "amount"),
        ({"amount": "1" * 19}, "amount"),
        ({"amount": "12.505"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"payee": "FT00 0000 0000 0000"}, "payee"),
        ({"payee": "acc_00000000000000000000000000"}, "payee"),
        ({"payee": "somebody"}, "payee"),
        ({"payee": "x" * 41}, "payee"),
        ({"note": "x" * 141}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"source": "acc_00000000000000000000000000"}, "source"),
        ({"source": "1"}, "source"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(ada_online, hers, his, changes, field):
    answer = ask(ada_online, hers, his, **changes)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert not Transfer.objects.filter(kind="transfer").exists()


def test_money_cannot_be_sent_from_somebody_elses_account(ada_online, hers, his):
    assert "source" in errors_of(ask(ada_online, hers, his, source=his.public_id))


def test_a_currency_without_a_rate_and_the_same_account_are_named(ada_online, hers, ben):
    dollars = open_funded(ben, 0, "USD")
    assert "USD" in errors_of(ask(ada_online, hers, dollars))["payee"][0]
    assert "payee" in errors_of(ask(ada_online, hers, hers))


def test_insufficient_funds_are_said_on_the_preview(ada_online, hers, his):
    preview = ask(ada_online, hers, his, amount="1000.01")
    answer = ada_online.post(reverse("send-preview"), {"draft": draft_of(preview)})
    assert answer.status_code == 409
    assert "cannot cover" in answer.content.decode()
    assert not Movement.objects.filter(kind="transfer").exists()


# --- refused and held -----------------------------------------------------------------------


def test_a_refused_transfer_says_why_and_where_the_limit_is(ada_online, ada, hers, his):
    limit_payments(ada, {"EUR": 5_00})
    draft = draft_of(ask(ada_online, hers, his))
    page = ada_online.post(reverse("send-preview"), {"draft": draft}, follow=True).content.decode()
    assert "Not sent" in page and "Why it was refused" in page
    assert reverse("limits") in page


@pytest.fixture
def held(ada_online, hers, his):
    draft = draft_of(ask(ada_online, hers, his, amount="950"))
    ada_online.post(reverse("send-preview"), {"draft": draft})
    transfer = Transfer.objects.get(kind="transfer")
    assert transfer.is_held
    return transfer


def test_held_money_is_shown_at_home_with_its_reasons_and_confirmed_by_pin(
    ada_online, ada, held, his
):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    assert "is waiting for you" in ada_online.get(reverse("home")).content.decode()
    page = ada_online.get(reverse("transfer", args=[held.public_id])).content.decode()
    assert "Why we looked twice" in page and "First payment to this payee" in page
    confirm = reverse("transfer-confirm", args=[held.public_id])
    wrong = ada_online.post(confirm, {"pin": "9999"})
    assert wrong.status_code == 422 and "pin" in errors_of(wrong)
    ada_online.post(confirm, {"pin": PIN})
    held.refresh_from_db()
    assert held.status == Transfer.Status.POSTED


def test_without_a_pin_the_page_leads_to_setting_one(ada_online, held):
    page = ada_online.get(reverse("transfer", args=[held.public_id])).content.decode()
    assert reverse("pin") in page


def test_held_money_can_be_cancelled(ada_online, held):
    ada_online.post(reverse("transfer-cancel", args=[held.public_id]))
    held.refresh_from_db()
    assert held.status == Transfer.Status.CANCELLED


def test_the_receiver_sees_money_only_once_it_arrived_and_never_our_doubts(client, ben, held, olga):
    client.force_login(ben)
    address = reverse("transfer", args=[held.public_id])
    assert client.get(address).status_code == 404
    services.release_transfer(transfer=held, by=olga, reason="called back")
    page = client.get(address).content.decode()
    assert "Ada Byron" in page and "Why we looked twice" not in page


# --- looking --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["account", "account-fund", "transfer"])
def test_what_belongs_to_somebody_else_does_not_exist(ada_online, his, name):
    other = {"transfer": "trf_00000000000000000000000000"}.get(name, his.public_id)
    assert ada_online.get(reverse(name, args=[other])).status_code == 404


@pytest.mark.parametrize(
    "name", ["accounts", "account-open", "send", "send-preview", "activity", "profile", "security"]
)
def test_pages_ask_strangers_to_sign_in(client, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 302 and reverse("account_login") in answer.url


def test_strangers_see_the_landing_page(client, db):
    page = client.get(reverse("home")).content.decode()
    assert reverse("account_signup") in page


def test_a_new_customer_is_led_to_open_an_account(ada_online):
    assert "Your first account" in ada_online.get(reverse("home")).content.decode()
    form = {"product": "checking", "currency": "EUR", "name": "Everyday"}
    answer = ada_online.post(reverse("account-open"), form, follow=True)
    assert "Everyday" in answer.content.decode()
    assert Account.objects.get(name="Everyday").balance == Money(0, "EUR")


def test_a_deposit_sent_twice_is_one_deposit(ada_online, ada):
    account = open_funded(ada, 0)
    address = reverse("account-fund", args=[account.public_id])
    page = ada_online.get(address).content.decode()
    found = re.search(r'name="request_id" value="([^"]+)"', page)
    assert found
    form = {"amount": "25.00", "request_id": found[1]}
    for _ in range(2):
        ada_online.post(address, form)
    account.refresh_from_db()
    assert account.balance == Money(25_00, "EUR")


def test_entries_are_paged_by_a_cursor_and_show_the_running_balance(
    ada_online, ada, hers, his, send
):
    for _ in range(3):
        send(1_00)
    address = reverse("account", args=[hers.public_id])
    page = ada_online.get(address).content.decode()
    assert "€997.00" in page and "−€1.00" in page
    older = ada_online.get(address, {"before": "3"})
    assert [entry.seq for entry in older.context["page"].rows] == [2, 1]
    assert ada_online.get(address, {"before": "x"}).status_code == 400


def test_activity_is_filtered_and_searched(ada_online, hers, his, send):
    send(1_00, note="Coffee beans")
    send(2_00, note="Train")
    count = lambda **query: len(  # noqa: E731
        ada_online.get(reverse("activity"), query).context["transfers"]
    )
    assert count() == 3  # with the deposit
    assert count(text="coffee") == 1
    assert count(kind="deposit") == 1
    assert count(account=hers.public_id, status="posted") == 3
    assert count(since="2999-01-01") == 0
    assert ada_online.get(reverse("activity"), {"before": "trf_x"}).status_code == 400


def test_the_profile_is_changed_and_the_old_values_are_remembered(ada_online, ada):
    form = {"name": "Ada King", "phone": "+44 20 7946 0000", "timezone": "Europe/Paris"}
    ada_online.post(reverse("profile"), form)
    ada.refresh_from_db()
    assert (ada.name, ada.timezone) == ("Ada King", "Europe/Paris")
    wrong = ada_online.post(reverse("profile"), form | {"phone": "call me"})
    assert wrong.status_code == 422 and "phone" in errors_of(wrong)


@pytest.mark.parametrize("name", ["home", "accounts", "activity", "send"])
def test_pages_ask_the_database_the_same_number_of_questions_however_much_there_is(
    ada_online, send, name
):
    send(1_00)
    with CaptureQueriesContext(connection) as few:
        ada_online.get(reverse(name))
    for _ in range(12):
        send(1_00)
    with CaptureQueriesContext(connection) as many:
        ada_online.get(reverse(name))
    assert len(many) <= len(few)
