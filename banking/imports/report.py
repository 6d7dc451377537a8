"""What a file would do, as the preview shows it: counted while its lines go by. Pure."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from banking.imports.lines import Balance, Fault, Line
from banking.policy import IMPORTS, ImportPolicy

_ACCOUNTS_SHOWN = 20


@dataclass
class Running:
    """Whether a column of balances follows from the amounts, read downwards or upwards."""

    down_wrong: int = 0
    up_wrong: int = 0
    pairs: int = 0
    where: int = 0  # the first line that fits in neither direction
    _last: Line | None = None

    def hear(self, line: Line) -> None:
        if line.balance_minor is None:
            self._last = None
            return
        if self._last is not None and self._last.balance_minor is not None:
            step = line.balance_minor - self._last.balance_minor
            down, up = step == line.amount_minor, -step == self._last.amount_minor
            self.pairs += 1
            self.down_wrong += not down
            self.up_wrong += not up
            if not down and not up and not self.where:
                self.where = line.number
        self._last = line

    @property
    def wrong(self) -> int:
        return min(self.down_wrong, self.up_wrong)


@dataclass
class Report:
    """Counts, sums and the first lines. Sums are unbounded integers: a file may exceed a bigint."""

    policy: ImportPolicy = IMPORTS
    lines: int = 0
    fresh: int = 0
    duplicates: int = 0
    faulty: int = 0
    in_minor: int = 0
    out_minor: int = 0
    first: date | None = None
    last: date | None = None
    faults: list[Fault] = field(default_factory=list)
    sample: list[dict[str, Any]] = field(default_factory=list)
    balances: dict[tuple[str, str], Balance] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    running: Running = field(default_factory=Running)

    def fault(self, fault: Fault) -> None:
        self.lines += 1
        self.faulty += 1
        if len(self.faults) < self.policy.faults_kept:
            self.faults.append(fault)

    def line(self, line: Line, *, known: bool) -> None:
        self.lines += 1
        self.duplicates += known
        self.fresh += not known
        self.in_minor += max(line.amount_minor, 0)
        self.out_minor += min(line.amount_minor, 0)
        self.first = min(self.first or line.booked, line.booked)
        self.last = max(self.last or line.booked, line.booked)
        self.running.hear(line)
        if line.account in self.accounts or len(self.accounts) < _ACCOUNTS_SHOWN:
            self.accounts[line.account] = self.accounts.get(line.account, 0) + 1
        if len(self.sample) < self.policy.sample_lines:
            self.sample.append(_shown(line, known))

    def balance(self, balance: Balance) -> None:
        """The first opening and the last closing balance of each account count."""
        key = (balance.account, balance.kind)
        if len(self.balances) < 2 * _ACCOUNTS_SHOWN or key in self.balances:
            if balance.kind == "opening":
                self.balances.setdefault(key, balance)
            else:
                self.balances[key] = balance

    def stored(self) -> dict[str, Any]:
        return {
            "lines": self.lines,
            "fresh": self.fresh,
            "duplicates": self.duplicates,
            "faulty": self.faulty,
            "in_minor": self.in_minor,
            "out_minor": self.out_minor,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "faults": [asdict(fault) for fault in self.faults],
            "sample": self.sample,
            "accounts": self.accounts,
            **self._balanced(),
        }

    def _balanced(self) -> dict[str, Any]:
        """What the file's own balances say about its lines; empty when it has none to compare."""
        if self.running.pairs:
            return {
                "balanced": self.running.wrong == 0,
                "balance_wrong": self.running.wrong,
                "balance_where": self.running.where,
            }
        single = next(iter(self.accounts)) if len(self.accounts) == 1 else None
        opening = self.balances.get((single or "", "opening"))
        closing = self.balances.get((single or "", "closing"))
        if single is None or closing is None:
            return {}
        found: dict[str, Any] = {
            "closing_minor": closing.amount_minor,
            "closing_on": closing.on.isoformat(),
        }
        if opening is not None:
            expected = opening.amount_minor + self.in_minor + self.out_minor
            found["opening_minor"] = opening.amount_minor
            found["balance_gap_minor"] = closing.amount_minor - expected
            found["balanced"] = expected == closing.amount_minor
        return found


def _shown(line: Line, known: bool) -> dict[str, Any]:
    return {
        "number": line.number,
        "booked": line.booked.isoformat(),
        "value_date": line.value_date.isoformat() if line.value_date else None,
        "amount_minor": line.amount_minor,
        "counterparty": line.counterparty[:140],
        "text": line.text[:140],
        "reference": line.reference[:60],
        "known": known,
    }
