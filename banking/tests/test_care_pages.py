"""The pages and programs' doors to looking after accounts, sharing them and giving money back."""

import io
import re

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banking import ledger
from banking.models import Account, Invitation, Right, Share, Transfer
from banking.receipts import pdf
from banking.sharing import services as sharing
from banking.tests.conftest import open_funded
from banking.tests.test_pages import draft_of, errors_of
from banking.tests.test_sharing import PIN, pay, proved, share
from biometrics import pins
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


@pytest.fixture
def ada_online(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def ben_online(client, ben):
    client.force_login(ben)
    return client


def page(client, name, *args, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


# --- settings -------------------------------------------------------------------------------


def test_an_account_is_renamed_frozen_and_thawed_on_its_page(ada_online, hers):
    settings = reverse("account-settings", args=[hers.public_id])
    ada_online.post(settings, {"name": "Rent"})
    ada_online.post(reverse("account-freeze", args=[hers.public_id]))
    text = page(ada_online, "account-settings", hers.public_id)
    assert "Rent" in text and "Thaw it" in text and "Frozen by you" in text
    thaw = reverse("account-thaw", args=[hers.public_id])
    wrong = ada_online.post(thaw, {"pin": "9999"})
    assert wrong.status_code == 422 and "not your PIN" in wrong.content.decode()
    ada_online.post(thaw, {"pin": PIN})
    hers.refresh_from_db()
    assert (hers.name, hers.status) == ("Rent", "active")
    assert ada_online.post(settings, {"name": "x" * 81}).status_code == 422


def test_closing_shows_what_it_does_moves_the_rest_and_is_asked_once(ada_online, ada, hers):
    close = reverse("account-close", args=[hers.public_id])
    assert "nowhere to go" in page(ada_online, "account-close", hers.public_id)
    other = open_funded(ada, 0)
    text = page(ada_online, "account-close", hers.public_id)
    form = dict(re.findall(r'name="(request_id|seen)" value="([^"]+)"', text))
    form |= {"move_to": other.public_id, "pin": PIN}
    assert ada_online.post(close, form | {"seen": "1"}).status_code == 422  # another balance
    for _ in range(2):
        ada_online.post(close, form)
    other.refresh_from_db()
    assert (other.balance.minor, Account.objects.get(pk=hers.pk).status) == (1_000_00, "closed")
    assert Transfer.objects.filter(note="Account closed").count() == 1


def test_a_rest_that_is_refused_leads_to_why(ada_online, ada, hers):
    limit_payments(ada, {"EUR": 5_00})
    form = {"move_to": open_funded(ada, 0).public_id, "pin": PIN, "request_id": "r", "seen": 100000}
    answer = ada_online.post(reverse("account-close", args=[hers.public_id]), form, follow=True)
    assert "stays open" in answer.content.decode() and "Not sent" in answer.content.decode()


# --- sharing --------------------------------------------------------------------------------


def test_from_an_invitation_to_a_payment_to_the_end(client, ada, ben, hers, his):
    proved(ben)
    client.force_login(ada)
    people = reverse("account-people", args=[hers.public_id])
    form = {"email": ben.email, "right": "operate", "pin": PIN, "until": ""}
    assert "pin" in errors_of(client.post(people, form | {"pin": "9999"}))
    client.post(people, form)
    assert ben.email in page(client, "account-people", hers.public_id)

    client.force_login(ben)
    assert "Ada Byron invites you" in page(client, "home")
    invitation = Invitation.objects.get()
    client.post(reverse("invitation", args=[invitation.public_id]), {"answer": "accept"})
    assert "Shared with you" in page(client, "accounts")
    text = page(client, "account", hers.public_id)
    assert "Shared with you by Ada Byron" in text and "Settings" not in text
    draft = draft_of(
        client.post(
            reverse("send"),
            {"source": hers.public_id, "payee": his.number, "amount": "5", "note": "Ours"},
        )
    )
    client.post(reverse("send-preview"), {"draft": draft})
    open_preview = draft_of(
        client.post(
            reverse("send"),
            {"source": hers.public_id, "payee": his.number, "amount": "6", "note": "Late"},
        )
    )

    client.force_login(ada)
    transfer = Transfer.objects.get(note="Ours")
    assert "Ben Okri" in page(client, "transfer", transfer.public_id)
    made = Share.objects.get()
    stop = reverse("account-people-stop", args=[hers.public_id, made.public_id])
    client.post(stop)
    assert "ended by you" in page(client, "account-people", hers.public_id)

    client.force_login(ben)
    late = client.post(reverse("send-preview"), {"draft": open_preview})
    assert late.status_code == 404
    assert client.get(reverse("account", args=[hers.public_id])).status_code == 404
    assert not Transfer.objects.filter(note="Late").exists()


OWNERS_DOORS = [
    ("get", "account-settings"),
    ("post", "account-settings"),
    ("post", "account-freeze"),
    ("post", "account-thaw"),
    ("get", "account-close"),
    ("post", "account-close"),
    ("get", "account-people"),
    ("post", "account-people"),
    ("get", "account-fund"),
    ("post", "account-fund"),
]


@pytest.mark.parametrize("method, name", OWNERS_DOORS)
@pytest.mark.parametrize("who", ["operator", "stranger"])
def test_what_is_the_owners_does_not_exist_for_others(ben_online, ben, hers, method, name, who):
    if who == "operator":
        share(hers, ben)
    answer = getattr(ben_online, method)(reverse(name, args=[hers.public_id]), {"pin": PIN})
    assert answer.status_code == 404
    hers.refresh_from_db()
    assert (hers.status, hers.name) == ("active", "Current account")


def test_other_peoples_invitations_and_shares_do_not_exist(ben_online, ben, hers, ada):
    made = share(hers, ben)
    other = sharing.invite(account=hers, by=ada, email="x@example.org", right=Right.VIEW, pin=PIN)
    for address in (
        reverse("invitation", args=[other.public_id]),
        reverse("account-people-stop", args=[hers.public_id, made.public_id]),
        reverse("account-invitation-withdraw", args=[hers.public_id, other.public_id]),
        reverse("share-leave", args=[other.public_id]),
    ):
        assert ben_online.post(address, {"answer": "accept"}).status_code == 404, address
    ben_online.post(reverse("share-leave", args=[made.public_id]))
    assert Share.objects.get().ended_by == ben


def test_who_only_looks_cannot_choose_it_to_pay_from(ben_online, ben, hers, his):
    share(hers, ben, Right.VIEW)
    answer = ben_online.post(
        reverse("send"), {"source": hers.public_id, "payee": his.number, "amount": "5"}
    )
    assert "source" in errors_of(answer)
    assert "Send from it" not in page(ben_online, "account", hers.public_id)


def test_the_owners_other_accounts_keep_their_names(ben_online, ada, ben, hers):
    secret = open_funded(ada, 0, name="Leaving Ben")
    pay(ada, hers, secret, 1_00)
    share(hers, ben, Right.VIEW)
    text = page(ben_online, "account", hers.public_id)
    assert "Leaving Ben" not in text and "Ada Byron" in text
    text = page(ben_online, "activity", account=hers.public_id)
    assert "Leaving Ben" not in text and "−€1.00" in text


def test_more_shares_cost_no_more_questions(ben_online, ben, hers, send):
    share(hers, ben)
    with CaptureQueriesContext(connection) as few:
        for name in ("home", "accounts", "activity", "send"):
            page(ben_online, name)
    for number in range(4):
        other = User.objects.create_user(f"o{number}@example.org", "pass phrase", name="Olaf Ode")
        pins.set_pin(user=other, pin=PIN, password_ok=True)
        share(open_funded(other, 0), ben)
    with CaptureQueriesContext(connection) as many:
        for name in ("home", "accounts", "activity", "send"):
            page(ben_online, name)
    assert len(many) <= len(few)


# --- activity, receipt, return --------------------------------------------------------------


def test_what_waits_stands_apart_from_what_is_settled(ada_online, hers, his, send):
    held = send(950_00)
    assert held.is_held
    send(1_00, note="Settled one")
    answer = ada_online.get(reverse("activity"))
    assert [seen.transfer for seen in answer.context["waiting"]] == [held]
    assert held not in [seen.transfer for seen in answer.context["transfers"]]
    only = ada_online.get(reverse("activity"), {"counterparty": his.public_id, "status": "posted"})
    assert [seen.transfer.note for seen in only.context["transfers"]] == ["Settled one"]


def test_the_page_of_a_transfer_is_its_receipt(ada_online, client, hers, his, send):
    transfer = send(10_00, note="Lunch")
    text = page(ada_online, "transfer", transfer.public_id)
    for said in ("Ben Okri", his.number, hers.number, "Lunch", "€990.00", "Value date", "rec_"):
        assert said in text, said
    client.force_login(his.owner)
    text = page(client, "transfer", transfer.public_id)
    assert "€60.00" in text and "Ada Byron" in text
    assert hers.number not in text and "€990.00" not in text and "rec_" not in text


def test_a_receipt_is_one_page_that_says_the_same_every_time(ada_online, hers, his, send):
    note = "<b>Lunch</b> & <img src='file:///etc/passwd'> 昼"
    transfer = send(10_00, note=note)
    address = reverse("receipt", args=[transfer.public_id])
    first, again = ada_online.get(address), ada_online.get(address)
    assert first["Content-Type"] == "application/pdf" and first.content == again.content
    document = pypdf.PdfReader(io.BytesIO(first.content))
    assert len(document.pages) == 1
    text = document.pages[0].extract_text()
    for said in ("−€10.00", "Ben Okri", transfer.public_id, "<b>Lunch</b>", "passwd'> ?"):
        assert said in text, said
    ada_online.force_login(his.owner)
    theirs = pypdf.PdfReader(io.BytesIO(ada_online.get(address).content)).pages[0].extract_text()
    assert "+€10.00" in theirs and hers.number not in theirs


def test_longest_values_stay_on_the_page():
    facts = tuple((f"Name {n}", "w" * 500) for n in range(11))
    document = pypdf.PdfReader(
        io.BytesIO(pdf.render(pdf.Sheet("t" * 60, "€9", "Done", facts, "f" * 300)))
    )
    assert len(document.pages) == 1


def test_what_did_not_move_has_no_receipt_and_a_strangers_neither(client, ada, ben, send, hers):
    held, moved = send(950_00), send(1_00)
    client.force_login(ada)
    assert client.get(reverse("receipt", args=[held.public_id])).status_code == 404
    cleo = User.objects.create_user("cleo@example.org", "correct horse battery", name="Cleo Vane")
    client.force_login(cleo)
    assert client.get(reverse("receipt", args=[moved.public_id])).status_code == 404


def test_the_receiver_sends_it_back_once_and_the_sender_sees_it(client, ada, ben, send, hers, his):
    transfer = send(10_00)
    address = reverse("transfer-return", args=[transfer.public_id])
    client.force_login(ada)
    assert client.get(address).status_code == 404  # it is not hers to return
    client.force_login(ben)
    found = re.search(r'name="request_id" value="([^"]+)"', client.get(address).content.decode())
    assert found
    answers = [client.post(address, {"request_id": found[1]}) for _ in range(2)]
    assert answers[0].url == answers[1].url
    assert client.post(address, {"request_id": "another"}).status_code == 409
    client.force_login(ada)
    text = page(client, "transfer", transfer.public_id)
    assert "has gone back since" in text and "Went back by" in text
    assert "Returned" in page(client, "activity")
    hers.refresh_from_db()
    assert hers.balance.minor == 1_000_00


def test_without_funds_the_return_says_so(client, ben, send, his):
    transfer = send(10_00)
    ledger.move(uuid7(), his, ledger.internal("clearing", "EUR"), Money(55_00, "EUR"))
    client.force_login(ben)
    answer = client.post(reverse("transfer-return", args=[transfer.public_id]), {"request_id": "r"})
    assert answer.status_code == 409 and "cannot cover" in answer.content.decode()
