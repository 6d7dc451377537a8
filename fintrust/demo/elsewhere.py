"""What one customer keeps at another bank, as the files that bank gives her: one added, one that
waits for her word and overlaps with the first."""

import io
import random
from collections.abc import Iterator
from datetime import date, timedelta

from banking.imports import services
from banking.models import Import, OutsideAccount
from fintrust.core.models import User
from fintrust.core.money import Money

SEED = 19_770_525
_SHOPS = (
    ("Linden Books", "Card purchase", 9_00, 38_00),
    ("Fährhaus Café", "Card purchase", 3_20, 14_00),
    ("City Bikes", "Monthly pass", 12_00, 12_01),
    ("Green Basket", "Groceries", 18_00, 64_00),
)


def bring(owner: User, today: date) -> None:
    account = services.open_outside_account(
        owner=owner,
        name="Household",
        bank="Harbour Savings Bank",
        currency="EUR",
        opening=Money(1_840_00, "EUR"),
    )
    lines = list(_lines(today))
    first = _upload(owner, account, lines[:-12], "household-1.csv")
    services.confirm_import(item=first, by=owner, revision=first.revision)
    first.refresh_from_db()
    services.add_lines(first)
    _upload(owner, account, lines[-20:], "household-2.csv")


def _upload(owner: User, account: OutsideAccount, lines: list[str], name: str) -> Import:
    head = "Booking date;Name;Description;Amount"
    file = io.BytesIO("\r\n".join([head, *lines]).encode("cp1252"))
    return services.upload_import(by=owner, account=account, filename=name, file=file)


def _lines(today: date) -> Iterator[str]:
    """Three months up to yesterday, about three lines a week."""
    dice = random.Random(SEED)
    for back in range(90, 0, -1):
        day = today - timedelta(days=back)
        if day.day == 3:
            yield _line(day, "Amara Okafor", "Household share", 250_00)
        if dice.random() < 0.42:
            shop, text, least, most = dice.choice(_SHOPS)
            yield _line(day, shop, text, -dice.randrange(least, most))


def _line(day: date, name: str, text: str, minor: int) -> str:
    whole, cents = divmod(abs(minor), 100)
    sign = "-" if minor < 0 else ""
    return f"{day:%d.%m.%Y};{name};{text};{sign}{whole},{cents:02}"
