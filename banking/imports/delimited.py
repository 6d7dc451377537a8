"""CSV of any bank: a layout that is guessed, shown, corrected; and the lines read by it. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, cast

from banking.imports import columns, texts
from banking.imports.amounts import DecimalEvidence, is_amount, parse_amount, sign_of
from banking.imports.columns import guess_roles, is_header
from banking.imports.dates import DMY, MDY, DateEvidence, is_date, parse_date
from banking.imports.lines import Fault, FileError, Line, LineError, Opener
from banking.policy import IMPORTS, ImportPolicy

DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}
QUOTES = {'"': 'Double "', "'": "Single '"}
_SAMPLE = 1_000
_GLANCE = 200  # records by which the dialect is told
Record = tuple[int, list[str] | Fault]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CSV is to be read. Every part is guessed first and may be corrected."""

    encoding: str
    delimiter: str
    quote: str
    skip: int  # records before the first line of data
    header: tuple[str, ...]
    roles: tuple[str, ...]
    date_order: str
    decimal: str
    flip: bool = False  # amounts count the other way round, as on a credit card's statement
    example: tuple[str, ...] = ()  # the first line's cells, to show beside their roles
    unsure: bool = False  # the dates can be read in two ways, and this is the likelier one

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Layout":
        known = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
        return cls(**cast(dict[str, Any], known))

    def stored(self) -> dict[str, Any]:
        return asdict(self)


# --- guessing -------------------------------------------------------------------------------


def guess(
    open_file: Opener,
    currency: str,
    *,
    fixed: dict[str, Any] | None = None,
    policy: ImportPolicy = IMPORTS,
) -> Layout:
    """The likeliest layout. What is `fixed` was said by a person and is not guessed again."""
    fixed = fixed or {}
    encoding = fixed.get("encoding") or texts.guess_encoding(open_file)
    delimiter, quote, sample = _dialect(open_file, encoding, fixed, policy)
    skip, header, width = _head(sample, fixed.get("skip"))
    rows = [row for row in sample[skip:] if any(map(str.strip, row))][:_SAMPLE]
    cells = [[row[at] if at < len(row) else "" for row in rows] for at in range(width)]
    roles = tuple(fixed.get("roles") or guess_roles(header, cells))
    example = tuple(cell.strip()[:40].replace("\x00", "�") for cell in rows[0]) if rows else ()
    layout = Layout(encoding, delimiter, quote, skip, header, roles, DMY, ".", example=example)
    return _with_evidence(open_file, layout, currency, fixed, policy)


def recognise(open_file: Opener, policy: ImportPolicy = IMPORTS) -> None:
    """FileError when not even columns can be seen."""
    _dialect(open_file, texts.guess_encoding(open_file), {}, policy)


def _dialect(
    open_file: Opener, encoding: str, fixed: dict[str, Any], policy: ImportPolicy
) -> tuple[str, str, list[list[str]]]:
    """The delimiter and quotation mark that make the most lines look like bookings."""
    delimiters = [fixed["delimiter"]] if "delimiter" in fixed else list(DELIMITERS)
    quotes = [fixed["quote"]] if "quote" in fixed else list(QUOTES)
    found = []
    for delimiter in delimiters:
        samples = [
            _sample(open_file, encoding, delimiter, quote, policy, most=_GLANCE) for quote in quotes
        ]
        # `min` and `max` keep the first of equals: double marks and commas before the others.
        quote, sample = min(zip(quotes, samples, strict=True), key=lambda one: _left(*one))
        found.append((_likeness(sample), delimiter, quote, sample))
    likeness, delimiter, quote, sample = max(found, key=lambda one: one[0])
    if not likeness and not _has_columns(sample):
        raise FileError("import-format-unknown", "No columns were found in this file.")
    return delimiter, quote, _sample(open_file, encoding, delimiter, quote, policy)


def _sample(
    open_file: Opener,
    encoding: str,
    delimiter: str,
    quote: str,
    policy: ImportPolicy,
    most: int = _SAMPLE,
) -> list[list[str]]:
    sample: list[list[str]] = []
    for _, cells in texts.records(open_file, encoding, delimiter, quote, policy):
        sample.append([] if isinstance(cells, Fault) else cells)
        if len(sample) >= most:
            break
    return sample


def _left(quote: str, sample: Sequence[Sequence[str]]) -> int:
    """Pairs of the other marks around cells: there they would have been the quotation marks."""
    other = "'" if quote == '"' else '"'
    cells = [cell for row in sample for cell in row if cell]
    return min(sum(c[0] == other for c in cells), sum(c[-1] == other for c in cells))


def _likeness(sample: Sequence[Sequence[str]]) -> float:
    """How many lines hold a date and an amount and have the usual width."""
    width = _usual_width(sample)
    like = sum(len(row) == width and _is_booking(row) for row in sample)
    return like / (sum(bool(row) for row in sample) or 1)


def _has_columns(sample: Sequence[Sequence[str]]) -> bool:
    """Most lines have the same number of cells, and more than one: prose has not."""
    filled = [len(row) for row in sample if row]
    return _usual_width(sample) > 1 and filled.count(_usual_width(sample)) > len(filled) / 2


def _usual_width(sample: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(row) for row in sample if row)
    booked = Counter(len(row) for row in sample if _is_booking(row))
    common = (booked or widths).most_common(1)
    return common[0][0] if common else 0


def _is_booking(row: Sequence[str]) -> bool:
    """A date, and an amount that is not the same cell."""
    if len(row) < 2:
        return False
    days = [is_date(cell) for cell in row]
    money = (is_amount(cell) and not day for cell, day in zip(row, days, strict=True))
    return any(days) and any(money)


def _head(sample: Sequence[Sequence[str]], skip: int | None) -> tuple[int, tuple[str, ...], int]:
    """Where the data begins, the names above it, and how many columns there are."""
    width = _usual_width(sample)
    if skip is None:
        first = next(
            (at for at, row in enumerate(sample) if len(row) == width and _is_booking(row)), 0
        )
        # A bad line below the names is a bad line, not part of what stands above them.
        named = (at for at in range(first, 0, -1) if is_header(sample[at - 1]))
        skip = next(named, first)
    above = next((row for row in reversed(sample[:skip]) if any(map(str.strip, row))), [])
    names = len(above) >= 2 and len(above) >= width - 2 and not any(map(is_date, above))
    header = tuple(name.strip()[:80].replace("\x00", "�") for name in above) if names else ()
    return skip, header, max(width, len(header) if names else 0)


def _with_evidence(
    open_file: Opener,
    layout: Layout,
    currency: str,
    fixed: dict[str, Any],
    policy: ImportPolicy,
) -> Layout:
    """Hear every line about dates and decimals, until nothing can change any more."""
    flip = bool(fixed.get("flip"))
    if {"date_order", "decimal"} <= fixed.keys():
        said = {"date_order": fixed["date_order"], "decimal": fixed["decimal"]}
        return replace(layout, **said, flip=flip)
    days, marks = DateEvidence(), DecimalEvidence()
    booked = [at for at, role in enumerate(layout.roles) if role == "booked"]
    money = [
        at
        for at, role in enumerate(layout.roles)
        if role in {"amount", "debit", "credit", "balance"}
    ]
    for _, cells in _data(open_file, layout, policy):
        if isinstance(cells, Fault):
            continue
        days.hear_all(cells[at] for at in booked if at < len(cells))
        for at in money:
            if at < len(cells):
                marks.hear(cells[at])
        if days.settled and marks.settled:
            break
    decimal = fixed.get("decimal") or marks.mark("," if layout.delimiter == ";" else ".")
    # Nobody but Americans begins with the month.
    prefer = MDY if currency == "USD" and decimal == "." else DMY
    order, unsure = days.order(prefer)
    if "date_order" in fixed:
        order, unsure = fixed["date_order"], False
    return replace(layout, date_order=order, decimal=decimal, unsure=unsure, flip=flip)


# --- reading --------------------------------------------------------------------------------


def _data(open_file: Opener, layout: Layout, policy: ImportPolicy) -> Iterator[Record]:
    found = texts.records(open_file, layout.encoding, layout.delimiter, layout.quote, policy)
    for count, record in enumerate(found):
        if count >= layout.skip:
            yield record


def read(
    open_file: Opener,
    layout: Layout,
    currency: str,
    *,
    today: date,
    policy: ImportPolicy = IMPORTS,
) -> Iterator[Line | Fault]:
    """Every line of data, understood or with the reason why not; empty ones are left out."""
    reader = _LineReader(layout, currency, today, policy)
    for number, cells in _data(open_file, layout, policy):
        if isinstance(cells, Fault):
            yield cells
        elif any(cell and not cell.isspace() for cell in cells):
            try:
                yield reader.line(number, cells)
            except LineError as error:
                yield error.at(number, layout.delimiter.join(cells))


class _LineReader:
    """Cells to a line, with the columns looked up once."""

    def __init__(self, layout: Layout, currency: str, today: date, policy: ImportPolicy) -> None:
        self._layout, self._currency = layout, currency
        self._earliest, self._latest = policy.earliest, today + policy.ahead
        self._at = {role: layout.roles.index(role) for role in set(layout.roles) if role}
        self._texts = [at for at, role in enumerate(layout.roles) if role == "text"]
        self._names = [at for at, role in enumerate(layout.roles) if role == "counterparty"]

    def line(self, number: int, cells: list[str]) -> Line:
        self._check_currency(cells)
        amount = self._amount(cells)
        booked = self._day(cells, "booked")
        if booked is None:
            raise LineError("date-missing", "There is no booking date.")
        return Line(
            number=number,
            booked=booked,
            value_date=self._day(cells, "value_date"),
            amount_minor=amount,
            currency=self._currency,
            counterparty=self._name(cells, amount),
            text=_joined(cells, self._texts),
            reference=self._cell(cells, "reference"),
            balance_minor=self._balance(cells),
        )

    def _cell(self, cells: list[str], role: str) -> str:
        at = self._at.get(role)
        return "" if at is None or at >= len(cells) else cells[at].strip()

    def _check_currency(self, cells: list[str]) -> None:
        code = self._cell(cells, "currency").upper()
        if code and code != self._currency:
            reason = f"This line is in {code[:10]}, the account in {self._currency}."
            raise LineError("other-currency", reason)

    def _amount(self, cells: list[str]) -> int:
        amount = self._signed(cells) if "amount" in self._at else self._of_two(cells)
        return -amount if self._layout.flip else amount

    def _signed(self, cells: list[str]) -> int:
        text = self._cell(cells, "amount")
        if not text:
            raise LineError("amount-missing", "There is no amount.")
        amount = self._parse(text)
        marker = self._cell(cells, "sign")
        if not marker:
            return amount
        sign = sign_of(marker)
        if sign is None:
            raise LineError("sign-unreadable", f"“{marker[:20]}” is neither debit nor credit.")
        return sign * abs(amount)

    def _of_two(self, cells: list[str]) -> int:
        """Money out and money in, one of them empty or zero; some banks sign the first."""
        out, into = self._cell(cells, "debit"), self._cell(cells, "credit")
        if not out and not into:
            raise LineError("amount-missing", "There is no amount.")
        paid, received = (self._parse(text) if text else 0 for text in (out, into))
        if paid and received:
            raise LineError("amount-twice", "Money went both out and in on this line.")
        return received - abs(paid)

    def _parse(self, text: str) -> int:
        return parse_amount(text, self._layout.decimal, self._currency)

    def _balance(self, cells: list[str]) -> int | None:
        text = self._cell(cells, "balance")
        try:
            return self._parse(text) if text else None
        except LineError:  # a balance is only compared; a line without one is as good
            return None

    def _day(self, cells: list[str], role: str) -> date | None:
        text = self._cell(cells, role)
        if not text:
            return None
        day = parse_date(text, self._layout.date_order)
        if day is None:
            raise LineError("date-unreadable", f"“{text[:20]}” is not a date in this order.")
        check_day(day, self._earliest, self._latest)
        return day

    def _name(self, cells: list[str], amount: int) -> str:
        if self._names:
            return _joined(cells, self._names)
        first, second = ("payee", "payer") if amount < 0 else ("payer", "payee")
        return self._cell(cells, first) or self._cell(cells, second)


def check_day(day: date, earliest: date, latest: date) -> None:
    if not earliest <= day <= latest:
        raise LineError("date-out-of-range", f"{day:%-d %B %Y} is not a day of the past.")


def _joined(cells: list[str], places: list[int]) -> str:
    return " ".join(cells[at].strip() for at in places if at < len(cells) and cells[at].strip())


def problems_of(layout: Layout) -> list[str]:
    """What a person must say before anything can be read."""
    roles = set(layout.roles)
    missing = []
    if "booked" not in roles:
        missing.append("Say which column is the booking date.")
    if not roles & {"amount", "debit", "credit"}:
        missing.append("Say which column is the amount, or which are money out and money in.")
    if "amount" in roles and roles & {"debit", "credit"}:
        missing.append("Choose either one amount or money out and money in.")
    for role, name in columns.ROLES.items():
        if role not in columns.SEVERAL and layout.roles.count(role) > 1:
            missing.append(f"Only one column can be “{name}”.")
    return missing
