"""The bank's own business numbers, each with its reason."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class TransferPolicy:
    hold_max: timedelta = timedelta(hours=72)
    # what is held on Friday evening must still be there on Monday
    deposit_major_max: int = 25_000  # of whole units: a demo top-up, not a lottery win
    accounts_max: int = 20  # for one customer: more is a mistake or a mule


@dataclass(frozen=True)
class ImportPolicy:
    file_bytes_max: int = 50_000_000  # ten years of a busy account; more is not a statement
    chunk_bytes: int = 256 * 1024  # of a stored file: what a reader holds of it at a time
    accounts_max: int = 20  # outside accounts for one customer, as many as they may have here
    waiting_max: int = 3  # files that wait for their owner: each may be as large as above
    lines_max: int = 500_000  # of one file
    account_lines_max: int = 1_000_000  # of one outside account, over all its files
    line_chars_max: int = 20_000  # no bank writes a longer line; whoever does fills our memory
    record_lines_max: int = 50  # of one quoted record: more is a quotation mark nobody closed
    columns_max: int = 60  # the widest export we know has forty
    entry_parts_max: int = 20_000  # elements of one camt or OFX entry; a batch of 400 has 12,000
    depth_max: int = 64  # of elements in elements; camt has fifteen
    text_chars_max: int = 500  # of what is kept of a line's texts; the rest is advertisement
    batch_lines: int = 1_000  # added in one transaction: what a killed worker has to do again
    faults_kept: int = 500  # shown and downloadable; the others are counted
    sample_lines: int = 12  # of the preview
    check_at_once_bytes: int = 300_000  # read while the customer waits; larger ones by the worker
    look: timedelta = timedelta(seconds=150)  # at one whole file: half of what a task may take
    turn: timedelta = timedelta(seconds=60)  # of one file, then the next one has its turn
    keep_waiting: timedelta = timedelta(days=7)  # a file nobody confirmed is forgotten then
    earliest: date = date(1970, 1, 1)
    ahead: timedelta = timedelta(days=31)  # a value date may lie in the next month, not later


IMPORTS = ImportPolicy()
STANDARD = TransferPolicy()
