"""How well frauds are found, by the bank's own features, training and scoring.

    python -m benchmarks.fraud_quality PAYMENTS.parquet --train-days A:B --test-days C:D \
        --label-delay N [--scores OUT.npy]

The file has columns t (seconds), customer, terminal (numbers or text), cents, scenario (0 genuine);
day = t // 86400. It is read in batches, and only these columns of it are kept, as numbers.
Every payment's features know only earlier payments and labels already N days old; the model learns
from payments of days A to B (excluded) whose label was known when day C began, and scores days C to
D (excluded). OUT.npy gets one number for each row of the file, NaN where no score was asked for.

Measured as fraud teams do: from each test day the customers whose fraud was already known are
removed (those defrauded in the week of training before the week without labels, and from then on
until that week before the day: --known-delay), and card precision asks for the hundred customers of
a day most likely to be defrauded. `perfect` is what would be reached by who knew everything.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fraud.errors import TooFewLabels
from fraud.features import columns
from fraud.learning import bundle, metrics, training, voices
from fraud.learning.scorer import Scorer
from fraud.learning.training import Labels, Window

DAY_SECONDS, MICROS = 86_400, 1_000_000
FIRST_DAY = 1_522_540_800  # 2018-04-01, when the simulated payments begin
PROTOCOL_DAYS = 7  # of training in the protocol, before the week without labels
NUMBERS, NAMES = ("t", "cents", "scenario"), ("customer", "terminal")
BATCH_ROWS = 100_000


class Unfit(Exception):
    """This file or these days cannot be measured; says why in one line."""


@dataclass(frozen=True)
class Payments:
    """A file's rows by time, and where each stood in the file."""

    place: Any
    seconds: Any
    customer: Any
    terminal: Any
    cents: Any
    fraud: Any

    @classmethod
    def read(cls, path: Path) -> "Payments":
        found = _numbers(path)
        if found["t"].min() < 0:
            raise Unfit(f"{path}: t is in seconds since the first day, and never negative")
        place = np.argsort(found["t"], kind="stable")
        # One column after the other, so that there are never two of all of them.
        t, customer, terminal, cents, scenario = (
            found.pop(name)[place] for name in ("t", *NAMES, "cents", "scenario")
        )
        return cls(place, t, customer, terminal, cents, scenario > 0)

    @cached_property
    def day(self) -> Any:
        return self.seconds // DAY_SECONDS

    @property
    def at(self) -> Any:
        return (FIRST_DAY + self.seconds) * MICROS

    def labels(self, delay_days: float) -> Labels:
        everybody = np.arange(len(self.seconds))
        known_at = self.at + int(delay_days * DAY_SECONDS * MICROS)
        return Labels(everybody, self.fraud, known_at, np.ones(len(everybody)))

    def history(self, delay_days: float) -> columns.History:
        """As the bank would have it: all in one currency, no devices, nobody known twice."""
        known = self.labels(delay_days)
        clock = FIRST_DAY + self.seconds
        rows = len(self.seconds)
        return columns.History(
            at=self.at,
            customer=self.customer,
            account=self.customer,
            counterparty=self.customer.max() + 1 + self.terminal,
            amount_minor=np.maximum(self.cents, 1),
            currency=np.zeros(rows, np.int64),
            currencies=("EUR",),
            local_hour=clock // 3600 % 24,
            local_weekday=(clock // DAY_SECONDS + 3) % 7,  # 1970 began on a Thursday
            outgoing=np.ones(rows, bool),
            device=np.full(rows, columns.NOBODY),
            labels=columns.Labels(
                payment=known.payment, fraud=known.fraud, known_at=known.known_at
            ),
        )


def _numbers(path: Path) -> dict[str, Any]:
    """The columns of a file, batch by batch; customers and terminals as numbers from 0 on."""
    import pyarrow as pa
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check_form(path, file.schema_arrow, file.metadata.num_rows)
            found = {
                name: np.empty(file.metadata.num_rows, np.int64) for name in (*NUMBERS, *NAMES)
            }
            known: dict[str, dict[Any, int]] = {name: {} for name in NAMES}
            for start, batch in _batches(file):
                for name, into in found.items():
                    column = batch.column(name)
                    if column.null_count:
                        raise Unfit(f"{path}: column {name} has empty values")
                    into[start : start + len(batch)] = (
                        _codes(column, known[name])
                        if name in known
                        else column.cast(pa.int64()).to_numpy()
                    )
            return found
    except FileNotFoundError:
        raise Unfit(f"{path}: no such file") from None
    except (OSError, pa.ArrowInvalid) as problem:
        raise Unfit(f"{path}: not a Parquet file that can be read: {_line(problem)}") from None


def _line(problem: Exception) -> str:
    return next(iter(str(problem).splitlines()), type(problem).__name__)


def _batches(file: Any) -> Iterator[tuple[int, Any]]:
    """Where each begins, and its rows."""
    start = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=[*NUMBERS, *NAMES]):
        yield start, batch
        start += len(batch)


def _codes(column: Any, known: dict[Any, int]) -> Any:
    """A number for each name, the next free one for a new name."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    names = column.dictionary.to_pylist()
    return np.array([known.setdefault(name, len(known)) for name in names])[
        column.indices.to_numpy()
    ]


def _check_form(path: Path, schema: Any, rows: int) -> None:
    import pyarrow as pa

    def whole(kind: Any) -> bool:
        return bool(pa.types.is_integer(kind))

    def name_like(kind: Any) -> bool:
        inner = kind.value_type if pa.types.is_dictionary(kind) else kind
        return whole(inner) or pa.types.is_string(inner) or pa.types.is_large_string(inner)

    wanted = [(name, whole, "whole numbers") for name in NUMBERS]
    wanted += [(name, name_like, "whole numbers or text") for name in NAMES]
    if missing := [name for name, _, _ in wanted if name not in schema.names]:
        raise Unfit(f"{path}: no column {', '.join(missing)}")
    for name, fits, words in wanted:
        if not fits(kind := schema.field(name).type):
            raise Unfit(f"{path}: column {name} has {words}, not {kind}")
    if not rows:
        raise Unfit(f"{path}: no payments in it")


class Columns:
    """The bank's features of these payments; a `training.Table`."""

    def __init__(self, payments: Payments, delay_days: float) -> None:
        self.at = payments.at
        self.outgoing = self.moved = np.ones(len(payments.seconds), bool)
        self._table = columns.table(payments.history(delay_days))
        self._kept: dict[str, Any] = {}

    def feature(self, name: str) -> Any:
        if name not in self._kept:
            # The rules look at a balance and a session, which this file does not have.
            unknown = name == voices.RULES
            self._kept[name] = (
                np.full(len(self.at), np.nan) if unknown else self._table.feature(name)
            )
        return self._kept[name]


def tested(payments: Payments, start: int, end: int, known_delay: int) -> Any:
    """Rows of the test days, less the customers already known to be defrauded on that day."""
    day, fraud = payments.day, payments.fraud
    since = start - known_delay - PROTOCOL_DAYS
    rows = []
    for today in range(start, end):
        known = fraud & (day >= since) & (day < today - known_delay)
        here = np.flatnonzero(day == today)
        rows.append(here[~np.isin(payments.customer[here], payments.customer[known])])
    return np.concatenate(rows)


# --- what others would have said -----------------------------------------------------------------


def forest_of_four(table: Columns, taught: Any, rows: Any) -> Any:
    """An isolation forest on amount, hour, weekday and frequency."""
    from sklearn.ensemble import IsolationForest

    names = ("amount", "hour", "weekday", "own_count_24h")
    found = np.column_stack([table.feature(name) for name in names])
    return -IsolationForest(random_state=0).fit(found[taught]).score_samples(found[rows])


def random_forest(payments: Payments, delay: float, taught: Any, rows: Any) -> Any:
    """A random forest on the fifteen features of the handbook, over its seven days of training."""
    from sklearn.ensemble import RandomForestClassifier

    found = _fifteen(payments, delay)
    forest = RandomForestClassifier(random_state=0, n_jobs=2)
    forest.fit(found[taught], payments.fraud[taught])
    return forest.predict_proba(found[rows])[:, 1]


def _fifteen(payments: Payments, delay: float) -> Any:
    """Amount, weekend, night; for 1, 7 and 30 days how often and how much a customer pays, and how
    often a terminal is paid and how often that was fraud, as known after the delay."""
    t, amount = payments.seconds, payments.cents / 100
    clock = FIRST_DAY + t
    late = int(delay * DAY_SECONDS)
    found = [amount, (clock // DAY_SECONDS + 3) % 7 >= 5, clock // 3600 % 24 <= 6]
    for days in (1, 7, 30):
        count, spent = _within(payments.customer, t, amount, days * DAY_SECONDS, 0)
        found += [count, spent / count]
    for days in (1, 7, 30):
        count, frauds = _within(payments.terminal, t, payments.fraud, days * DAY_SECONDS, late)
        found += [count, np.divide(frauds, count, out=np.zeros(len(t)), where=count > 0)]
    return np.column_stack(found)


def _within(key: Any, t: Any, values: Any, seconds: int, late: int) -> tuple[Any, Any]:
    """Rows of the same key from `late + seconds` to `late` before each, itself included, and the
    sum of their values."""
    order = np.lexsort((t, key))
    span = int(t.max()) + seconds + late + 1
    line = key[order] * span + t[order]  # one axis for all keys, far enough apart
    sums = np.r_[0.0, np.cumsum(values[order].astype(float))]
    ends = np.searchsorted(line, line - late, side="right")
    starts = np.searchsorted(
        line, np.maximum(line - late - seconds, key[order] * span - 1), "right"
    )
    ends = np.maximum(ends, starts)
    count, total = np.empty(len(t)), np.empty(len(t))
    count[order], total[order] = ends - starts, sums[ends] - sums[starts]
    return count, total


# --- the run -------------------------------------------------------------------------------------


def main() -> None:
    asked = _asked()
    try:
        measure(asked)
    except Unfit as problem:
        sys.exit(f"fraud_quality: {problem}")
    except TooFewLabels as few:
        sys.exit(f"fraud_quality: {few.message}")


def measure(asked: argparse.Namespace) -> None:
    started = time.perf_counter()
    payments = Payments.read(asked.payments)
    _check_days(payments, asked.train_days, "train")
    _check_days(payments, asked.test_days, "test")
    table = Columns(payments, asked.label_delay)
    for name in training.NAMES:
        table.feature(name)
    _say("features_seconds", time.perf_counter() - started)

    (first, last), (start, end) = asked.train_days, asked.test_days
    moment = (FIRST_DAY + np.array([first, last, start]) * DAY_SECONDS) * MICROS
    window = Window(*(int(one) for one in moment))
    began = time.perf_counter()
    made = training.train(table, payments.labels(asked.label_delay), window)
    _say("training_seconds", time.perf_counter() - began)
    content = made.to_bytes()
    scorer = Scorer(bundle.read(content, bundle.digest(content)))

    whole = np.flatnonzero((payments.day >= start) & (payments.day < end))
    scores = np.full(len(payments.seconds), np.nan)
    taken = {name: table.feature(name)[whole] for name in training.NAMES}
    scores[whole] = scorer.scores(taken)
    if asked.scores:
        out = np.full(len(scores), np.nan)
        out[payments.place] = scores
        np.save(asked.scores, out)

    rows = tested(payments, start, end, asked.known_delay)
    taught = np.flatnonzero((payments.day >= first) & (payments.day < last))
    week = taught[payments.day[taught] >= last - PROTOCOL_DAYS]
    _report("z_score", payments, rows, np.nan_to_num(table.feature("deviations")[rows]))
    _report("isolation_forest", payments, rows, forest_of_four(table, taught, rows))
    others = random_forest(payments, asked.label_delay, week, rows)
    _report("random_forest", payments, rows, others)
    _report("perfect", payments, rows, payments.fraud[rows].astype(float))
    sure = rows[(scores[rows] >= 0.7) & (scores[rows] < 0.9)]
    _say("score_around_0.8", float(scores[sure].mean()))
    _say("fraud_around_0.8", float(payments.fraud[sure].mean()))
    _say("payments", len(rows))
    _say("frauds", int(payments.fraud[rows].sum()))
    _report("", payments, rows, scores[rows])


def _check_days(payments: Payments, days: tuple[int, int], which: str) -> None:
    start, end = days
    first, last = int(payments.day[0]), int(payments.day[-1])
    if start < first or end > last + 1:
        raise Unfit(
            f"--{which}-days {start}:{end} are not all in the file, which has {first}:{last + 1}"
        )
    if not payments.fraud[(payments.day >= start) & (payments.day < end)].any():
        raise Unfit(f"no fraud in --{which}-days {start}:{end}, so nothing can be measured")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("payments", type=Path)
    parser.add_argument("--train-days", type=_days, required=True, metavar="A:B")
    parser.add_argument("--test-days", type=_days, required=True, metavar="C:D")
    parser.add_argument("--label-delay", type=_delay, default=7.0, metavar="N")
    parser.add_argument("--known-delay", type=_whole_days, default=7, help="the protocol's week")
    parser.add_argument("--scores", type=Path, metavar="OUT.npy")
    asked = parser.parse_args()
    if asked.train_days[1] > asked.test_days[0]:
        parser.error("training days end before test days begin")
    if asked.scores and not asked.scores.resolve().parent.is_dir():
        parser.error(f"--scores: there is no folder {asked.scores.parent}")
    return asked


def _days(text: str) -> tuple[int, int]:
    start, _, end = text.partition(":")
    if not (start.isdecimal() and end.isdecimal() and int(start) < int(end)):
        raise argparse.ArgumentTypeError("two days such as 73:115, the second excluded")
    return int(start), int(end)


def _delay(text: str) -> float:
    """Days; a label before its payment would tell the future."""
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 <= days < math.inf:
        raise argparse.ArgumentTypeError("days until a label is known, 0 or more")
    return days


def _whole_days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("whole days, 0 or more")
    return int(text)


def _report(name: str, payments: Payments, rows: Any, scores: Any) -> None:
    fraud, stem = payments.fraud[rows], f"{name}_" if name else ""
    found = metrics.figures(fraud, scores)
    cards = metrics.card_precision(payments.day[rows], payments.customer[rows], fraud, scores)
    _say(f"{stem}auc", found.auc)
    _say(f"{stem}average_precision", found.average_precision)
    _say(f"{stem}card_precision_100", cards)
    _say(f"{stem}recall_at_0.1_percent", found.recall_at_a_thousandth)


def _say(name: str, value: float) -> None:
    print(f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}", flush=True)


if __name__ == "__main__":
    main()
