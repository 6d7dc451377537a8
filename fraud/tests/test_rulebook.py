"""Rules on their way into force and out of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Record
from fintrust.core.errors import Forbidden
from fraud import services as judging
from fraud.errors import (
    BacktestMissing,
    ConditionInvalid,
    OwnRule,
    RulebookFull,
    RuleInvalid,
    RuleNameTaken,
    RuleNotReady,
)  # fmt: skip
from fraud.models import Alert, Backtest, RuleHit, Ruleset, RuleStep, RuleVersion
from fraud.rulebook import breaker, hits, selectors, services
from fraud.rulebook.closures import readable
from fraud.rulebook.force import NEUTRAL
from fraud.rulebook.policy import RULEBOOK, RulebookPolicy
from fraud.tests.factories import LENIENT, NOON, customer, facts

pytestmark = pytest.mark.django_db
CONDITION = "amount_vs_median > 5 and new_payee"


def test_a_rule_that_never_matches_is_neither_written_nor_tried_out(author):
    with pytest.raises(ConditionInvalid):
        write(author, condition="hour between 22 and 6")
    version = write(author)
    of_yore = RuleVersion.objects.create(
        rule=version.rule, number=2, condition="hour between 22 and 6", action="hold",
        author=author, hour_max=1, day_max=1, hundred_max=1,
    )  # fmt: skip
    with pytest.raises(ConditionInvalid):
        services.try_out(version=of_yore, by=author)
    assert selectors.compiled(of_yore).condition == "hour between 22 and 6"


def officer(email, *rights):
    person = customer(email, is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return person


@pytest.fixture
def author():
    return officer("author@example.com", "write_rule", "decide_rule")


@pytest.fixture
def second():
    return officer("second@example.com", "write_rule", "decide_rule")


def write(by, name="Big to strangers", **changes):
    wording = {"condition": CONDITION, "action": "hold"} | changes
    return services.write_rule(by=by, name=name, purpose="Takeovers pay strangers", **wording)


def has_backtest(version, age=timedelta(0)):
    """A backtest that was done so long ago."""
    return Backtest.objects.create(
        version=version, asked_by=version.author, days=30, status="done", progress=100, result={},
        finished_at=timezone.now() - age,
    )  # fmt: skip


def proposed(author, **changes):
    version = write(author, **changes)
    services.try_out(version=version, by=author)
    has_backtest(version)
    services.propose(version=version, by=author, reason="it works")
    return version


def in_force(author, second, **changes):
    version = proposed(author, **changes)
    services.approve(version=version, by=second)
    return version


def state(version):
    return selectors.state_of(version, selectors.newest())


# --- writing ------------------------------------------------------------------------------------


def test_a_rule_is_kept_in_the_one_way_to_write_it(author):
    version = write(author, condition="amount_vs_median>5.0 AND(new_payee)")
    assert (version.number, version.condition) == (1, CONDITION)
    assert version.hundred_max == RULEBOOK.hundred_max
    assert Record.objects.get(action="fraud.rule.written").actor_id == author.pk
    assert state(version) == selectors.DRAFT


def test_sent_twice_it_is_one_rule_and_one_version(author):
    version = write(author)
    assert write(author) == version
    again = {"rule": version.rule, "by": author, "action": "hold"}
    assert services.write_version(**again, condition=CONDITION) == version
    other = services.write_version(**again, condition="new_payee")
    assert services.write_version(**again, condition="new_payee") == other
    assert (other.number, RuleVersion.objects.count()) == (2, 2)


@pytest.mark.parametrize("changes", [{"condition": "new_payee"}, {"action": "block"}])
def test_two_rules_have_two_names(author, changes):
    write(author)
    with pytest.raises(RuleNameTaken):
        write(author, **changes)


@pytest.mark.parametrize(
    "changes, works",
    [
        ({"name": "abc"}, True), ({"name": "ab"}, False),
        ({"name": "x" * 80}, True), ({"name": "x" * 81}, False),
        ({"sentence": "x" * 200}, True), ({"sentence": "x" * 201}, False),
        ({"hour_max": 1}, True), ({"hour_max": 0}, False),
        ({"day_max": 100_000}, True), ({"day_max": 100_001}, False),
        ({"hundred_max": 100}, True), ({"hundred_max": 101}, False),
        ({"action": "watch"}, True), ({"action": "explode"}, False),
    ],
)  # fmt: skip
def test_what_a_rule_says_is_bounded(author, changes, works):
    if works:
        assert write(author, **changes).number == 1
    else:
        with pytest.raises(RuleInvalid):
            write(author, **changes)
        assert not RuleVersion.objects.exists()


def test_a_condition_that_cannot_be_read_makes_no_rule(author):
    with pytest.raises(ConditionInvalid):
        write(author, condition="amount >")
    assert not RuleVersion.objects.exists()


# --- into force ---------------------------------------------------------------------------------


def test_a_rule_goes_from_draft_to_force_through_two_people(author, second):
    version = write(author)
    services.try_out(version=version, by=author)
    assert state(version) == selectors.SHADOW
    assert [rule.id for rule in selectors.current().shadow] == [version.public_id]
    has_backtest(version)
    services.propose(version=version, by=author, reason="caught 9 of 10")
    assert state(version) == selectors.PROPOSED
    row = services.approve(version=version, by=second, reason="agreed")
    assert (state(version), row.deed, row.number) == (selectors.LIVE, "live", 2)
    force = selectors.current()
    assert (force.id, force.shadow) == (row.public_id, ())
    (rule,) = force.live
    assert (rule.name, rule.version, rule.action) == ("Big to strangers", 1, "hold")
    assert rule.matches(readable({"amount_vs_median": 5.1, "new_payee": True}))
    assert not rule.matches(readable({"amount_vs_median": 5.0, "new_payee": True}))
    assert rule.sentence({}) == NEUTRAL
    assert [*Record.objects.filter(action__startswith="fraud.rule").values_list("action", flat=True)
            .order_by("id")] == [
        "fraud.rule.written", "fraud.ruleset.published", "fraud.rule.proposed",
        "fraud.rule.approved", "fraud.ruleset.published",
    ]  # fmt: skip


def test_nobody_approves_what_they_wrote_or_proposed(author, second):
    version = proposed(author)
    with pytest.raises(OwnRule):
        services.approve(version=version, by=author)
    services.withdraw(version=version, by=author, reason="let a colleague ask")
    services.propose(version=version, by=second, reason="good one")
    for person in (author, second):
        with pytest.raises(OwnRule):
            services.approve(version=version, by=person)
    assert state(version) == selectors.PROPOSED


@pytest.mark.parametrize("step", ["approved", "restored"])
def test_the_database_too_wants_two_people(author, second, step):
    version = proposed(author)
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleStep.objects.create(version=version, author=author, by=author, step=step)
    with pytest.raises(IntegrityError), transaction.atomic():  # nor by naming another author
        RuleStep.objects.create(version=version, author=second, by=author, step=step)
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "age, works", [(timedelta(days=7, minutes=-1), True), (timedelta(days=7), False)]
)
def test_a_rule_goes_into_force_on_a_fresh_backtest_of_exactly_this_version(author, age, works):
    version = write(author)
    other = services.write_version(
        rule=version.rule, by=author, condition="new_payee", action="hold"
    )
    services.try_out(version=version, by=author)
    has_backtest(other)
    has_backtest(version, age)
    if works:
        services.propose(version=version, by=author, reason="tried")
    else:
        with pytest.raises(BacktestMissing):
            services.propose(version=version, by=author, reason="tried")


def test_a_backtest_that_grew_old_while_waiting_does_not_count(author, second):
    version = proposed(author)
    with pytest.raises(BacktestMissing):
        services.approve(
            version=version, by=second, policy=RulebookPolicy(backtest_age_max=timedelta(0))
        )
    assert state(version) == selectors.PROPOSED


@pytest.mark.parametrize("deed", ["propose", "approve", "reject", "withdraw", "restore"])
def test_a_step_begins_where_the_rule_is(author, second, deed):
    version = write(author)
    with pytest.raises(RuleNotReady):
        getattr(services, deed)(version=version, by=second, reason="because")
    assert not RuleStep.objects.exists() and not Ruleset.objects.exists()


@pytest.mark.parametrize(
    "deed, right",
    [
        ("try_out", "decide_rule"), ("propose", "decide_rule"), ("withdraw", "decide_rule"),
        ("approve", "write_rule"), ("reject", "write_rule"), ("retire", "write_rule"),
        ("restore", "write_rule"),
    ],
)  # fmt: skip
def test_who_may_only_do_the_other_half_is_refused(author, deed, right):
    version = proposed(author)
    nobody = officer("other@example.com", right)
    with pytest.raises(Forbidden):
        getattr(services, deed)(version=version, by=nobody, reason="because")


def test_a_new_version_takes_the_place_of_the_one_before(author, second):
    first = in_force(author, second)
    better = services.write_version(
        rule=first.rule, by=author, condition="amount_vs_median > 8 and new_payee", action="hold"
    )
    services.try_out(version=better, by=author)
    assert [rule.version for rule in selectors.current().live] == [1]
    has_backtest(better)
    services.propose(version=better, by=author, reason="less annoying")
    services.approve(version=better, by=second)
    assert [rule.version for rule in selectors.current().live] == [2]
    assert (state(first), state(better)) == (selectors.OUT, selectors.LIVE)


def test_rejected_it_stays_on_trial(author, second):
    version = proposed(author)
    services.reject(version=version, by=second, reason="annoys too many")
    assert state(version) == selectors.SHADOW


# --- out of force -------------------------------------------------------------------------------


def test_one_person_takes_a_rule_out_for_good(author, second):
    version = in_force(author, second)
    services.retire(version=version, by=author, reason="not needed")
    assert state(version) == selectors.RETIRED
    assert selectors.current().live == ()
    with pytest.raises(RuleNotReady):
        services.retire(version=version, by=author, reason="again")
    with pytest.raises(RuleNotReady):
        services.try_out(version=version, by=author)


def test_a_roll_back_is_a_new_ruleset_with_the_rules_of_an_old_one(author, second):
    in_force(author, second)
    before = selectors.newest()
    services.publish(by=None, why="a better model", champion="mdl_1", flagged_from=0.4)
    other = in_force(author, second, name="Another")
    assert len(selectors.current().live) == 2
    row = services.roll_back(to=before, by=second, reason="too many calls")
    force = selectors.current()
    assert (row.number, row.deed) == (before.number + 4, "roll_back")
    assert len(force.live) == 1
    # A model came into force by two people, and goes by a door of its own.
    assert (force.champion, force.flagged_from) == ("mdl_1", 0.4)
    assert state(other) == selectors.OUT
    # Twice is once; and what was in force then is answered forever.
    assert services.roll_back(to=before, by=second, reason="too many calls") == row
    assert selectors.ruleset(before.public_id).live == force.live
    assert selectors.ruleset("") == selectors.NOTHING


def test_a_roll_back_brings_back_nothing_that_was_stopped_or_retired_since(author, second):
    """Or the author of a stopped rule could put it back alone, which `restore` refuses."""
    stopped = in_force(author, second)
    retired = in_force(author, second, name="Another")
    kept = in_force(author, second, name="A third")
    before = selectors.newest()
    services.stop(version=stopped, why="over its budget")
    services.retire(version=retired, by=second, reason="not needed")
    assert selectors.returning(before, selectors.newest()) == ([kept.pk], [])
    now = selectors.newest()
    assert services.roll_back(to=before, by=author, reason="as it was") == now
    assert (state(stopped), state(retired)) == (selectors.STOPPED, selectors.RETIRED)
    services.restore(version=stopped, by=second, reason="it was a real wave")
    services.roll_back(to=now, by=author, reason="too many calls")
    services.roll_back(to=before, by=author, reason="it was right")
    assert {state(stopped), state(kept)} == {selectors.LIVE}


def test_publishing_a_model_leaves_the_rules_alone(author, second):
    in_force(author, second)
    services.publish(by=second, why="promoted", champion="mdl_2", shadow_model="mdl_3")
    force = selectors.current()
    assert (force.champion, force.shadow_model, len(force.live)) == ("mdl_2", "mdl_3", 1)
    with pytest.raises(TypeError):
        services.publish(by=second, why="sneaky", live=[])


@pytest.mark.parametrize(
    "flagged, blocked, works",
    [(0.3, 1, True), (0.3, 1.01, False), (0.6, 0.6, False), (0, 0.5, False)],
)
def test_thresholds_rise_within_zero_and_one(author, flagged, blocked, works):
    if works:
        services.publish(by=author, why="tuned", flagged_from=flagged, blocked_from=blocked)
    else:
        with pytest.raises(RuleInvalid):
            services.publish(by=author, why="tuned", flagged_from=flagged, blocked_from=blocked)


def test_the_book_is_bounded(author, monkeypatch):
    monkeypatch.setattr(services, "RULEBOOK", RulebookPolicy(shadow_max=1))
    services.try_out(version=write(author), by=author)
    with pytest.raises(RulebookFull):
        services.try_out(version=write(author, name="One more"), by=author)


def test_a_rule_that_this_program_cannot_read_decides_nothing_and_is_named(author):
    version = write(author)
    lost = RuleVersion.objects.create(
        rule=version.rule, number=2, condition="a_feature_of_yore > 1", action="hold",
        author=author, hour_max=1, day_max=1, hundred_max=1,
    )  # fmt: skip
    Ruleset.objects.create(
        number=1, live=[version.pk, lost.pk], flagged_from=0.3, blocked_from=0.6, deed="live",
        why="long ago",
    )  # fmt: skip
    force = selectors.current()
    assert ([rule.version for rule in force.live], force.unreadable) == ([1], (lost.public_id,))


def test_what_is_in_force_costs_one_small_read_then(author, second, django_assert_num_queries):
    in_force(author, second)
    selectors.current()
    with django_assert_num_queries(1):
        selectors.current()
    id = selectors.newest().pk
    with django_assert_num_queries(0):
        selectors.current(id)


# --- hits and budgets ---------------------------------------------------------------------------


def pay(ada, *rules, shadow=(), **changes):
    decision = judging.assess(facts(customer_id=ada.pk, **changes), ruleset=LENIENT)
    hits.remember(decision, live=rules, shadow=shadow)
    return decision


def test_hits_are_remembered_in_one_statement(author, second, django_assert_num_queries):
    rules = [selectors.compiled(in_force(author, second, name=f"Rule {n}")) for n in range(3)]
    decision = judging.assess(facts(customer_id=customer().pk))
    with django_assert_num_queries(1):
        hits.remember(decision, live=rules[:2], shadow=rules[2:])
    assert sorted(RuleHit.objects.values_list("live", flat=True)) == [False, True, True]
    with django_assert_num_queries(0):
        hits.remember(decision, live=())


@pytest.mark.parametrize("budget", ["hour_max", "day_max", "hundred_max"])
@pytest.mark.parametrize("stops, stopped", [(3, False), (4, True)])
def test_a_rule_that_stops_more_than_its_budget_is_out_of_force(
    author, second, budget, stops, stopped, django_capture_on_commit_callbacks
):
    version = in_force(author, second, **{"day_max": 1000, budget: 3})
    ada, rule = customer(), selectors.compiled(version)
    for _ in range(stops):
        with django_capture_on_commit_callbacks(execute=True):
            last = pay(ada, rule)
    assert state(version) == (selectors.STOPPED if stopped else selectors.LIVE)
    alerts = Alert.objects.filter(kind="rule")
    assert [alert.decision for alert in alerts] == ([last] if stopped else [])
    assert selectors.newest().deed == ("stop" if stopped else "live")
    assert Record.objects.filter(action="fraud.rule.stopped").count() == stopped


def test_what_streams_bring_late_counts_among_the_newest(
    author, second, django_capture_on_commit_callbacks
):
    version = in_force(author, second, hour_max=1000, day_max=1000, hundred_max=3)
    ada, rule = customer(), selectors.compiled(version)
    for _ in range(RULEBOOK.hundred):
        pay(ada)
    for _ in range(4):
        with django_capture_on_commit_callbacks(execute=True):
            pay(ada, rule, at=NOON - timedelta(days=30))
    assert state(version) == selectors.STOPPED


def test_a_rule_gone_wild_stops_fewer_than_a_hundred_payments(
    author, second, django_capture_on_commit_callbacks
):
    version = in_force(author, second, condition="amount > 0", hour_max=1000, day_max=1000)
    ada, stopped = customer(), 0
    for _ in range(30):
        with django_capture_on_commit_callbacks(execute=True):
            rules = selectors.current().live
            pay(ada, *rules)
        stopped += len(rules)
    assert (state(version), stopped) == (selectors.STOPPED, RULEBOOK.hundred_max + 1)


def test_watching_and_trials_have_no_budget(author, second, django_capture_on_commit_callbacks):
    watching = in_force(author, second, action="watch", hundred_max=1)
    trial = write(author, name="Trial", hundred_max=1)
    services.try_out(version=trial, by=author)
    ada = customer()
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            pay(ada, selectors.compiled(watching), shadow=[selectors.compiled(trial)])
    assert breaker.sweep() == 0
    assert (state(watching), state(trial)) == (selectors.LIVE, selectors.SHADOW)


def test_the_sweep_stops_what_nobody_looked_at(author, second):
    version = in_force(author, second, hundred_max=1)
    ada, rule = customer(), selectors.compiled(version)
    pay(ada, rule), pay(ada, rule)
    assert state(version) == selectors.LIVE  # the look after the commit was lost
    assert breaker.sweep() == 1
    assert (breaker.sweep(), state(version)) == (0, selectors.STOPPED)
    assert Alert.objects.filter(kind="rule").count() == 1


def test_old_hits_do_not_count_against_the_hour(author, second):
    version = in_force(author, second, hour_max=1, hundred_max=100)
    ada, rule = customer(), selectors.compiled(version)
    pay(ada, rule), pay(ada, rule)
    assert breaker.over_budget(version) == "it stopped more than 1 payments within 1 hour"
    later = timezone.now() + timedelta(hours=1)
    assert breaker.over_budget(version, now=later) is None


def test_a_colleague_puts_a_stopped_rule_back(author, second):
    version = in_force(author, second, hundred_max=1)
    ada, rule = customer(), selectors.compiled(version)
    pay(ada, rule), pay(ada, rule)
    breaker.sweep()
    with pytest.raises(OwnRule):
        services.restore(version=version, by=author, reason="I like it")
    services.restore(version=version, by=second, reason="a real attack")
    assert state(version) == selectors.LIVE
    with pytest.raises(RuleNotReady):
        services.restore(version=version, by=second, reason="again")


def test_rows_of_the_book_are_written_once(author, second):
    in_force(author, second)
    for table in ("rule", "ruleversion", "rulestep", "ruleset"):
        for statement in (f"UPDATE fraud_{table} SET id = id", f"DELETE FROM fraud_{table}"):
            with (
                pytest.raises(Exception, match=r"append-only|permission denied"),
                transaction.atomic(),
            ):
                connection.cursor().execute(statement)
