"""What next month will cost, and how sure that is. Pure: whole numbers in, whole numbers out.

Several ways of guessing are tried on the customer's own past, as they would have been used then:
the month before a prediction still runs when it is made, so it is never looked at. Whatever was
best on the months before is what the next prediction uses, and the errors of that very procedure,
choosing included, make the interval. So its coverage is a rank among errors that were really made
(split conformal prediction), and not a promise of a formula.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, median

from banking.policy import INSIGHTS, InsightsPolicy

GAP = 1  # months between the last whole one and the predicted one: the one that runs


@dataclass(frozen=True, slots=True)
class History:
    """Whole months, oldest first: what was spent; and what could have been said before each by
    what was known to come again and the mean of the rest, for these months and up to the
    predicted one.
    """

    spent: Sequence[int]
    expected: Sequence[int]

    def before(self, target: int) -> "History":
        """What was known when the month `target` was predicted."""
        return History(self.spent[: target - GAP], self.expected[: target + 1])


@dataclass(frozen=True, slots=True)
class Method:
    """One way of guessing, and how many months it needs."""

    name: str
    label: str
    needs: int
    guess: Callable[[History], float]


def _mean(months: int) -> Callable[[History], float]:
    return lambda known: fmean(known.spent[-months:])


def _median(months: int) -> Callable[[History], float]:
    return lambda known: median(known.spent[-months:])


def _smoothed(weight: float) -> Callable[[History], float]:
    def guess(known: History) -> float:
        level = float(known.spent[0])
        for spent in known.spent[1:]:
            level += weight * (spent - level)
        return level

    return guess


def _trend(known: History) -> float:
    """The line through a year: its slope is the median of all slopes between two months."""
    recent = known.spent[-12:]
    slopes = [
        (recent[j] - recent[i]) / (j - i)
        for i in range(len(recent))
        for j in range(i + 1, len(recent))
    ]
    slope = median(slopes)
    start = median(spent - slope * i for i, spent in enumerate(recent))
    return start + slope * (len(recent) + GAP)


def _recurring_and_rest(known: History) -> float:
    return known.expected[-1]


def _last_year(known: History) -> float:
    return known.spent[-12 + GAP]


def _last_year_now(known: History) -> float:
    """The same month a year ago, moved by how much dearer life has become since."""
    then, now = fmean(known.spent[-15:-12]), fmean(known.spent[-3:])
    return _last_year(known) * now / then if then else now


NAIVE = Method("last-month", "the last whole month again", 1, lambda known: known.spent[-1])
# In order of plainness: of two that did equally well, the plainer one is used.
METHODS = (
    NAIVE,
    Method("mean-3", "the mean of three months", 1, _mean(3)),
    Method("mean-6", "the mean of six months", 4, _mean(6)),
    Method("mean-all", "the mean of all months", 7, _mean(24)),
    Method("median-3", "the median of three months", 3, _median(3)),
    Method("median-6", "the median of six months", 4, _median(6)),
    Method("recurring", "what comes again, and the mean of the rest", 1, _recurring_and_rest),
    Method("smoothed-slow", "a slow moving level", 3, _smoothed(0.25)),
    Method("smoothed-fast", "a fast moving level", 3, _smoothed(0.6)),
    Method("trend", "the trend of the last year", 4, _trend),
    Method("last-year", "the same month last year", 13, _last_year),
    Method("last-year-now", "the same month last year, at today's prices", 15, _last_year_now),
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A number, its interval, and everything that one needs to doubt it."""

    expected: int
    low: int
    high: int
    coverage: float  # how often the truth should lie within, at least
    method: Method
    error: int  # mean absolute error of the method on the months held back
    naive_error: int  # the same of the last month again
    checks: int  # months that were held back

    @property
    def gain(self) -> float:
        """By how much the method beat the naive one there; 0 when it is the naive one."""
        return 1 - self.error / self.naive_error if self.naive_error else 0.0


def predict(history: History, policy: InsightsPolicy = INSIGHTS) -> Forecast | None:
    """The month after the one that runs; None when the past is too short to check a prediction."""
    total = len(history.spent)
    if len(history.expected) != total + GAP + 1:
        raise ValueError("expected has an amount for each month, and up to the predicted one")
    if total < policy.forecast_months_min:
        return None
    board = _Board()
    misses = []
    for target in range(1 + GAP, total):
        known, truth = history.before(target), history.spent[target]
        misses.append(abs(truth - _guess(board.best(known), known)))
        board.score(known, truth)
    if len(misses) < policy.forecast_checks_min:
        return None
    method = board.best(history)
    middle = _guess(method, history)
    miss, coverage = _bound(misses, policy.forecast_coverage)
    return Forecast(
        expected=middle,
        low=max(0, middle - miss),
        high=middle + miss,
        coverage=coverage,
        method=method,
        error=round(fmean(board.errors[method.name])),
        naive_error=round(fmean(board.errors_of_naive_beside(method))),
        checks=len(misses),
    )


def _guess(method: Method, known: History) -> int:
    return max(0, round(method.guess(known)))


class _Board:
    """How each method did on the months so far."""

    def __init__(self) -> None:
        self.errors: dict[str, list[int]] = {method.name: [] for method in METHODS}

    def score(self, known: History, truth: int) -> None:
        for method in METHODS:
            if len(known.spent) >= method.needs:
                self.errors[method.name].append(abs(truth - _guess(method, known)))

    def errors_of_naive_beside(self, method: Method) -> list[int]:
        """The naive method's on the months the other was tried on, which are the newest."""
        return self.errors[NAIVE.name][-len(self.errors[method.name]) :]

    def best(self, known: History) -> Method:
        """The smallest error beside the naive one's; untried, the mean of three months."""
        tried = [
            method
            for method in METHODS
            if len(known.spent) >= method.needs and len(self.errors[method.name]) >= _TRIES_MIN
        ]
        return min(tried, key=self._ratio, default=METHODS[1])

    def _ratio(self, method: Method) -> float:
        """Drawn towards 1, "as good as naive": few months may have been luck."""
        own, naive = self.errors[method.name], self.errors_of_naive_beside(method)
        doubt = _DOUBT * (fmean(naive) + 1)
        return (sum(own) + doubt) / (sum(naive) + doubt)


_TRIES_MIN = 2
_DOUBT = 3  # months


def _bound(misses: Sequence[int], goal: float) -> tuple[int, float]:
    """The miss that is not exceeded `goal` of the time, and how often that is: with n misses the
    k-th smallest covers k of n + 1. With too few to reach the goal it is the largest, and less."""
    rank = min(ceil((len(misses) + 1) * goal), len(misses))
    return sorted(misses)[rank - 1], rank / (len(misses) + 1)
