"""What an account may send in a day and a month: counted under its lock, and told."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from audit.models import Record
from banking.care.services import open_account
from banking.errors import InternalAccount
from banking.ledger import internal
from banking.limits.errors import AccountLimitReached, InvalidAccountLimit
from banking.limits.selectors import allowance
from banking.limits.services import set_account_limit
from banking.models import AccountLimit, Movement, Outgoing, Transfer
from banking.profile import change_profile
from banking.reasons import ReasonMissing
from banking.tests.conftest import open_funded
from banking.tests.test_api import ask, client_of
from banking.tests.test_ledger_concurrency import at_once
from banking.transfers import services
from fintrust.core.errors import Forbidden
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, Money
from fraud.tests.factories import limit_payments

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)  # clocks go forward in Europe on this day


@pytest.fixture
def limit(hers, treasurer):
    def do(**limits):
        return set_account_limit(account=hers, by=treasurer, reason="asked by phone", **limits)

    return do


def sent(account):
    return [(row.count, int(row.minor)) for row in Outgoing.objects.filter(account=account)]


@pytest.mark.django_db
class TestWindows:
    @pytest.mark.parametrize("minor, works", [(20_00, True), (20_01, False)])
    def test_a_day_ends_at_its_limit(self, send, limit, hers, minor, works):
        limit(day_minor=30_00)
        send(10_00)
        if works:
            assert send(minor).status == Transfer.Status.POSTED
        else:
            before = [Transfer.objects.count(), Movement.objects.count(), Record.objects.count()]
            with pytest.raises(AccountLimitReached) as refused, transaction.atomic():
                send(minor)
            said = refused.value.extra
            assert (said["left"], said["window"], said["payments_left"]) == ("20.00", "day", 9_999)
            after = [Transfer.objects.count(), Movement.objects.count(), Record.objects.count()]
            assert after == before
            assert sent(hers) == [(1, 10_00)]

    def test_so_many_payments_and_no_more(self, send, limit):
        limit(day_count=2)
        send(1)
        send(1)
        with pytest.raises(AccountLimitReached, match="2 payments a day"), transaction.atomic():
            send(1)

    def test_a_month_ends_at_its_limit_and_the_next_begins_anew(self, send, limit, ada):
        limit(month_minor=30_00)
        with time_machine.travel(datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), tick=False):
            send(30_00)
            with pytest.raises(AccountLimitReached) as refused, transaction.atomic():
                send(1)
            assert refused.value.extra["window"] == "month"
            assert refused.value.extra["resets_at"] == "2026-04-01T00:00:00+00:00"
        with time_machine.travel(datetime(2026, 4, 1, tzinfo=UTC), tick=False):
            send(30_00)

    def test_a_day_is_the_banks_so_that_no_time_zone_begins_it_twice(self, send, limit, ada):
        limit(day_minor=10_00)
        with time_machine.travel(NOON, tick=False):
            send(10_00)
            for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
                change_profile(user=ada, name=ada.name, phone="", timezone=zone)
                with pytest.raises(AccountLimitReached), transaction.atomic():
                    send(1)
        with time_machine.travel(NOON + timedelta(hours=12), tick=False):
            send(10_00)

    def test_what_waits_counts_and_what_is_cancelled_counts_no_more(self, send, hers, ada):
        held = send(900_00)
        assert held.is_held and sent(hers) == [(1, 900_00)]
        services.cancel_transfer(transfer=held, by=ada)
        assert sent(hers) == [(0, 0)]

    def test_what_expires_is_given_back_to_the_day_it_was_asked_for(self, send, hers):
        with time_machine.travel(NOON, tick=False):
            held = send(900_00)
        with time_machine.travel(NOON + timedelta(days=4), tick=False):
            assert services.expire_transfers() == 1
            assert Outgoing.objects.get(account=hers, day=date(2026, 3, 29)).count == 0
            send(1_00)
        assert held.is_held and len(sent(hers)) == 2

    def test_what_fraud_refused_what_comes_in_and_the_past_do_not_count(
        self, send, hers, his, ada, ben
    ):
        limit_payments(ada, {"EUR": 5_00})
        assert send(6_00).status == Transfer.Status.REFUSED
        services.send_transfer(
            by=ben, source=his, target=hers, amount=Money(1_00, "EUR"), request_id="r"
        )
        services.record_past(
            kind=Transfer.Kind.TRANSFER, by=ada, source=hers, target=his, amount=Money(1_00, "EUR"),
            request_id="p", happened_at=NOON - timedelta(days=400),
        )  # fmt: skip
        assert sent(hers) == []

    def test_a_withdrawal_counts_like_a_transfer(self, limit, ada, hers):
        limit(day_minor=10_00)
        with pytest.raises(AccountLimitReached), transaction.atomic():
            services.withdraw(by=ada, account=hers, amount=Money(10_01, "EUR"), request_id="w")

    def test_every_product_has_limits_in_its_own_currency(self, ada):
        yen = open_account(owner=ada, product="wallet", currency="JPY")
        assert allowance(yen).day.limit == Money(800_000, "JPY")
        euro = open_account(owner=ada, product="checking", currency="EUR")
        assert allowance(euro).left == Money(100_000_00, "EUR")


@pytest.mark.django_db
class TestSettingThem:
    def test_the_newest_counts_and_the_old_ones_stay(self, limit, hers, treasurer):
        limit(day_minor=0, day_count=5)
        assert allowance(hers).left == Money(0, "EUR")
        limit(month_minor=7_00)
        found = allowance(hers)
        assert (found.day.limit.minor, found.month.limit.minor) == (100_000_00, 7_00)
        record = Record.objects.filter(action="banking.account.limited").last()
        assert record.owner == hers.owner and record.reason == "asked by phone"
        assert AccountLimit.objects.count() == 2
        with pytest.raises(DatabaseError), transaction.atomic():
            AccountLimit.objects.all().delete()

    @pytest.mark.parametrize(
        "change, problem",
        [
            ({"day_minor": -1}, InvalidAccountLimit),
            ({"month_minor": MINOR_MAX + 1}, InvalidAccountLimit),
            ({"day_count": 1_000_001}, InvalidAccountLimit),
            ({"reason": "no"}, ReasonMissing),
            ({"reason": "x" * 501}, ReasonMissing),
        ],
    )
    def test_a_wrong_limit_is_refused(self, hers, treasurer, change, problem):
        request = {"account": hers, "by": treasurer, "reason": "asked by phone", **change}
        with pytest.raises(problem), transaction.atomic():
            set_account_limit(**request)
        assert not AccountLimit.objects.exists()

    def test_customers_and_the_banks_own_accounts_have_no_say(self, hers, ada, treasurer):
        with pytest.raises(Forbidden):
            set_account_limit(account=hers, by=ada, reason="I want more")
        clearing = internal("clearing", "EUR")
        with pytest.raises(InternalAccount):
            set_account_limit(account=clearing, by=treasurer, reason="a mistake")


@pytest.mark.django_db
class TestDoors:
    def test_the_api_tells_what_is_left_and_of_ones_own_accounts_only(
        self, send, limit, ada, hers, his
    ):
        limit(day_minor=30_00, day_count=3)
        send(10_00)
        adas = client_of(ada)
        told = adas.get(f"/api/v1/accounts/{hers.public_id}/limits").json()
        assert told["left"] == told["day"]["left"] == "20.00"
        assert (told["payments_left"], told["day"]["sent"]) == (2, "10.00")
        assert adas.get(f"/api/v1/accounts/{his.public_id}/limits").status_code == 404
        body = {"source": hers.public_id, "target": his.public_id, "currency": "EUR"}
        refused = ask(adas, "transfer", amount="20.01", **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "account-limit-reached")
        assert refused.json()["left"] == "20.00"

    def test_the_account_page_says_what_is_left_today(self, send, limit, client, ada, hers):
        limit(day_minor=30_00)
        send(10_00)
        client.force_login(ada)
        page = client.get(reverse("account", args=[hers.public_id])).content.decode()
        assert "Left to send today" in page and "€20.00" in page


@pytest.mark.usefixtures("bank")
def test_many_tabs_at_once_send_no_more_than_the_limit():
    def person(name):
        return User.objects.create_user(f"{name}@example.org", "correct horse battery", name=name)

    treasurer = person("root")
    treasurer.is_superuser = True
    ada = person("ada")
    hers, his = open_funded(ada, 1_000_00), open_funded(person("ben"), 0)
    set_account_limit(account=hers, by=treasurer, reason="a test", day_minor=35_00)

    def tab():
        try:
            services.send_transfer(
                by=ada, source=hers, target=his, amount=Money(10_00, "EUR"), request_id=str(uuid7())
            )
        except AccountLimitReached:
            return False
        return True

    assert sorted(at_once(*[tab] * 6)) == [False] * 3 + [True] * 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count, minor FROM banking_outgoing WHERE account_id = %s", [hers.pk])
        assert cursor.fetchall() == [(3, 30_00)]
