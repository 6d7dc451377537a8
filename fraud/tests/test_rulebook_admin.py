"""The officers' rooms about rules: written, checked, tried, agreed to, rolled back, by pages."""

import pytest
from django.urls import reverse

from fraud import services as judging
from fraud.models import Backtest, Case, Ruleset, RuleVersion
from fraud.rulebook import hits, selectors, services
from fraud.rulebook.force import NEUTRAL
from fraud.tests.factories import customer, facts
from fraud.tests.test_api import client_of
from fraud.tests.test_rulebook import has_backtest, in_force, officer, proposed, state, write

pytestmark = pytest.mark.django_db
VIEW = ("view_ruleversion", "view_ruleset", "view_backtest", "view_decision")
BUDGET = {"hour_max": 20, "day_max": 100, "hundred_max": 10}


@pytest.fixture
def author():
    return officer("author@example.com", "write_rule", "decide_rule", *VIEW)


@pytest.fixture
def second():
    return officer("second@example.com", "write_rule", "decide_rule", *VIEW)


@pytest.fixture
def desk(client, author):
    client.force_login(author)
    return client


def url(page, *args, model="ruleversion"):
    return reverse(f"admin:fraud_{model}_{page}", args=args)


def text(answer):
    return answer.content.decode()


WORDS = {
    "name": "Big to strangers", "purpose": "Takeovers",
    "condition": "amount_vs_median>5 and new_payee",
    "action": "hold", "sentence": "", **BUDGET,
}  # fmt: skip


def test_a_rule_is_written_on_a_page(desk, author):
    assert "amount_vs_median" in text(desk.get(url("write")))
    answer = desk.post(url("write"), WORDS)
    version = RuleVersion.objects.get()
    assert answer.headers["Location"] == url("change", version.pk)
    page = text(desk.get(url("change", version.pk)))
    assert "The amount is more than 5 times the customer&#x27;s usual payment" in page
    assert "Put on trial" in page and "Approve" not in page


@pytest.mark.parametrize(
    "change, said",
    [
        ({"condition": "amount_vs_medain > 5"}, "Did you mean `amount_vs_median`?"),
        ({"condition": ""}, "required"),
        ({"name": "ab"}, "at least 3"),
        ({"hundred_max": "101"}, "less than or equal to 100"),
        ({"hour_max": "many"}, "whole number"),
        ({"action": "explode"}, "valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_makes_no_rule(desk, change, said):
    answer = desk.post(url("write"), WORDS | change)
    assert answer.status_code == 200 and said in text(answer)
    assert not RuleVersion.objects.exists()


def test_a_name_that_is_taken_is_said_beside_it(desk, second):
    write(second)
    answer = desk.post(url("write"), WORDS)
    assert "Another rule has this name already." in text(answer)


@pytest.mark.parametrize(
    "condition, said",
    [
        ("new_payee", "The payee is new."),
        ("amount > 'x'", "cannot be compared with a text"),
        ("hour > 2\nand contry = 'GB'", "and contry = &#x27;GB&#x27;\n    ^"),
        ("", "plain English"),
        ("channel = '<script>'", "“&lt;script&gt;”"),
        ("hour between 22 and 6", "Did you mean <code>hour &gt;= 22 or hour &lt; 6</code>?"),
    ],
)
def test_a_condition_is_checked_while_it_is_written(desk, condition, said):
    answer = desk.post(url("check"), {"condition": condition})
    assert answer.status_code == 200 and said in text(answer)


def test_it_is_tried_on_recent_payments_and_nothing_is_saved(desk):
    ada = customer()
    for amount in (10_00, 600_00, 700_00):
        judging.assess(facts(customer_id=ada.pk, amount_minor=amount))
    page = text(desk.post(url("write"), {"condition": "amount > 500", "recent": "1"}))
    assert "2 of the newest 3 payments match" in page
    assert "None of them" in text(
        desk.post(url("write"), {"condition": "amount > 900", "recent": "1"})
    )
    assert "no feature" in text(desk.post(url("write"), {"condition": "amont > 9", "recent": "1"}))
    assert not RuleVersion.objects.exists()


def test_a_rule_goes_into_force_by_pages_and_two_people(client, author, second):
    client.force_login(author)
    version = write(author)
    client.post(url("try_out", version.pk), {"reason": ""})
    assert state(version) == selectors.SHADOW
    refused = client.post(url("propose", version.pk), {"reason": "it works"})
    assert "backtest of exactly this version" in text(refused)
    asked = client.post(url("backtest", version.pk), {"days": "30"})
    test = Backtest.objects.get()
    assert asked.headers["Location"] == url("change", test.pk, model="backtest")
    has_backtest(version)
    client.post(url("propose", version.pk), {"reason": "it works"})
    assert state(version) == selectors.PROPOSED
    assert client.post(url("approve", version.pk), {"reason": ""}).status_code == 403
    client.force_login(second)
    client.post(url("approve", version.pk), {"reason": ""})
    assert state(version) == selectors.LIVE
    page = text(client.get(url("change", version.pk)))
    assert "In force" in page and "it works" in page and "Retire" in page


def test_customers_are_told_nothing_of_the_condition_and_officers_all_of_it(client, author, second):
    in_force(author, second, condition="own_count_10m >= 0 and amount > 123.45", action="block")
    ada = customer()
    decision = judging.assess(facts(customer_id=ada.pk, amount_minor=123_46))
    (reason,) = decision.reasons
    assert reason["text"] == NEUTRAL == "This payment matches a pattern that we stop and check"
    told = "the amount is more than 123.45"
    answer = client_of(ada).get(f"/api/v1/risk/decisions/{decision.public_id}")
    assert answer.status_code == 200 and told not in text(answer)
    client.force_login(customer("head@example.com", is_staff=True, is_superuser=True))
    for page in (
        url("change", decision.pk, model="decision"),
        url("change", Case.objects.get().pk, model="case"),
    ):
        seen = text(client.get(page))
        assert NEUTRAL in seen and "Rule “" in seen and told in seen


def test_the_officers_own_words_are_what_the_customer_reads(author, second):
    words = "We ask before the first payment to somebody"
    in_force(author, second, condition="amount > 100", action="hold", sentence=words)
    decision = judging.assess(facts(customer_id=customer().pk, amount_minor=123_46))
    assert [reason["text"] for reason in decision.reasons] == [words]


def test_versions_stand_side_by_side_with_what_they_matched(desk, author, second):
    version = in_force(author, second)
    services.write_version(rule=version.rule, by=author, condition="to_self", action="block")
    decision = judging.assess(facts(customer_id=customer().pk))
    hits.remember(decision, live=[selectors.compiled(version)])
    page = text(desk.get(url("change", version.pk)))
    assert "The money stays with the customer." in page
    assert decision.subject in page
    assert selectors.hit_counts(version) == {
        "live_day": 1, "live_month": 1, "trial_day": 0, "trial_month": 0,
    }  # fmt: skip


def test_lists_can_be_read_and_searched(desk, author, second):
    in_force(author, second)
    proposed(author, name="Waiting")
    page = text(desk.get(url("changelist")))
    assert "In force" in page and "Proposed" in page
    found = desk.get(url("changelist"), {"q": "waiting"}).context["cl"]
    assert found.result_count == 1
    assert "A rule in force" in text(desk.get(url("changelist", model="ruleset")))
    assert desk.get(url("changelist", model="backtest")).status_code == 200


def test_a_roll_back_shows_what_comes_and_leaves(client, author, second):
    in_force(author, second)
    before = selectors.newest()
    in_force(author, second, name="Another")
    client.force_login(second)
    page = text(client.get(url("roll_back", before.pk, model="ruleset")))
    assert "Another, version 1" in page
    client.post(url("roll_back", before.pk, model="ruleset"), {"reason": "too many calls"})
    assert [rule.name for rule in selectors.current().live] == ["Big to strangers"]
    newest = selectors.newest()
    assert client.get(url("roll_back", newest.pk, model="ruleset")).status_code == 403


RESULT = {
    "since": "2026-03-01T00:00:00+00:00", "until": "2026-03-31T00:00:00+00:00", "payments": 1000,
    "labelled": 900, "frauds": 10, "flagged": 14, "caught": 9, "annoyed": 3, "unknown": 2,
    "precision": 0.75, "recall": 0.9, "per_day": 0.47, "seconds": 1.234,
    "money": {"GBP": {"caught_minor": 900_000, "saved_minor": 500_000, "annoyed_minor": 1_000}},
    "weeks": [
        {"start": "2026-03-02", "payments": 1000, "frauds": 10, "flagged": 14, "caught": 9,
         "annoyed": 3},
    ],
    "present": {
        "in_force": {"flagged": 5, "caught": 4, "annoyed": 1}, "both": {"flagged": 4},
        "only_this": {"flagged": 10, "caught": 5, "annoyed": 2},
        "only_in_force": {"flagged": 1, "caught": 1, "annoyed": 0},
    },
    "overlap": [{"id": "rlv_1", "name": "Night, version 1", "flagged": 5, "both": 4}],
    "examples": {
        "caught": [
            {"decision": "0190b6a5-0000-7000-8000-000000000001", "at_us": 1772800000000000,
             "amount_minor": 1_500_00, "currency": "GBP"},
        ],
        "annoyed": [],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"status": "waiting", "progress": 0}, "every 2s"),
        ({"status": "running", "progress": 40}, "40 %"),
        ({"status": "failed", "error": "IOException: disk"}, "IOException: disk"),
        ({"status": "done", "result": RESULT | {"payments": 0}}, "No payments in this time"),
        ({"status": "done", "result": RESULT}, "75.0%"),
        ({"status": "done", "result": RESULT}, "£1,500.00"),
        ({"status": "done", "result": RESULT | {"labelled": 0}}, "cannot be told"),
    ],
)  # fmt: skip
def test_a_backtest_shows_how_far_it_is_or_what_it_found(desk, author, changes, said):
    test = Backtest.objects.create(version=write(author), asked_by=author, days=30, **changes)
    assert said in text(desk.get(url("change", test.pk, model="backtest")))


DEEDS = (
    "write_version", "backtest", "try_out", "propose", "approve", "reject", "withdraw", "restore",
    "retire",
)  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
def test_who_may_only_read_does_nothing(client, author, deed):
    version = write(author)
    client.force_login(officer("reader@example.com", *VIEW))
    assert client.get(url("change", version.pk)).status_code == 200
    assert client.post(url(deed, version.pk), {"reason": "because", "days": 1}).status_code == 403
    assert client.post(url("write"), WORDS | {"name": "Other"}).status_code == 403
    assert client.post(url("check"), {"condition": "new_payee"}).status_code == 403
    assert (RuleVersion.objects.count(), Ruleset.objects.count()) == (1, 0)


# --- over the API -------------------------------------------------------------------------------


def test_staff_read_rules_over_the_api_page_by_page(author, second):
    version = in_force(author, second)
    other = write(author, name="Another")
    api = client_of(author)
    first = api.get("/api/v1/risk/rules", {"limit": 1}).json()
    assert [rule["id"] for rule in first["rules"]] == [other.public_id]
    last = api.get("/api/v1/risk/rules", {"limit": 1, "cursor": first["next_cursor"]}).json()
    assert last["next_cursor"] is None
    (rule,) = last["rules"]
    assert rule == api.get(f"/api/v1/risk/rules/{version.public_id}").json()
    assert (rule["state"], rule["version"], rule["action"]) == ("In force", 1, "hold")
    assert rule["meaning"].startswith("The amount is more than 5 times")
    assert api.get("/api/v1/risk/rules/rlv_nothing").status_code == 404
    assert api.get("/api/v1/risk/rules", {"cursor": "x"}).status_code == 404


def test_customers_do_not_read_rules(author):
    version = write(author)
    api = client_of(customer())
    for address in ("/api/v1/risk/rules", f"/api/v1/risk/rules/{version.public_id}"):
        assert api.get(address).status_code == 403
