"""A customer with something to share, and two partners who would like to see it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from banking import ledger
from banking.care.services import open_account
from consent import services
from fintrust.core import roles
from fintrust.core.models import User
from fintrust.core.money import Money

NOTE = "rent for Ottilie Grünwald"


class Shop:
    """The people and things of these tests, made one by one where a test needs them."""

    def person(self, handle: str, name: str, role: str) -> User:
        user = User.objects.create_user(f"{handle}@example.org", "correct horse battery", name=name)
        user.groups.add(Group.objects.get(name=role))
        return user

    def customer(self, handle: str = "mia", name: str = "Mia Sophie Example") -> User:
        user = self.person(handle, name, roles.CUSTOMER)
        user.phone = "+44 20 7946 0731"
        user.save(update_fields=["phone"])
        return user

    def account(self, owner: User, euros: int = 1234):
        account = open_account(owner=owner, product="checking", currency="EUR")
        clearing = ledger.internal("clearing", "EUR")
        ledger.move(uuid4(), clearing, account, Money(euros * 100, "EUR"))
        account.refresh_from_db()
        return account

    def pay(self, source, target, cents: int, note: str = NOTE) -> None:
        ledger.move(uuid4(), source, target, Money(cents, "EUR"), narrative=note)

    def partner(self, handle: str = "clearview", scopes=("balance", "transactions", "details")):
        admin = User.objects.filter(is_staff=True).first() or User.objects.create_user(
            "noor@example.org", "correct horse battery", name="Noor Rahman", is_staff=True
        )
        login = self.person(handle, handle.capitalize(), roles.PARTNER)
        return services.onboard_partner(
            user=login, name=f"{handle.capitalize()} Limited", scopes=scopes, by=admin
        )

    def grant(self, account, partner, scopes=("balance", "transactions", "details"), days=30):
        return services.grant_consent(
            customer=account.owner,
            partner=partner,
            account=account,
            scopes=scopes,
            purpose="budgeting",
            ends_at=timezone.now() + timedelta(days=days),
        )


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def mia(db, shop):
    return shop.customer()


@pytest.fixture
def account(mia, shop):
    return shop.account(mia)


@pytest.fixture
def clearview(db, shop):
    return shop.partner()
