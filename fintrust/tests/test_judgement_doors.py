"""The officer's pages about judging: monitoring, fairness, what-if."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

import fraud.services
from audit.models import Record
from banking.models import Transfer
from banking.transfers import services as transfers
from fintrust.console.books import BYTE_ORDER_MARK
from fintrust.core import roles
from fintrust.core.ids import uuid7
from fintrust.tests import builders
from fintrust.tests.test_console import signed_in
from fraud.labels.services import label
from fraud.models import Alert, Decision
from fraud.monitoring.fairness import ENOUGH
from fraud.rulebook import services as rules
from fraud.stream.services import take
from fraud.tests.factories import limit_payments
from fraud.tests.stream_help import message, raw
from fraud.tests.test_rulebook import in_force
from fraud.tests.test_rulebook import officer as author

pytestmark = pytest.mark.django_db
MONITORING, FAIRNESS, WHAT_IF = "/admin/monitoring/", "/admin/fairness/", "/admin/what-if/"
PAGES = [MONITORING, FAIRNESS, FAIRNESS + "csv/", WHAT_IF]


@pytest.fixture(autouse=True)
def fresh_budget():
    cache.clear()


@pytest.fixture
def officer():
    return signed_in(roles.COMPLIANCE, "Olga Fisher")


@pytest.fixture
def two():
    return builders.two_accounts()


@pytest.fixture
def busy(two):
    """One payment that passed, one that was held, one that was refused."""
    builders.held(*two)
    builders.send(two[0], two[1], 4_00)
    builders.alert(*two)
    return two


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [roles.AUDITOR, roles.COMPLIANCE, roles.ADMINISTRATOR])
def test_who_reads_decisions_opens_the_pages(role, page):
    assert signed_in(role).get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_support_and_customers_do_not(page):
    assert signed_in(roles.SUPPORT).get(page).status_code == 403
    assert signed_in(roles.CUSTOMER).get(page).status_code in {302, 403}


# --- monitoring -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["day", "week", "month"])
def test_monitoring_of_a_quiet_bank_is_a_page(officer, name):
    page = officer.get(MONITORING, {"range": name})
    assert page.status_code == 200
    assert page.context["scores"].decisions == 0
    text = page.content.decode()
    for words in ("Nothing was held or refused", "No alert was raised", "No payment was held"):
        assert words in text


@pytest.mark.parametrize("name", ["day", "week", "month"])
def test_monitoring_counts_what_was_decided(officer, busy, name):
    page = officer.get(MONITORING, {"range": name})
    counts = page.context["scores"].counts
    assert (counts["FLAGGED"], counts["BLOCKED"]) == (1, 1)
    assert counts["VERIFIED"] == Decision.objects.filter(verdict="VERIFIED").count()
    assert sum(page.context["scores"].bins) == Decision.objects.count()
    codes = {one.name: (one.held, one.refused) for one in page.context["reasons"]}
    assert codes["Largest amount"] == (0, 1)
    assert codes["New payee large amount"][0] == 1
    assert [decision.verdict for decision in page.context["newest"]] == ["BLOCKED", "FLAGGED"]


@pytest.mark.parametrize("name", ["day", "week", "month"])
def test_monitoring_counts_what_a_stream_told_of_late_when_it_came(officer, name):
    """Everything on the page goes by one clock, or a rule would match more than was decided."""
    author = builders.person(roles.COMPLIANCE, "Rita Ruler")
    version = rules.write_rule(
        by=author, name="Any", purpose="All", condition="amount > 0", action="hold"
    )
    rules.try_out(version=version, by=author)
    streamed(3, at=(datetime.now(UTC) - timedelta(days=40)).isoformat())
    page = officer.get(MONITORING, {"range": name})
    assert page.context["scores"].decisions == 3
    assert [one.hits for one in page.context["officers"]] == [3]
    assert "By when it was decided" in page.content.decode()


@pytest.fixture(params=[True, False], ids=["to an officer", "refused"])
def blocked(request, settings, two):
    """One payment that an officers' rule blocks, under either setting; and whether it is held."""
    settings.FRAUD_BLOCKED_TO_REVIEW = request.param
    people = [author(f"{name}@example.org", "write_rule", "decide_rule") for name in ("a", "b")]
    in_force(*people, condition="amount > 5", action="block", name="Over five")
    transfer = builders.send(two[0], two[1], 6_00)
    assert transfer.decision.verdict == "BLOCKED"
    assert transfer.status == ("held" if request.param else "refused")
    return request.param


@pytest.mark.parametrize("name", ["day", "week", "month"])
def test_monitoring_counts_what_became_of_what_was_blocked(officer, blocked, name):
    page = officer.get(MONITORING, {"range": name})
    effects = page.context["scores"].effects
    assert (effects["held"], effects["refused"]) == (int(blocked), int(not blocked))
    assert {card["label"]: card["value"] for card in page.context["cards"]}["Held"] == int(blocked)
    assert page.context["rates"]["rows"][0][1:] in {("50.0%", "0.0%"), ("0.0%", "50.0%")}
    assert page.context["rates"]["rows"][0][1] == ("50.0%" if blocked else "0.0%")
    assert page.context["over_time"]["rows"][0][2:] == (int(blocked), int(not blocked))
    (reason,) = [one for one in page.context["reasons"] if one.name == "Over five"]
    assert (reason.held, reason.refused) == (int(blocked), int(not blocked))
    assert page.context["step_ups"] == ([("still wait", 1)] if blocked else [])
    assert ("held for an officer" in page.content.decode()) is blocked


def test_fairness_counts_what_became_of_what_was_blocked(officer, blocked):
    (currency,) = groups_of(officer.get(FAIRNESS), "currency").values()
    assert (currency.held.count, currency.refused.count) == (int(blocked), int(not blocked))
    assert currency.stopped.count == 1
    text = officer.get(FAIRNESS + "csv/").content.decode()
    row = next(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    assert (row["held"], row["refused"]) == (str(int(blocked)), str(int(not blocked)))


def test_monitoring_says_what_was_refused_by_own_limits(officer, busy):
    assert "refused by own limit" in officer.get(MONITORING).content.decode()


def test_monitoring_raises_no_alarm_of_a_few_scores(officer, busy):
    page = officer.get(MONITORING)
    assert (page.context["drift"]["index"], page.context["drift"]["tone"]) == (None, "")
    assert "too few to tell" in page.content.decode()


def test_monitoring_shows_how_held_payments_ended(officer, busy):
    held = Transfer.objects.get(status="held")
    transfers.cancel_transfer(transfer=held, by=held.source.owner)
    assert officer.get(MONITORING).context["step_ups"] == [("cancelled by the customer", 1)]


def test_monitoring_times_the_answers_to_alerts(officer, busy):
    alert = Alert.objects.get(kind="limit")
    fraud.services.acknowledge_alert(alert=alert, by=alert.decision.customer)
    answers = {one.name: one for one in officer.get(MONITORING).context["answers"]}
    assert (answers["Low"].ended, answers["Low"].waiting) == (1, 0)
    assert timedelta() <= answers["Low"].median < timedelta(minutes=1)
    assert (answers["Medium"].ended, answers["Medium"].median) == (0, None)


def test_monitoring_says_how_old_labels_are(officer, busy):
    decision = Transfer.objects.filter(status="posted", kind="transfer").get().decision
    label(decision, fraud=False, source="customer", by=decision.customer)
    (ages,) = officer.get(MONITORING).context["labels"]
    assert ages.ended == 1 and ages.median < timedelta(minutes=1)


def test_monitoring_asks_a_fixed_number_of_questions(officer, busy):
    officer.get(MONITORING)  # the session is told apart from others when it is first seen
    with CaptureQueriesContext(connection) as before:
        officer.get(MONITORING)
    for _ in range(5):
        builders.alert(*busy)
    with CaptureQueriesContext(connection) as after:
        officer.get(MONITORING)
    assert len(after) == len(before)


def test_a_range_nobody_offered_is_a_mistake(officer):
    assert officer.get(MONITORING, {"range": "century"}).status_code == 400
    assert officer.get(FAIRNESS, {"days": "99999999999"}).status_code == 400


# --- fairness -------------------------------------------------------------------------------


def test_fairness_counts_by_group_and_leaves_own_limits_out(officer, busy):
    page = officer.get(FAIRNESS)
    products = {one.name: found for one, found in page.context["groupings"]}["product"]
    assert [(one.payments, one.held.count, one.refused.count) for one in products] == [(2, 1, 0)]
    assert page.context["own_limits"] == 1
    text = page.content.decode()
    assert "Too few payments to tell" in text
    assert "stores nothing about origin, sex, faith, age or health" in text


def streamed(count, **changes):
    """Payments of elsewhere, of one customer."""
    person = builders.person(roles.CUSTOMER, f"Cleo {uuid7().hex}")
    events = [
        message(raw(person, **({"amount": "1.00", "at": datetime.now(UTC).isoformat()} | changes)))
        for _ in range(count)
    ]
    taken = take(events)
    assert Decision.objects.of(person).count() == count, taken
    return Decision.objects.of(person)


def groups_of(page, grouping):
    found = {one.name: groups for one, groups in page.context["groupings"]}[grouping]
    return {one.name: one for one in found}


def test_fairness_counts_payments_whichever_door_they_came_by(officer, two):
    builders.send(two[0], two[1], 4_00)
    streamed(3, channel="card")
    streamed_in = streamed(2, kind="deposit", counterparty=None)
    assert streamed_in.count() == 2  # money that arrives is stopped by nobody
    page = officer.get(FAIRNESS)
    assert page.context["payments"] == 4
    products, channels = groups_of(page, "product"), groups_of(page, "channel")
    assert {name: one.payments for name, one in products.items()} == {
        "Current account": 1, "From elsewhere": 3,
    }  # fmt: skip
    assert {name: one.payments for name, one in channels.items()} == {
        "Online banking": 1, "card": 3,
    }  # fmt: skip


@pytest.mark.parametrize("count, judged", [(ENOUGH - 1, 0), (ENOUGH, 2)])
def test_fairness_says_which_groups_can_be_judged(officer, count, judged):
    streamed(count, channel="card")
    streamed(ENOUGH, channel="app")
    page = officer.get(FAIRNESS)
    assert page.context["groups_judged"] == judged
    text = page.content.decode()
    total = page.context["groups"]
    assert f"{judged} of {total} groups have enough payments to be judged" in text
    assert ("No group that can be judged stands out" in text) is bool(judged)
    assert ("Too few payments to tell" in text) is not bool(judged)
    assert len(re.findall(r"\(too few( others)? to tell\)", text)) == total - judged


def test_fairness_of_a_quiet_bank_is_a_page(officer):
    assert "No payments yet" in officer.get(FAIRNESS).content.decode()


def test_the_fairness_file_says_the_same_and_leaves_a_record(officer, busy):
    text = officer.get(FAIRNESS + "csv/").content.decode()
    assert text.startswith(BYTE_ORDER_MARK)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    assert {row["grouping"] for row in rows} == {
        "product", "channel", "currency", "age", "zone", "hour",
    }  # fmt: skip
    (currency,) = (row for row in rows if row["grouping"] == "currency")
    assert (currency["group"], currency["payments"], currency["held"]) == ("EUR", "2", "1")
    assert currency["far"] == "too few to tell"
    assert currency["stopped_share"] == "0.500000"
    assert Record.objects.filter(action="fraud.fairness.downloaded").count() == 1


# --- what-if ----------------------------------------------------------------------------------


def asked(two, **changes):
    numbers = {"source": two[0].number, "payee": two[1].number}
    return numbers | {"amount": "600", "at": "", "place": "", "known": ""} | changes


def test_an_officer_asks_and_the_look_is_remembered(officer, two):
    page = officer.post(WHAT_IF, asked(two))
    assert "It would be held" in page.content.decode()
    assert Record.objects.get(purpose="what-if").owner_id == two[0].owner_id
    assert not Transfer.objects.filter(kind="transfer").exists()


def test_an_officer_is_told_that_it_is_the_customers_own_limit(officer, two):
    limit_payments(two[0].owner, {"EUR": 5_00})
    text = officer.post(WHAT_IF, asked(two)).content.decode()
    assert "own limit, whatever the risk" in text
    assert "safe; ruleset" not in text


def test_an_officer_pretends_that_other_things_were_known(officer, two):
    known = "pair_count = 3\n\npair_largest=60000"
    page = officer.post(WHAT_IF, asked(two, known=known))
    assert "It would be sent" in page.content.decode()


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"source": "FT00"}, "source"),
        ({"payee": "acc_x"}, "payee"),
        ({"amount": "-1"}, "amount"),
        ({"known": "pair_count"}, "known"),
        ({"known": "pair_count = many"}, "known"),
        ({"known": "pair_count = ٣"}, "known"),
        ({"known": "pair_count = 1\npair_count = 2"}, "known"),
        ({"known": "score = 0"}, "known"),
        ({"known": "pair_count = " + "9" * 400}, "known"),
        ({"known": "x" * 1_001}, "known"),
        ({"at": "2001-01-01T00:00"}, "at"),
    ],
)
def test_a_bad_question_is_told_beside_its_field(officer, two, changes, field):
    page = officer.post(WHAT_IF, asked(two, **changes))
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not re.search("Traceback", page.content.decode())


def test_the_moment_of_a_question_is_on_the_officers_clock(officer, two):
    at = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert officer.post(WHAT_IF, asked(two, at=at)).status_code == 200
