"""One condition, three ways to ask it: a closure, DuckDB and PostgreSQL always agree."""

import os
import random

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fintrust.testing import servers
from fraud import features
from fraud.rulebook import columns
from fraud.rulebook.closures import closure, readable
from fraud.rulebook.syntax import parse
from fraud.rulebook.vocabulary import KINDS, Kind
from fraud.tests.factories import facts, snapshot

NUMBERS = ("amount", "own_mean", "own_largest", "amount_vs_median", "own_count_24h", "hour")
FLAGS = ("new_payee", "device_new")
TEXTS = ("channel", "country")
# Values where doubles are awkward, or where one engine counts and another does not.
EDGES = (
    None, float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 5.0, 0.1, 0.2, 0.3,
    0.1 + 0.2, 0.30000000000000004, 1 / 3, 1e30, -1e30, 1.0000000000000002e30, 1e-30, 9e-31, 5e-324,
    1e308, 123456789.12, 2.0**53, 2.0**53 + 2, 23.0, 0.5, 1e15, 999999999999999.0,
)  # fmt: skip
LITERALS = (
    "0", "1", "5", "0.1", "0.2", "0.3", "50%", "33.3%", "1000", "0.333333333333333", "23",
    "-1", "123456789.12", "999999999999999", "0.00000000000001",
)  # fmt: skip
ROWS = 300
EXAMPLES = int(os.environ.get("FINTRUST_ENGINE_EXAMPLES", "6"))  # more of them by night


def _rows():
    chance = random.Random(71)
    return [
        {name: chance.choice(EDGES) for name in NUMBERS}
        | {name: chance.choice((True, False, None)) for name in FLAGS}
        | {name: chance.choice(("web", "GB", "", None)) for name in TEXTS}
        for _ in range(ROWS)
    ]


HISTORY = _rows()


def _table():
    types = {Kind.FLAG: pa.bool_(), Kind.TEXT: pa.string()}
    names = (*NUMBERS, *FLAGS, *TEXTS)
    return pa.table(
        {
            "row": pa.array(range(ROWS), pa.int64()),
            **{
                name: pa.array(
                    [row[name] for row in HISTORY], types.get(KINDS[name], pa.float64()),
                    from_pandas=False,
                )
                for name in names
            },
        }
    )  # fmt: skip


# --- random conditions --------------------------------------------------------------------------

MONEY = ("amount", "own_mean", "own_largest")


def _values(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda two: f"({two[0]} + {two[1]})"),
        pair.map(lambda two: f"({two[0]} - {two[1]})"),
        pair.map(lambda two: f"min({two[0]}, {two[1]})"),
        pair.map(lambda two: f"max({two[0]}, {two[1]}, 5)"),
        inner.map(lambda one: f"abs({one})"),
        inner.map(lambda one: f"(0 - {one})"),
        st.tuples(inner, st.sampled_from(LITERALS)).map(lambda two: f"({two[0]}) * {two[1]}"),
        st.tuples(inner, st.sampled_from(LITERALS)).map(lambda two: f"({two[0]}) / {two[1]}"),
    )


MONEYS = st.recursive(st.sampled_from((*MONEY, *LITERALS)), _values, max_leaves=4)
RATIOS = st.tuples(MONEYS, MONEYS).map(lambda two: f"({two[0]}) / ({two[1]})")
MEASURES = st.one_of(MONEYS, RATIOS, st.sampled_from(("amount_vs_median", "own_count_24h", "hour")))
SIGNS = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
NUMBER = st.sampled_from(LITERALS)
NOT = st.sampled_from(("", "not "))
COMPARED = st.one_of(
    st.tuples(MONEYS, SIGNS, MONEYS).map(" ".join),
    st.tuples(MEASURES, SIGNS, NUMBER).map(" ".join),
    st.tuples(MONEYS, NOT, MONEYS, MONEYS).map(lambda x: f"{x[0]} {x[1]}between {x[2]} and {x[3]}"),
    st.tuples(MEASURES, NOT, NUMBER, NUMBER).map(lambda x: f"{x[0]} {x[1]}in ({x[2]}, {x[3]})"),
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(("=", "!="))).map(
        lambda x: f"{x[0]} {x[1]} 'GB'"
    ),
    st.tuples(st.sampled_from(TEXTS), NOT).map(lambda x: f"{x[0]} {x[1]}in ('web', 'FR')"),
    st.just("channel = country"),
    st.one_of(MEASURES, st.sampled_from((*FLAGS, *TEXTS))).map(lambda one: f"missing({one})"),
    st.sampled_from(FLAGS),
)
CONDITIONS = st.recursive(
    COMPARED,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} and {two[1]})"),
        st.tuples(inner, inner, inner).map(lambda x: f"({x[0]} or {x[1]} or {x[2]})"),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=4,
).map(lambda condition: f"{condition} or new_payee and not new_payee")


def _tree(condition):
    """None for the few that chain more factors than a condition may."""
    try:
        return parse(condition)
    except Exception as problem:
        assert "multiplications" in str(problem), condition
        return None


@pytest.fixture(scope="module")
def duckdb():
    engine = ibis.duckdb.connect()
    yield _filled(engine, "history", _table())
    engine.disconnect()


@pytest.fixture
def postgres(db):
    """The second engine: another parser, another optimiser, other ideas of NaN and division."""
    # The owner's login: the running bank's may not make tables.
    addresses = servers.current().addresses(servers.current_database())
    engine = ibis.connect(addresses["DATABASE_OWNER_URL"])
    yield _filled(engine, "history", _table())
    engine.disconnect()


def _filled(engine, name, data):
    engine.create_table(name, schema=ibis.memtable(data).schema(), temp=True)
    engine.insert(name, data)
    return engine.table(name)


def _asked(table, trees):
    """The answers of all rows, as an engine gives them."""
    table = columns.readable(table, {*NUMBERS, *FLAGS, *TEXTS})
    answers = {f"c{place}": columns.column(tree, table) for place, tree in enumerate(trees)}
    found = table.select("row", **answers).order_by("row").to_pyarrow()
    return [found.column(name).to_pylist() for name in answers]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(conditions=st.lists(CONDITIONS, min_size=5, max_size=15))
def test_a_closure_and_two_engines_give_the_same_answers(duckdb, postgres, conditions):
    trees = [tree for condition in conditions if (tree := _tree(condition)) is not None]
    rows = [readable(row) for row in HISTORY]
    here = [[closure(tree)(row) for row in rows] for tree in trees]
    for engine in (duckdb, postgres):
        for condition, ours, theirs in zip(trees, here, _asked(engine, trees), strict=True):
            assert ours == theirs, condition


@pytest.mark.parametrize(
    "condition, place, holds",
    [
        ("place = 'Lisbon, PT'", "LISBON ,PT", True),
        ("place = 'LISBON ,PT'", "Lisbon, ＰＴ", True),
        ("'Lisbon,PT' = place", "Lisbon, PT", True),
        ("place != 'Lisbon, PT'", "lisbon, pt", False),
        ("not (place in ('Porto', 'LISBON,PT') and new_payee)", "Lisbon, PT", False),
        ("place not in ('LISBON,PT')", "Lisbon, PT", False),
        ("country = 'PT'", "Lisbon, ＰＴ", True),
        ("country in ('pt')", "Lisbon, PT", True),
        ("place = 'Lisbon'", "Lisbon, PT", False),
        ("missing(place)", " , ", True),
    ],
)
def test_a_place_is_the_same_in_every_spelling_and_engine(postgres, condition, place, holds):
    tree = parse(condition)
    asked = facts(place=place)
    values = readable(features.of(asked, snapshot(pair_count=0)))
    assert closure(tree)(values) is holds
    names = ("place", "country", "new_payee")
    for engine in (ibis.duckdb.connect(), postgres.get_backend()):
        types = {"new_payee": pa.bool_()}
        data = pa.table(
            {name: pa.array([values[name]], types.get(name, pa.string())) for name in names}
        )
        table = columns.readable(_filled(engine, "places", data), set(names))
        assert table.select(it=columns.column(tree, table)).to_pyarrow()["it"].to_pylist() == [
            holds
        ]


@pytest.mark.parametrize(
    "condition, value, holds",
    [
        ("amount > 5", None, False), ("amount <= 5", None, False), ("amount != 5", None, False),
        ("not amount > 5", None, True), ("missing(amount)", None, True),
        ("amount > 5", float("nan"), False), ("amount != 5", float("nan"), False),
        ("amount > 5", float("inf"), False), ("amount > 5", 1e30, True),
        ("amount > 5", 1.0000000000000002e30, False),
        ("amount = 0", 9e-31, True), ("amount = 0", 1e-30, False),
        ("amount / 0 > 1", 5.0, False), ("missing(amount / 0)", 5.0, True),
        ("amount between 1 and 5", 5.0, True), ("amount between 1 and 5", 5.000001, False),
        ("amount not between 1 and 5", None, False), ("amount not in (1, 2)", None, False),
        ("amount + 0.1 = 0.3", 0.2, False),
    ],
)  # fmt: skip
def test_missing_values_and_edges_mean_the_same_everywhere(postgres, condition, value, holds):
    tree = parse(condition)
    assert closure(tree)(readable({"amount": value})) is holds
    for engine in (ibis.duckdb.connect(), postgres.get_backend()):
        data = pa.table({"amount": pa.array([value], pa.float64(), from_pandas=False)})
        table = columns.readable(_filled(engine, "one", data), {"amount"})
        assert table.select(it=columns.column(tree, table)).to_pyarrow()["it"].to_pylist() == [
            holds
        ]
