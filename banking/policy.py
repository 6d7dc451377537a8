"""The bank's own business numbers, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class TransferPolicy:
    hold_max: timedelta = timedelta(hours=72)
    # what is held on Friday evening must still be there on Monday
    deposit_major_max: int = 25_000  # of whole units: a demo top-up, not a lottery win
    accounts_max: int = 20  # for one customer: more is a mistake or a mule


STANDARD = TransferPolicy()


@dataclass(frozen=True)
class StatementPolicy:
    days_max: int = 366  # a year with its leap day; what is longer is an export
    finished_after: timedelta = timedelta(minutes=10)
    # what was booked just before midnight has committed by then, so the period changes no more
    pdf_lines_max: int = 20_000  # 600 pages: nobody reads more, and a page is kept until the last
    page_lines: int = 200  # of one page on the screen
    months_shown: int = 12  # of the list of months at once


STATEMENTS = StatementPolicy()
