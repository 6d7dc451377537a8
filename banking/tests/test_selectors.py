"""Reading a history from its sides: complete, in order, each transfer once, and bounded."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from banking import selectors
from banking.models import Entry, Transfer
from banking.selectors import Filters
from banking.tests.conftest import open_funded
from banking.transfers import services
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture
def savings(ada):
    return open_funded(ada, 0)


@pytest.fixture
def answer(ben, his, hers):
    """Ben sends Ada money."""

    def do(minor: int = 1_00) -> Transfer:
        return services.send_transfer(
            by=ben, source=his, target=hers, amount=Money(minor, "EUR"), request_id=str(uuid7())
        )

    return do


def test_what_was_sent_and_what_arrived_stand_in_one_order(ada, send, answer):
    made = [send(), answer(), send(), answer()]
    assert selectors.transfers_of(ada).newest(4) == made[::-1]
    assert selectors.transfers_of(ada).newest(3) == made[:0:-1]


def test_a_transfer_between_own_accounts_stands_once(ada, savings, send):
    inside = send(target=savings)
    assert selectors.transfers_of(ada).newest(2)[0] == inside
    assert selectors.transfers_of(ada).newest(9).count(inside) == 1


def test_pages_follow_each_other_without_gap_or_repetition(ada, savings, send, answer):
    made = [send(), answer(), send(target=savings), answer(), send()]
    seen: list[Transfer] = []
    before: str | None = None
    while before != "":
        found = selectors.history(ada, Filters(kind="transfer"))
        page = selectors.transfers_page(found, before=before, size=2)
        seen, before = [*seen, *page.rows], page.next
    assert seen == made[::-1]


def test_one_account_shows_what_left_it_and_what_reached_it(ada, hers, savings, send, answer):
    outside, inside, back = send(), send(target=savings), answer()
    on_savings = selectors.history(ada, Filters(account=savings.public_id))
    on_hers = selectors.history(ada, Filters(account=hers.public_id, kind="transfer"))
    assert on_savings.newest(9) == [inside]
    assert on_hers.newest(9) == [back, inside, outside]


def test_somebody_without_accounts_has_an_empty_history(olga):
    assert selectors.transfers_of(olga).newest(9) == []


def test_payees_stand_once_and_the_last_one_first(ada, olga, send, savings, his):
    other = open_funded(olga, 0)
    for target in (his, other, his, savings):
        send(target=target)
    assert selectors.recent_payees(ada) == [his, other]


@pytest.mark.parametrize("days_ago", [0, 27, 28, 29, 60])
def test_the_chart_ends_at_the_balance_and_steps_by_value_date(ada, hers, his, days_ago):
    services.record_past(
        kind=Transfer.Kind.TRANSFER,
        by=ada,
        source=hers,
        target=his,
        amount=Money(40_00, "EUR"),
        request_id=str(uuid7()),
        happened_at=timezone.now() - timedelta(days=days_ago),
    )
    hers.refresh_from_db()
    chart = selectors.balance_chart([hers])
    assert chart.balances[-1] == hers.balance
    changes = Entry.objects.filter(account_id=hers.pk, value_date__gt=chart.days[0])
    by_day = changes.values_list("value_date").annotate(change=Sum("amount_minor"))
    assert {
        day: after.minor - before.minor
        for day, (before, after) in zip(chart.days[1:], pairwise(chart.balances), strict=True)
        if after != before
    } == dict(by_day)


def test_a_chart_reads_no_entries_from_before_its_days(ada, hers, send):
    """Older rows are passed over by the index, not read: the plan has a bound from below."""
    send()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        since = timezone.now().date()
        parameters = {"accounts": [hers.pk], "since": since}
        cursor.execute("EXPLAIN " + selectors._CHANGES_BY_DAY, parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for side in ("debit", "credit"):
        assert f"({side}_id = account.id) AND ({side}_seq > " in plan
