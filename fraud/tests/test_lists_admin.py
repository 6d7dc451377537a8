"""The officers' room of the bank's lists: written, found, agreed to and lifted by pages."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from fraud import services as judging
from fraud.lists import selectors
from fraud.lists import services as listing
from fraud.models import ListEntry
from fraud.tests.factories import customer, facts
from fraud.tests.test_lists import RIGHTS, WHY, state, write
from fraud.tests.test_rulebook import officer

pytestmark = pytest.mark.django_db
WORDS = {"kind": "payee", "value": "acc-of-elsewhere", "effect": "block", "days": "", "reason": WHY}


@pytest.fixture
def olga():
    return officer("olga@example.com", *RIGHTS)


@pytest.fixture
def otto():
    return officer("otto@example.com", *RIGHTS)


@pytest.fixture
def desk(client, olga):
    client.force_login(olga)
    return client


def url(page, *args, model="listentry"):
    return reverse(f"admin:fraud_{model}_{page}", args=args)


def text(answer):
    return answer.content.decode()


def test_something_is_listed_on_a_page_and_found(desk):
    assert "Nothing is listed" in text(desk.get(url("changelist")))
    answer = desk.post(url("write"), WORDS)
    assert answer.headers["Location"] == url("changelist")
    entry = ListEntry.objects.get()
    assert (entry.value, entry.effect, entry.until) == ("acc-of-elsewhere", "block", None)
    page = text(desk.get(url("change", entry.pk)))
    assert "In force" in page and WHY in page and "Agree" not in page


def test_days_become_an_end(desk):
    desk.post(url("write"), WORDS | {"effect": "trust", "days": "90"})
    until = ListEntry.objects.get().until
    assert until is not None
    left = until - timezone.now()
    assert timedelta(days=89, hours=23) < left <= timedelta(days=90)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"kind": "customer", "value": "usr_1"}, "No customer has this id"),
        ({"kind": "account", "value": "acc_1"}, "no account number of this bank"),
        ({"kind": "address", "value": "192.0.2.1/24"}, "An address is like"),
        ({"kind": "address", "value": "10.0.0.0/8"}, "at least 16 bits"),
        ({"value": ""}, "required"),
        ({"reason": "Too few"}, "at least 10"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"effect": "trust"}, "Trust ends"),
        ({"effect": "trust", "days": "91"}, "Trust ends"),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"effect": "adore"}, "valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_lists_nothing(desk, change, said):
    answer = desk.post(url("write"), WORDS | change)
    assert answer.status_code == 200 and said in text(answer)
    assert not ListEntry.objects.exists()


def test_what_is_listed_twice_is_said_so(desk):
    desk.post(url("write"), WORDS)
    assert "with the same effect already" in text(desk.post(url("write"), WORDS))


def test_trust_takes_two_pages_and_two_people(client, olga, otto):
    client.force_login(olga)
    client.post(url("write"), WORDS | {"effect": "trust", "days": "30"})
    entry = ListEntry.objects.get()
    assert client.get(url("approve", entry.pk)).status_code == 403
    client.force_login(otto)
    assert "Agree to trust it" in text(client.get(url("change", entry.pk)))
    client.post(url("approve", entry.pk), {"reason": ""})
    assert state(entry) == selectors.IN_FORCE
    client.post(url("lift", entry.pk), {"reason": "They were sold"})
    assert state(entry) == selectors.LIFTED


def test_lifting_takes_two_pages_and_two_people(client, olga, otto):
    entry = write(olga)
    client.force_login(olga)
    assert "Ask to lift it" in text(client.get(url("lift", entry.pk)))
    client.post(url("lift", entry.pk), {"reason": "It was another one"})
    assert state(entry) == selectors.LIFTING
    assert client.get(url("agree", entry.pk)).status_code == 403
    client.force_login(otto)
    client.post(url("agree", entry.pk), {"reason": "I see"})
    assert state(entry) == selectors.LIFTED
    page = text(client.get(url("change", entry.pk)))
    assert "Lifting asked for by" in page and "It was another one" in page and "I see" in page


def test_who_only_reads_is_offered_no_deed(client, olga):
    entry = write(olga)
    client.force_login(officer("reader@example.com", "view_listentry"))
    page = text(client.get(url("change", entry.pk)))
    assert WHY in page and url("lift", entry.pk) not in page
    for page in (url("write"), url("lift", entry.pk)):
        assert client.get(page).status_code == 403
    client.force_login(customer())
    assert client.get(url("changelist")).status_code in (302, 403, 404)


def test_entries_are_filtered_and_searched(desk, olga, otto):
    ada = customer()
    network = write(olga, kind="address", value="192.0.2.0/24")
    trusted = write(olga, "trust", value="acc-trusted")
    of_ada = write(olga, kind="customer", value=ada.public_id)
    lifted = write(olga, value="acc-lifted")
    listing.ask_to_lift(entry=lifted, by=olga, reason="It was another one")
    asked = write(olga, value="acc-asked")
    listing.ask_to_lift(entry=asked, by=olga, reason="It was another one")
    listing.agree_to_lift(entry=lifted, by=otto)

    def found(query):
        page = text(desk.get(f"{url('changelist')}?{query}"))
        all_of_them = (network, trusted, of_ada, lifted, asked)
        return {entry for entry in all_of_them if url("change", entry.pk) in page}

    assert found("state=force") == {network, of_ada, asked}
    assert found("state=waiting") == {trusted, asked}
    assert found("state=ended") == {lifted}
    assert found("q=192.0.2.77") == {network}
    assert found("q=192.0.3.77") == set()
    assert found(f"q={ada.public_id}") == {of_ada}
    assert found(f"q={asked.public_id}") == {asked}
    assert found("q=acc-tru") == {trusted}
    assert found("q=three+reports") == {network, trusted, of_ada, lifted, asked}
    assert found("effect__exact=trust") == {trusted}


def test_the_sidebar_counts_what_waits(desk, olga):
    def badge():
        index = text(desk.get(reverse("admin:index")))
        link = index.partition(url("changelist"))[2].partition("</a>")[0]
        return re.search(r">\s*1\s*<", link) is not None

    assert not badge()
    write(olga, "trust")
    assert badge()


def test_payee_and_device_are_listed_from_the_decision_that_names_them(desk, olga):
    ada = customer()
    decision = judging.assess(
        facts(customer_id=ada.pk, counterparty="acc-1", device="web:1", at=timezone.now())
    )
    page = text(desk.get(url("change", decision.pk, model="decision")))
    assert "List the payee" in page and "List the device" in page
    for deed, value in (("list_payee", "acc-1"), ("list_device", "web:1")):
        form = desk.get(url(deed, decision.pk, model="decision"), follow=True)
        assert f'value="{value}"' in text(form)
    nobody = judging.assess(facts(customer_id=ada.pk, counterparty="", at=timezone.now()))
    page = text(desk.get(url("change", nobody.pk, model="decision")))
    assert "List the payee" not in page


def test_a_decision_shows_officers_the_entries_behind_it(desk, olga):
    entry, ada = write(olga, value="acc-1"), customer()
    asked = facts(customer_id=ada.pk, counterparty="acc-1", at=timezone.now())
    decision = judging.assess(asked)
    page = text(desk.get(url("change", decision.pk, model="decision")))
    assert url("change", entry.pk) in page and "payee: block" in page
