"""Insights through their doors: the pages, the customer's word, and the API."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from banking.care.services import open_account
from banking.insights import selectors
from banking.models import CategoryChoice, Transfer
from banking.tests.conftest import open_funded
from banking.tests.test_api import API, client_of
from banking.transfers import services
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada_online(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def past(ada, hers, his):
    """Ada paid Ben some days ago; or was paid by him."""

    def do(days, minor, note="", *, back=False):
        order = {"by": ada, "source": hers, "target": his}
        if back:
            order = {"by": his.owner, "source": his, "target": hers}
        return services.record_past(
            kind=Transfer.Kind.TRANSFER,
            amount=Money(minor, "EUR"),
            request_id=str(uuid7()),
            happened_at=timezone.now() - timedelta(days=days),
            note=note,
            **order,
        )

    return do


def page_of(client, name="insights", **query):
    return client.get(reverse(name), query)


# --- the page -------------------------------------------------------------------------------


def test_a_new_customer_is_told_what_will_be_here(ada_online, ada):
    assert "Open an account" in page_of(ada_online).content.decode()
    open_funded(ada, 0)
    assert "Nothing to look at yet" in page_of(ada_online).content.decode()
    assert "Left to spend" in page_of(ada_online, "home").content.decode()


def test_a_month_shows_where_money_went_and_to_whom(ada_online, send):
    send(10_00, note="Lunch")
    send(30_00, note="Rent")
    answer = page_of(ada_online)
    page = answer.content.decode()
    assert [one["group"].name for one in answer.context["categories"]] == ["Housing", "Eating out"]
    assert "Ben Okri" in page and "2 payments" in page and "so far" in page
    assert "We do not know yet" in page  # and no number made of one month


def test_every_chart_has_its_table(ada_online, send):
    send(10_00, note="Lunch")
    send(30_00, note="Rent")
    page = page_of(ada_online).content.decode()
    assert page.count("data-chart=") == page.count("Show as a table") == 3


@pytest.mark.parametrize(
    "query, status",
    [
        ({"month": "2026-13"}, 400),
        ({"month": "1999-01"}, 400),
        ({"month": "x" * 5000}, 400),
        ({"month": ""}, 400),
        ({"month": "٢٠٢٦-١١"}, 400),
        ({"days": "31"}, 400),
        ({"days": "-30"}, 400),
        ({"currency": "USD"}, 404),
        ({"currency": "<script>"}, 404),
        ({"days": "365"}, 200),
    ],
)
def test_what_cannot_be_looked_at_is_refused_by_name(ada_online, send, query, status):
    send(1_00)
    assert page_of(ada_online, **query).status_code == status


def test_months_are_chosen_and_compared_with_the_one_before(ada_online, past):
    this = date.today().replace(day=1)  # noqa: DTZ011  the database's clock is the machine's
    days = (timezone.now().date() - this).days
    past(days + 40, 20_00, "Lunch")
    past(days + 5, 50_00, "Lunch")
    answer = page_of(ada_online, month=f"{this - timedelta(days=3):%Y-%m}")
    (one,) = answer.context["categories"]
    assert one["group"].sum.spending.minor >= 50_00
    assert answer.context["newer"] == this


def test_pages_of_another_customer_are_untouched(ada_online, client, ben, send):
    send(10_00, note="Lunch")
    client.force_login(ben)
    answer = page_of(client)
    assert answer.context["month"].sum.income.minor == 60_00  # what he was sent, and his own
    assert answer.context["categories"] == []


@pytest.mark.parametrize("name", ["insights", "home"])
def test_questions_do_not_grow_with_the_rows(ada_online, send, name):
    assert send(900_00).is_held  # what waits is asked about once, however much waits
    page_of(ada_online, name)
    send(1_00)
    with CaptureQueriesContext(connection) as few:
        page_of(ada_online, name)
    for _ in range(10):
        send(1_00)
    with CaptureQueriesContext(connection) as many:
        page_of(ada_online, name)
    assert len(many) <= len(few)


# --- home -----------------------------------------------------------------------------------


def test_home_says_what_is_left_and_what_comes_tomorrow(ada_online, past):
    for weeks in (4, 3, 2, 1):
        past(weeks * 7 - 1, 5_00, "Class")  # so that tomorrow is the day
    answer = page_of(ada_online, "home")
    (left,) = answer.context["left"]
    assert left.available.minor == 980_00
    assert left.left == left.available - left.committed
    (line,) = answer.context["tomorrow"] or [None]
    if left.until > selectors.today_of(answer.context["user"]):  # not on the last day of a month
        assert (line.name, line.amount.minor) == ("Ben Okri", 5_00)
        assert "Coming tomorrow" in answer.content.decode()


def test_savings_and_frozen_accounts_are_not_for_spending(ada, hers):
    savings = open_account(owner=ada, product="savings", currency="EUR")
    services.send_transfer(
        by=ada, source=hers, target=savings, amount=Money(300_00, "EUR"), request_id="s"
    )
    open_funded(ada, 70, "JPY")
    left = selectors.left_to_spend(ada, selectors.accounts_of(ada))
    assert {one.available for one in left} == {Money(700_00, "EUR"), Money(70, "JPY")}
    assert selectors.left_to_spend(ada, [savings]) == []


def test_money_that_waits_is_not_left_to_spend(ada, send):
    assert send(900_00).is_held
    (left,) = selectors.left_to_spend(ada, selectors.accounts_of(ada))
    assert left.left.minor == 100_00


# --- the customer's word --------------------------------------------------------------------


def address(transfer):
    return reverse("transfer-category", args=[transfer.public_id])


def test_a_category_is_changed_from_the_payment(ada_online, send):
    lunch = send(10_00, note="Lunch")
    assert (
        "Eating out" in ada_online.get(reverse("transfer", args=[lunch.public_id])).content.decode()
    )
    assert "The payment says “lunch”" in ada_online.get(address(lunch)).content.decode()
    answer = ada_online.post(address(lunch), {"category": "gifts", "scope": "all"}, follow=True)
    page = answer.content.decode()
    assert "Gifts and donations" in page and "up to date" in page
    other = send(20_00)
    assert "You chose it for Ben Okri" in ada_online.get(address(other)).content.decode()
    ada_online.post(address(other), {"category": "none", "scope": "all"})
    assert "Nothing told us" in ada_online.get(address(other)).content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"category": "yachts", "scope": "one"},
        {"category": "gifts", "scope": "everybody"},
        {"category": "gifts"},
        {"scope": "one"},
        {"category": "gifts" * 1000, "scope": "one"},
    ],
)
def test_a_wrong_choice_changes_nothing(ada_online, send, form):
    assert ada_online.post(address(send()), form).status_code == 422
    assert not CategoryChoice.objects.exists()


def test_only_money_that_moved_to_or_from_somebody_else_has_a_category(ada, ada_online, ben, send):
    held = send(900_00)
    inside = send(1_00, target=open_funded(ada, 0))
    for transfer in (held, inside):
        assert ada_online.get(address(transfer)).status_code == 404
        form = {"category": "gifts", "scope": "all"}
        assert ada_online.post(address(transfer), form).status_code == 404


def test_what_somebody_else_paid_has_no_category_of_mine(client, olga, send):
    client.force_login(olga)
    form = {"category": "gifts", "scope": "all"}
    assert client.post(address(send()), form).status_code == 404
    assert not CategoryChoice.objects.exists()


def test_both_sides_of_a_payment_have_their_own_word(client, ada, ben, send):
    lunch = send(10_00, note="Lunch")
    for user, category in ((ada, "gifts"), (ben, "salary")):
        client.force_login(user)
        client.post(address(lunch), {"category": category, "scope": "one"})
    assert sorted(CategoryChoice.objects.values_list("customer__name", "category")) == [
        ("Ada Byron", "gifts"),
        ("Ben Okri", "salary"),
    ]


# --- the API --------------------------------------------------------------------------------


def summary(client, **query):
    return client.get(f"{API}/analytics/spending-summary", query)


def groups(client, **query):
    (result,) = summary(client, **query).json()["results"]
    return {group["name"]: group["spending"] for group in result["groups"]}


def test_a_summary_has_each_currency_apart_and_adds_up(adas, ada, send):
    open_funded(ada, 900, "JPY")
    send(10_00, note="Lunch")
    euros, yen = sorted(summary(adas).json()["results"], key=lambda one: one["currency"])
    assert (euros["income"], euros["spending"], euros["net"]) == ("1000.00", "10.00", "990.00")
    assert (yen["currency"], yen["net"]) == ("JPY", "900")
    (group,) = euros["groups"]
    assert group["partial"] is True and group["count"] == 2
    assert [one["currency"] for one in summary(adas, currency="JPY").json()["results"]] == ["JPY"]
    assert summary(adas, currency="CHF").json()["results"] == []


def test_a_summary_is_grouped_as_asked(adas, hers, send):
    send(10_00, note="Lunch"), send(30_00, note="Rent")
    assert groups(adas, by="category") == {
        "Housing": "30.00",
        "Eating out": "10.00",
        "Cash and cards": "0.00",
    }
    assert groups(adas, by="counterparty") == {"Ben Okri": "40.00", "Card top-up": "0.00"}
    assert groups(adas, by="account") == {hers.name: "40.00"}


def test_counterparties_beyond_the_bound_are_one_group(ada, send, olga):
    send(10_00), send(20_00, target=open_funded(olga, 0))
    policy = selectors.InsightsPolicy(groups_max=1)
    flows = [f for f in selectors.flows_of(ada, since=date(2000, 1, 1)) if not f.incoming]
    found = selectors.groups_of(flows, "EUR", selectors.by_counterparty, policy=policy)
    assert [(one.name, one.sum.spending.minor) for one in found] == [
        ("Olga Brandt", 20_00),
        ("Everybody else", 10_00),
    ]


def test_nobody_learns_the_account_of_who_paid_them(client, ben, hers, send):
    send(10_00)
    text = summary(client_of(ben), by="counterparty").content.decode()
    assert "Ada Byron" in text
    assert hers.public_id not in text and hers.owner.public_id not in text


def test_days_are_counted_in(adas, past):
    past(10, 10_00), past(20, 20_00)
    today = timezone.now().date()
    tenth, twentieth = today - timedelta(days=10), today - timedelta(days=20)

    def spent(since, to):
        (result,) = summary(adas, **{"from": since, "to": to}).json()["results"]
        return result["spending"]

    assert spent(twentieth, tenth) == "30.00"
    assert spent(twentieth + timedelta(days=1), tenth) == "10.00"
    assert spent(twentieth, tenth - timedelta(days=1)) == "20.00"


@pytest.mark.parametrize(
    "query, status, code, field",
    [
        ({"from": "2026-02-30"}, 400, "invalid", "from"),
        ({"from": "yesterday"}, 400, "invalid", "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, 400, "period-invalid", "from"),
        ({"from": "2024-01-01", "to": "2026-01-01"}, 400, "period-too-long", "from"),
        ({"by": "planet"}, 400, "invalid", "by"),
        ({"currency": "euro"}, 400, "invalid", "currency"),
        ({"since": "2026-01-01"}, 400, "unknown-field", "since"),
        ({"from": "2025-01-01", "to": "2026-12-31"}, 200, None, None),
        ({"from": "2024-01-01", "to": "2025-12-31"}, 200, None, None),
        ({"from": "0001-01-01", "to": "0001-01-02"}, 200, None, None),
        ({"to": "0001-06-01"}, 200, None, None),
        ({"to": "0002-01-01"}, 200, None, None),
        ({"from": "9999-01-01", "to": "9999-12-31"}, 200, None, None),
    ],
)
def test_a_period_is_judged_by_name(adas, hers, query, status, code, field):
    answer = summary(adas, **query)
    assert answer.status_code == status, answer.content
    assert (answer.json().get("code"), answer.json().get("field")) == (code, field)


def prediction(client, **query):
    return client.get(f"{API}/analytics/spending-prediction", query)


def test_too_short_a_past_gives_no_number(adas, ada, hers, send):
    open_funded(ada, 900, "JPY")
    send(10_00)
    answer = prediction(adas).json()
    assert {one["currency"] for one in answer["results"]} == {"EUR", "JPY"}
    assert {(one["expected"], one["months_checked"]) for one in answer["results"]} == {(None, 0)}
    assert prediction(adas, currency="CHF").json()["results"] == []
    assert prediction(adas, months="3").json()["code"] == "unknown-field"


def test_next_month_is_predicted_with_its_interval(ada, hers, his, adas):
    for month in range(1, 10):
        services.record_past(
            kind=Transfer.Kind.TRANSFER, by=ada, source=hers, target=his, request_id=f"m{month}",
            amount=Money(40_00 + month % 3 * 100, "EUR"), note="Lessons",
            happened_at=datetime(2026, month, 2, tzinfo=UTC),
        )  # fmt: skip
    with time_machine.travel(datetime(2026, 10, 20, tzinfo=UTC)):
        answer = prediction(client_of(ada)).json()
    (one,) = answer["results"]
    assert answer["month"] == "2026-11"
    assert one["months_known"] == 9 and one["months_checked"] == 7
    assert 38 < float(one["low"]) <= float(one["expected"]) <= float(one["high"]) < 45
    assert 0.8 <= one["coverage"] < 1


def test_strangers_have_no_analytics():
    assert summary(APIClient()).status_code == prediction(APIClient()).status_code == 401
