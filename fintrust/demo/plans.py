"""Whom Amara pays by name, and what leaves her account by itself."""

import calendar
from datetime import date, timedelta

from django.utils import timezone

from banking.models import Account
from banking.payees.services import add_payee
from banking.schedules.calendars import today_of
from banking.schedules.dates import Plan, Rhythm, Weekend
from banking.schedules.services import Wish, create_schedule
from fintrust.core.models import User
from fintrust.core.money import Money


def load(amara: User, accounts: dict[str, Account]) -> None:
    """An address book, a standing order for the rent, one for savings, and one date ahead."""
    for handle, name, nickname in (
        ("halden", "Halden Lettings", "Landlord"),
        ("foxglove", "Foxglove Books", ""),
        ("jonas", "Jonas Weber", "Jonas"),
    ):
        add_payee(by=amara, account=accounts[handle].number, name=name, nickname=nickname)
    today = today_of(amara, timezone.now())
    mine = accounts["amara"]
    wishes = (
        Wish(
            mine,
            accounts["halden"],
            "Landlord",
            Money(1_050_00, "EUR"),
            Plan(_next(today, 1), Rhythm.MONTHLY, weekend=Weekend.PREVIOUS),
            "Rent",
        ),
        Wish(
            mine,
            accounts["amara:savings"],
            "Savings",
            Money(400_00, "EUR"),
            Plan(_next(today, 26), Rhythm.MONTHLY),
            "Savings",
        ),
        Wish(
            mine,
            accounts["jonas"],
            "Jonas",
            Money(45_00, "EUR"),
            Plan(today + timedelta(days=9), Rhythm.ONCE),
            "Concert ticket",
        ),
    )
    for number, wish in enumerate(wishes):
        create_schedule(by=amara, wish=wish, request_id=f"demo-plan-{number}")


def _next(today: date, day: int) -> date:
    """The next such day of a month, not before next week: nothing leaves while people look."""
    soon = today + timedelta(days=7)
    if soon.day <= day:
        return soon.replace(day=day)
    length = calendar.monthrange(soon.year, soon.month)[1]
    return (soon.replace(day=length) + timedelta(days=1)).replace(day=day)
