"""What is asked of the measure of fraud: files and days that fit, and one line about those that do
not."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import fraud_quality
from benchmarks.fraud_quality import DAY_SECONDS, Payments, Unfit

DAYS = {"--train-days": "0:2", "--test-days": "2:3"}


def columns(**changes):
    """Three days of two payments each, not in the order of time."""
    days = np.array([2, 0, 1, 0, 2, 1])
    return {
        "t": pa.array(days * DAY_SECONDS + np.arange(6)),
        "customer": pa.array([5, 6, 5, 6, 5, 6]),
        "terminal": pa.array([-1, 2, 2, 2, -1, 2]),
        "cents": pa.array([1, 2, 3, 4, 5, 6]),
        "scenario": pa.array([0, 1, 0, 0, 2, 1]),
    } | changes


@pytest.fixture
def written(tmp_path):
    def write(**changes):
        found = {name: one for name, one in columns(**changes).items() if one is not None}
        pq.write_table(pa.table(found), tmp_path / "payments.parquet", row_group_size=4)
        return tmp_path / "payments.parquet"

    return write


def said(monkeypatch, capsys, path, **changes):
    """What it ends with: the last line, and that there is no traceback."""
    asked = [word for pair in (DAYS | changes).items() for word in pair]
    monkeypatch.setattr(sys, "argv", ["fraud_quality", str(path), *asked])
    with pytest.raises(SystemExit) as ended:
        fraud_quality.main()
    if isinstance(ended.value.code, str):
        assert "\n" not in ended.value.code
        return ended.value.code
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


TEXT = {"customer": pa.array(list("ababab")), "terminal": pa.array(list("xyyyxy"))}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        TEXT,
        {name: one.dictionary_encode() for name, one in TEXT.items()},
        {"customer": pa.array([2**62, -4, 2**62, -4, 2**62, -4])},
    ],
)
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_a_file_is_read_in_batches_whatever_its_names_are(written, monkeypatch, changes, batch):
    monkeypatch.setattr(fraud_quality, "BATCH_ROWS", batch)
    found = Payments.read(written(**changes))
    assert found.place.tolist() == [1, 3, 2, 5, 0, 4]
    assert found.day.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.cents.tolist() == [2, 4, 3, 6, 1, 5]
    assert found.fraud.tolist() == [True, False, False, True, False, True]
    assert found.customer.tolist() == [1, 1, 0, 1, 0, 0]  # in the order of the file
    assert found.terminal.tolist() == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"cents": None, "t": None}, "no column t, cents"),
        ({"t": pa.array(list("abcdef"))}, "column t has whole numbers, not string"),
        ({"cents": pa.array([1.5] * 6)}, "column cents has whole numbers, not double"),
        ({"customer": pa.array([1.5] * 6)}, "column customer has whole numbers or text"),
        ({"customer": pa.array([1, 2, 3, 4, 5, None])}, "column customer has empty values"),
        ({"t": pa.array([-1, 2, 3, 4, 5, 6])}, "never negative"),
        ({name: one[:0] for name, one in columns().items()}, "no payments in it"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_a_line(written, monkeypatch, capsys, changes, why):
    path = written(**changes)
    with pytest.raises(Unfit, match=why):
        Payments.read(path)
    assert why in said(monkeypatch, capsys, path)


@pytest.mark.parametrize("content", [b"", b"no parquet, whatever it is called", None])
def test_what_is_no_parquet_file_is_refused_in_a_line(tmp_path, monkeypatch, capsys, content):
    path = tmp_path / "payments.parquet"
    if content is not None:
        path.write_bytes(content)
    found = said(monkeypatch, capsys, path)
    assert ("no such file" if content is None else "not a Parquet file") in found


@pytest.mark.parametrize(
    "asked, why",
    [
        ({"--label-delay": "-3"}, "0 or more"),
        ({"--label-delay": "-0.001"}, "0 or more"),
        ({"--label-delay": "nan"}, "0 or more"),
        ({"--label-delay": "soon"}, "0 or more"),
        ({"--known-delay": "-1"}, "0 or more"),
        ({"--train-days": "1:3"}, "training days end before test days begin"),
        ({"--train-days": "2:3", "--test-days": "0:1"}, "training days end before"),
        ({"--train-days": "a:3"}, "two days such as"),
        ({"--train-days": "2:2"}, "two days such as"),
        ({"--test-days": "2:4"}, "not all in the file, which has 0:3"),
        ({"--test-days": "200:201"}, "not all in the file"),
        ({"--scores": "nowhere/scores.npy"}, "no folder nowhere"),
        ({}, "There are"),  # far too few to train a model
    ],
)
def test_days_that_do_not_fit_are_refused_in_a_line(written, monkeypatch, capsys, asked, why):
    assert why in said(monkeypatch, capsys, written(), **asked)


@pytest.mark.parametrize("day, which", [(0, "train"), (2, "test")])
def test_days_without_fraud_are_refused_in_a_line(written, monkeypatch, capsys, day, which):
    scenario = columns()["scenario"].to_numpy(zero_copy_only=False).copy()
    scenario[columns()["t"].to_numpy() // DAY_SECONDS == day] = 0
    asked = {"--train-days": "0:1", "--test-days": "2:3"}
    path = written(scenario=pa.array(scenario))
    assert f"no fraud in --{which}-days" in said(monkeypatch, capsys, path, **asked)


@pytest.mark.parametrize("delay", ["0", "0.5", "7"])
def test_a_delay_of_nothing_or_more_is_taken(monkeypatch, delay):
    asked = ["x", "payments.parquet", "--train-days", "0:1", "--test-days", "1:2"]
    monkeypatch.setattr(sys, "argv", [*asked, "--label-delay", delay])
    assert fraud_quality._asked().label_delay == float(delay)


def test_the_command_says_it_without_a_traceback(tmp_path):
    asked = [word for pair in DAYS.items() for word in pair]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.fraud_quality", str(tmp_path / "none.parquet"), *asked],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr.strip().endswith("none.parquet: no such file")
    assert "Traceback" not in run.stderr
