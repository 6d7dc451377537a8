"""People and accounts to move money between. Everything is made by the bank's own verbs."""

import pytest
from django.contrib.auth.models import Group

from banking.care.services import open_account
from banking.models import Account
from banking.transfers import services
from fintrust.core import roles
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money


def open_funded(owner: User, minor: int, currency: str = "EUR", **options) -> Account:
    account = open_account(owner=owner, product="checking", currency=currency, **options)
    if minor:
        services.deposit(
            by=owner, account=account, amount=Money(minor, currency), request_id=str(uuid7())
        )
        account.refresh_from_db()
    return account


@pytest.fixture
def ada(db):
    return User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")


@pytest.fixture
def ben(db):
    return User.objects.create_user("ben@example.org", "correct horse battery", name="Ben Okri")


@pytest.fixture
def olga(db):
    return User.objects.create_user(
        "olga@example.org", "correct horse battery", name="Olga Brandt", is_staff=True
    )


@pytest.fixture
def treasurer(db):
    """Who sets rates and limits."""
    user = User.objects.create_user(
        "noor@example.org", "correct horse battery", name="Noor Rahman", is_staff=True
    )
    user.groups.add(Group.objects.get(name=roles.ADMINISTRATOR))
    return user


@pytest.fixture
def hers(ada):
    return open_funded(ada, 1_000_00)


@pytest.fixture
def his(ben):
    return open_funded(ben, 50_00)


@pytest.fixture
def send(ada, hers, his):
    """Ada sends Ben money, as a fresh request unless told otherwise."""

    def do(minor: int = 10_00, **changes):
        request = {
            "by": ada,
            "source": hers,
            "target": his,
            "amount": Money(minor, "EUR"),
            "request_id": str(uuid7()),
            **changes,
        }
        return services.send_transfer(**request)

    return do
