"""Accounts for tests of the ledger itself, opened and funded through its own door."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from banking import ledger
from banking.models import Account
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def customer() -> User:
    user = User(email=f"{uuid7()}@example.org", name="Ada Byron")
    user.set_unusable_password()
    user.save()
    return user


def account(minor: int = 0, currency: str = "EUR", **options: Any) -> Account:
    """A new account of a new customer, with this much on it."""
    opened = ledger.open_account(owner=customer(), product="checking", currency=currency, **options)
    if minor:
        clearing = ledger.internal("clearing", currency)
        ledger.move(uuid7(), clearing, opened, Money(minor, currency), kind="deposit")
    return now(opened)


def now(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def balance(account: Account) -> int:
    return now(account).balance_minor


def outcome(verb: Callable[..., Any], *args: Any, **options: Any) -> str:
    """`done`, `replayed`, or the code of the refusal; a refusal leaves nothing behind."""
    try:
        with transaction.atomic():
            result = verb(*args, **options)
    except Problem as problem:
        return problem.code
    return "replayed" if getattr(result, "replayed", False) else "done"
