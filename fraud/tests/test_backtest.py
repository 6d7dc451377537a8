"""What a rule would have done: counted by engines, and once more by hand."""

import random
from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
import pytest
from django.db import connections
from django.utils import timezone

from audit.models import Record
from fintrust.core.errors import Forbidden
from fintrust.testing import servers
from fraud import services as judging
from fraud import tasks
from fraud.backtest import history, services
from fraud.backtest.measure import EXAMPLES_MAX, Present, measure, week_of
from fraud.errors import BacktestRunning, RuleInvalid
from fraud.features.moments import micros_of
from fraud.labels.services import label
from fraud.models import Backtest, Decision
from fraud.rulebook import selectors
from fraud.rulebook.closures import closure
from fraud.rulebook.syntax import parse
from fraud.tests.factories import customer, facts
from fraud.tests.test_rulebook import officer, write

UNTIL = datetime(2026, 3, 31, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=30)
RULE = parse("amount > 500 and new_payee")
PRESENT = (
    Present("rlv_1", "Night", parse("hour < 6")),
    Present("rlv_2", "Big", parse("amount > 900")),
)


# --- the engines and the hand -------------------------------------------------------------------


def _past(size=400):
    """Payments before, within and after the time looked at; labels, some of them corrected."""
    chance, doubt = random.Random(7), random.Random(8)
    empty = dict.fromkeys(history.DECISIONS.names)
    payments: list[dict] = []
    labels: list[dict] = []
    for n in range(size):
        at = SINCE + timedelta(days=chance.uniform(-3, 33))
        minor = chance.choice((400_00, 500_00, 500_01, 700_00, 950_00))
        payments.append(
            empty
            | {"tx": n, "decision": f"d{n:04}", "at_us": micros_of(at), "week": week_of(at),
               "amount_minor": minor, "stopped": chance.random() < 0.3, "amount": minor / 100,
               "amount_scaled": minor / 100, "currency": chance.choice(("EUR", "GBP")),
               "new_payee": chance.choice((True, False, None)), "hour": float(n % 24)}
        )  # fmt: skip
        for known in range(chance.choice((0, 1, 1, 2))):
            # The second answer comes at the same moment: the later row counts.
            answer = {"tx": n, "id": len(labels), "decision": f"d{n:04}", "known_us": known // 2}
            weight = doubt.choice((0.0, 0.499, 0.5, 1.0))
            labels.append(answer | {"fraud": chance.random() < 0.4, "weight": weight})
    return payments, labels


PAYMENTS, LABELS = _past()


def _measured(engine, told=None):
    parts = (("decisions", history.DECISIONS, PAYMENTS), ("labels", history.LABELS, LABELS))
    for name, schema, rows in parts:
        into = history.table(engine, schema, name)
        engine.insert(into.get_name(), pa.Table.from_pylist(rows, schema=schema))
    return measure(
        history.decisions(engine), history.labels(engine), RULE, PRESENT,
        since=SINCE, until=UNTIL, progress=[].append if told is None else told.append,
    )  # fmt: skip


@pytest.fixture(scope="module")
def by_duckdb():
    return _measured(ibis.duckdb.connect())


@pytest.fixture
def by_hand():
    known = {one["decision"]: one["fraud"] for one in LABELS if one["weight"] >= 0.5}
    within = [one for one in PAYMENTS if micros_of(SINCE) <= one["at_us"] < micros_of(UNTIL)]
    ask, others = closure(RULE), [closure(one.tree) for one in PRESENT]
    rows = []
    for one in within:
        fraud = known.get(one["decision"])
        rows.append(
            one | {"hit": ask(one), "old": [other(one) for other in others], "fraud": fraud}
        )
    return rows


def _count(rows, test):
    return sum(1 for row in rows if test(row))


def test_figures_are_what_counting_by_hand_gives(by_duckdb, by_hand):
    caught = _count(by_hand, lambda row: row["hit"] and row["fraud"] is True)
    annoyed = _count(by_hand, lambda row: row["hit"] and row["fraud"] is False)
    frauds = _count(by_hand, lambda row: row["fraud"] is True)
    flagged = _count(by_hand, lambda row: row["hit"])
    assert caught and annoyed and flagged > caught + annoyed
    expected = {
        "payments": len(by_hand), "labelled": _count(by_hand, lambda row: row["fraud"] is not None),
        "frauds": frauds, "flagged": flagged, "caught": caught, "annoyed": annoyed,
        "unknown": flagged - caught - annoyed, "precision": round(caught / (caught + annoyed), 6),
        "recall": round(caught / frauds, 6), "per_day": round(flagged / 30, 2),
    }  # fmt: skip
    assert {name: by_duckdb[name] for name in expected} == expected


def test_money_saved_is_what_was_let_through_then(by_duckdb, by_hand):
    for code in ("EUR", "GBP"):
        hits = [row for row in by_hand if row["hit"] and row["currency"] == code]
        caught = [row for row in hits if row["fraud"] is True]
        assert by_duckdb["money"][code] == {
            "caught_minor": sum(row["amount_minor"] for row in caught),
            "saved_minor": sum(row["amount_minor"] for row in caught if not row["stopped"]),
            "annoyed_minor": sum(row["amount_minor"] for row in hits if row["fraud"] is False),
        }


def test_it_is_compared_with_what_is_in_force(by_duckdb, by_hand):
    alone = _count(by_hand, lambda row: row["hit"] and not any(row["old"]))
    only_old = _count(by_hand, lambda row: any(row["old"]) and not row["hit"])
    both = _count(by_hand, lambda row: any(row["old"]) and row["hit"])
    present = by_duckdb["present"]
    assert present["only_this"]["flagged"] == alone
    assert present["only_in_force"]["flagged"] == only_old
    assert (present["both"]["flagged"], present["in_force"]["flagged"]) == (both, both + only_old)
    for place, rule in enumerate(by_duckdb["overlap"]):
        assert rule["flagged"] == _count(by_hand, lambda row, p=place: row["old"][p])
        assert rule["both"] == _count(by_hand, lambda row, p=place: row["old"][p] and row["hit"])


def test_weeks_begin_on_mondays_and_add_up(by_duckdb):
    weeks = by_duckdb["weeks"]
    assert len(weeks) in (5, 6)
    assert all(datetime.fromisoformat(week["start"]).weekday() == 0 for week in weeks)
    for name in ("payments", "frauds", "flagged", "caught", "annoyed"):
        assert sum(week[name] for week in weeks) == by_duckdb[name]


def test_examples_are_the_largest_of_each_kind(by_duckdb, by_hand):
    for kind, fraud in (("caught", True), ("annoyed", False)):
        hits = [row for row in by_hand if row["hit"] and row["fraud"] is fraud]
        hits.sort(key=lambda row: (-row["amount_minor"], row["decision"]))
        shown = [example["decision"] for example in by_duckdb["examples"][kind]]
        assert shown == [row["decision"] for row in hits[:EXAMPLES_MAX]]


def test_a_second_engine_gives_the_same_result(db, by_duckdb):
    addresses = servers.current().addresses(servers.current_database())
    engine = ibis.connect(addresses["DATABASE_OWNER_URL"])
    engine.raw_sql("CREATE SCHEMA elsewhere; SET search_path = elsewhere")
    try:
        assert _measured(engine) == by_duckdb
    finally:
        engine.con.rollback()
        engine.raw_sql("DROP SCHEMA IF EXISTS elsewhere CASCADE")
        engine.disconnect()


def test_in_slices_it_is_the_same_and_says_how_far_it_is(by_duckdb, monkeypatch):
    monkeypatch.setattr("fraud.backtest.measure.SLICE_PAYMENTS", 100)
    told: list[int] = []
    assert _measured(ibis.duckdb.connect(), told) == by_duckdb
    assert told == [11, 22, 33, 44, 55, 66, 77, 88]


def test_nothing_to_look_at_is_no_error():
    engine = ibis.duckdb.connect()
    told: list[int] = []
    result = measure(
        history.decisions(engine), history.labels(engine), RULE,
        since=SINCE, until=UNTIL, progress=told.append,
    )  # fmt: skip
    assert (result["payments"], result["precision"], result["recall"]) == (0, None, None)
    assert (result["weeks"], result["money"], result["examples"]["caught"]) == ([], {}, [])
    assert told == [33, 66]


# --- from decisions to a result, with real commits ----------------------------------------------


@pytest.fixture
def desk(bank, settings, tmp_path):
    settings.FRAUD_HISTORY_URL = f"duckdb://{tmp_path}/history.duckdb"
    return officer("author@example.com", "write_rule")


def _judged(ada, amount, fraud=None, **changes):
    at = timezone.now() - timedelta(days=1)
    asked = facts(customer_id=ada.pk, amount_minor=amount, at=at, **changes)
    decision = judging.assess(asked)
    if fraud is not None:
        label(decision, fraud=fraud, source="officer")
    return decision


def test_a_backtest_is_asked_for_worked_on_and_kept(desk):
    ada = customer()
    caught = _judged(ada, 1_500_00, fraud=True)
    annoyed = _judged(ada, 900_00, fraud=False)
    corrected = _judged(ada, 800_00, fraud=True)
    label(corrected, fraud=False, source="dispute")
    _judged(ada, 700_00)
    _judged(ada, 50_00, fraud=True)
    _judged(ada, 9_000_00, fraud=True, outgoing=False)  # money that arrives is held to no rule
    version = write(desk, condition="amount > 500 and new_payee")
    asked = services.ask(version=version, by=desk, days=30)
    assert (asked.status, selectors.fresh_backtest(version)) == ("waiting", None)
    assert tasks.work_on_backtests() == 1
    asked.refresh_from_db()
    assert (asked.status, asked.progress, asked.error) == ("done", 100, "")
    result = asked.result or {}
    assert (result["payments"], result["flagged"], result["unknown"]) == (5, 4, 1)
    assert (result["caught"], result["annoyed"], result["frauds"]) == (1, 2, 2)
    assert result["money"]["GBP"]["caught_minor"] == 1_500_00
    assert result["money"]["GBP"]["saved_minor"] == (
        1_500_00 if caught.verdict == Decision.Verdict.VERIFIED else 0
    )
    assert [one["decision"] for one in result["examples"]["annoyed"]] == [
        str(annoyed.pk), str(corrected.pk),
    ]  # fmt: skip
    assert selectors.fresh_backtest(version) == asked
    assert Record.objects.filter(action="fraud.backtest.done").count() == 1
    assert tasks.work_on_backtests() == 0


def test_columns_are_filled_from_where_they_end(desk, settings):
    ada = customer()
    for amount in (10_00, 20_00):
        _judged(ada, amount, fraud=False)
    with history.opened() as engine:
        assert (history.catch_up(engine), history.catch_up(engine)) == (4, 0)
    late = _judged(ada, 30_00)
    with history.opened() as engine:
        assert history.catch_up(engine) == 1
        rows = history.decisions(engine).to_pyarrow().to_pylist()
    assert sorted(row["amount"] for row in rows) == [10.0, 20.0, 30.0]
    (row,) = [row for row in rows if row["decision"] == str(late.pk)]
    assert (row["new_payee"], row["currency"], row["tx"]) == (True, "GBP", late_tx(late))


def late_tx(decision):
    return Decision.objects.values_list("tx", flat=True).get(pk=decision.pk)


def test_columns_of_another_spelling_are_filled_anew(desk, monkeypatch):
    ada = customer()
    monkeypatch.setattr(history, "SPELLING", history.SPELLING - 1)
    _judged(ada, 10_00)
    with history.opened() as engine:
        found = history.catch_up(engine)
    monkeypatch.undo()
    with history.opened() as engine:
        assert history.catch_up(engine) == found > 0


def test_what_has_not_committed_is_not_exported_and_not_forgotten(desk):
    ada = customer()
    slow = connections.create_connection("default")
    try:
        with slow.cursor() as cursor:
            slow.set_autocommit(False)
            cursor.execute("SELECT pg_current_xact_id()")  # an older transaction, still open
            _judged(ada, 10_00)
            with history.opened() as engine:
                assert history.catch_up(engine) == 0
        slow.rollback()
    finally:
        slow.close()
    with history.opened() as engine:
        assert history.catch_up(engine) == 1


def test_an_engine_that_fails_is_said_and_can_be_asked_again(desk, settings):
    version = write(desk)
    settings.FRAUD_HISTORY_URL = "duckdb:///nowhere/at/all/history.duckdb"
    asked = services.ask(version=version, by=desk)
    with pytest.raises(Exception, match="nowhere"):
        services.work()
    asked.refresh_from_db()
    assert asked.status == "failed" and "nowhere" in asked.error
    assert selectors.fresh_backtest(version) is None
    assert services.ask(version=version, by=desk).status == "waiting"


def test_what_a_dead_worker_left_is_done_again_and_two_hands_do_not_meet(desk):
    asked = services.ask(version=write(desk), by=desk)
    Backtest.objects.filter(pk=asked.pk).update(status="running", progress=40)
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('fraud.backtest'))")
        assert services.work() == 0
        cursor.execute("SELECT pg_advisory_unlock(hashtext('fraud.backtest'))")
    other.close()
    assert services.work() == 1
    asked.refresh_from_db()
    assert asked.status == "done" and asked.result and asked.result["payments"] == 0


@pytest.mark.parametrize("tries, status", [(2, "done"), (3, "failed")])
def test_what_kills_its_worker_is_not_tried_forever(desk, tries, status):
    asked = services.ask(version=write(desk), by=desk)
    Backtest.objects.filter(pk=asked.pk).update(status="running", tries=tries)
    assert services.work() == 1
    asked.refresh_from_db()
    assert (asked.status, asked.tries) == (status, 3)
    assert ("died 3 times" in asked.error) is (status == "failed")
    assert services.ask(version=asked.version, by=desk).status == "waiting"


@pytest.mark.django_db
@pytest.mark.parametrize("days, works", [(1, True), (730, True), (0, False), (731, False)])
def test_history_is_bounded(days, works):
    author = officer("author@example.com", "write_rule")
    version = write(author)
    if works:
        assert services.ask(version=version, by=author, days=days).days == days
    else:
        with pytest.raises(RuleInvalid):
            services.ask(version=version, by=author, days=days)


@pytest.mark.django_db
def test_of_a_version_one_backtest_waits_and_strangers_ask_for_none():
    author = officer("author@example.com", "write_rule")
    version = write(author)
    services.ask(version=version, by=author)
    with pytest.raises(BacktestRunning):
        services.ask(version=version, by=author)
    with pytest.raises(Forbidden):
        services.ask(version=version, by=officer("other@example.com", "decide_rule"))
    assert Backtest.objects.count() == 1
