"""LightGBM without its Python package: found, loaded, exact, quick, and absent without harm."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from fraud.learning import forest, library
from fraud.learning.booster import Booster, BoosterBroken
from fraud.learning.inputs import FOREST
from fraud.tests import lessons


def alone(program: str) -> list[str]:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def trees() -> Booster:
    made = lessons.model()
    return Booster(made.trees, len(made.features))


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(1).gamma(2, 1, (200, len(lessons.model().features)))


def test_one_row_says_what_many_say(trees, rows):
    assert [trees.margin(row) for row in rows.tolist()] == trees.margins(rows).tolist()


def test_it_says_what_lightgbm_itself_says(trees, rows):
    import lightgbm

    theirs = lightgbm.Booster(model_str=lessons.model().trees)
    assert trees.margins(rows).tolist() == theirs.predict(rows, raw_score=True).tolist()


def test_the_contributions_are_exact(trees, rows):
    for row in rows.tolist():
        reasons = trees.contributions(row)
        assert len(reasons) == trees.width + 1
        assert sum(reasons) == pytest.approx(trees.margin(row), abs=1e-9)


def test_what_is_missing_is_no_accident(trees, rows):
    row = rows[0].tolist()
    row[0] = float("nan")
    assert sum(trees.contributions(row)) == pytest.approx(trees.margin(row), abs=1e-9)


def test_threads_do_not_mix_their_rows(trees, rows):
    wanted = [trees.margin(row) for row in rows.tolist()]
    wrong: list[int] = []

    def ask():
        for _ in range(20):
            wrong.extend(
                place
                for place, row in enumerate(rows.tolist())
                if trees.margin(row) != wanted[place]
            )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("text", ["", "tree\n", "no trees", "\x00\x01", "cos\nsystem\n(S'id'\ntR."])
def test_what_are_no_trees_is_refused(text):
    with pytest.raises(BoosterBroken):
        Booster(text, 3)


def test_trees_of_another_width_are_refused(trees, rows):
    with pytest.raises(BoosterBroken, match="features"):
        Booster(lessons.model().trees, trees.width + 1)
    with pytest.raises(BoosterBroken, match="features"):
        trees.margins(rows[:, :-1])
    with pytest.raises(BoosterBroken, match="features"):
        trees.margins(rows[0])


def test_no_rows_are_no_scores(trees, rows):
    assert trees.margins(rows[:0]).tolist() == []


def test_scoring_brings_neither_pandas_nor_sklearn_nor_lightgbm():
    heavy = alone(
        "import sys; from fraud.learning.library import library; library();"
        "import fraud.learning.scorer;"
        "print('lightgbm' in sys.modules, 'pandas' in sys.modules, 'sklearn' in sys.modules)"
    )
    assert heavy == ["False"] * 3


def test_without_the_systems_openmp_the_one_of_scikit_learn_serves():
    """It is loaded first, under the name that is looked for; then the system's is not asked for.
    Training works beside it, too."""
    loaded = alone(
        "from fraud.learning import library; library.name_openmp(); library.library();"
        "import lightgbm, numpy;"
        "rows = numpy.random.default_rng(1).random((500, 3));"
        "lightgbm.train({'verbosity': -1}, lightgbm.Dataset(rows, rows[:, 0]), 3);"
        "lines = [one for one in open('/proc/self/maps') if 'libgomp' in one and 'r-xp' in one];"
        "print(*{one.split()[5] for one in lines})"
    )
    assert "/memfd:libgomp.so.1" in loaded
    assert not [path for path in loaded if path.startswith(("/lib/", "/usr/"))]


def test_a_machine_without_the_library_says_so(tmp_path):
    """Another package of that name, without a library in it."""
    (tmp_path / "lightgbm").mkdir()
    (tmp_path / "lightgbm" / "__init__.py").touch()
    said = alone(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from fraud.learning.library import LibraryMissing, library\n"
        "try: library()\n"
        "except LibraryMissing as missing: print('missing')"
    )
    assert said == ["missing"]


# --- the forest ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grown():
    from sklearn.ensemble import IsolationForest

    known = lessons.history(3_000)
    columns = {name: known.columns[name] for name in FOREST}
    ours = forest.grow(columns, FOREST, trees=100, payments=256, seed=3)
    theirs = IsolationForest(n_estimators=100, max_samples=256, random_state=3)
    tamed = forest.filled(forest.tamed(columns, FOREST), ours.fill)
    return known, forest.Forest(ours), theirs.fit(tamed), tamed


def test_the_forest_says_what_scikit_learn_says(grown):
    known, ours, theirs, tamed = grown
    wanted = -theirs.score_samples(tamed[:300])
    found = [ours.score(known.one(row)) for row in range(300)]
    assert np.abs(np.array(found) - wanted).max() < 1e-12


def test_a_forest_says_of_one_what_it_says_of_many(grown):
    known, ours, _, _ = grown
    many = ours.rarities(known.columns)
    assert [ours.rarity(known.one(row)) for row in range(300)] == many[:300].tolist()


def test_what_is_missing_counts_as_the_middle(grown):
    known, ours, _, _ = grown
    missing = known.one(0) | {"amount_scaled": None}
    middle = known.one(0) | {"amount_scaled": ours.grown.fill[0] ** 4}
    assert ours.score(missing) == pytest.approx(ours.score(middle), abs=1e-6)


def test_a_forest_of_equal_payments_calls_none_rare():
    columns = {"amount_scaled": np.full(300, 5.0)}
    grown = forest.grow(columns, ("amount_scaled",), trees=5, payments=64, seed=1)
    assert forest.Forest(grown).score({"amount_scaled": 5.0}) == pytest.approx(0.5)


def test_a_feature_that_nobody_has_is_no_obstacle():
    columns = {"amount_scaled": np.arange(300.0), "hour_share": np.full(300, np.nan)}
    grown = forest.grow(columns, tuple(columns), trees=5, payments=64, seed=1)
    assert 0 < forest.Forest(grown).score({"amount_scaled": 5.0}) < 1


def test_the_library_is_loaded_once():
    assert library.library() is library.library()
