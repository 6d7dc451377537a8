"""People, accounts and money for tests, made by the services that make them for real."""

from django.contrib.auth.models import Group

from banking.care.services import open_account
from banking.models import Account, Transfer
from banking.transfers import services as transfers
from fintrust.core import roles
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.models import Alert
from fraud.tests.factories import limit_payments

PASSWORD = "a long enough phrase"


def person(role: str, name: str = "", password: str | None = PASSWORD) -> User:
    """Somebody with this role, who may enter the console when it is a role of the staff."""
    name = name or f"Some {role.capitalize()}"
    email = f"{name.lower().replace(' ', '.')}@example.com"
    user = User.objects.create_user(email, password, name=name, is_staff=role in roles.STAFF)
    user.groups.add(Group.objects.get(name=role))
    return user


def account(owner: User, minor: int = 0, currency: str = "EUR") -> Account:
    """An account with so much money in it."""
    made = open_account(owner=owner, product="checking", currency=currency)
    if minor:
        amount = Money(minor, currency)
        transfers.deposit(by=owner, account=made, amount=amount, request_id=str(uuid7()))
        made.refresh_from_db()
    return made


def send(source: Account, target: Account, minor: int) -> Transfer:
    assert source.owner is not None
    return transfers.send_transfer(
        by=source.owner,
        source=source,
        target=target,
        amount=Money(minor, source.currency),
        request_id=str(uuid7()),
    )


def two_accounts() -> tuple[Account, Account]:
    """Ada has a thousand euros, Bob has none."""
    ada, bob = person(roles.CUSTOMER, "Ada Byron"), person(roles.CUSTOMER, "Bob Frost")
    return account(ada, 1_000_00), account(bob)


def held(source: Account, target: Account) -> Transfer:
    """Most of a young account to somebody new: the bank wants to hear more."""
    transfer = send(source, target, 900_00)
    assert transfer.status == Transfer.Status.HELD, transfer.decision.reasons
    return transfer


def alert(source: Account, target: Account) -> Alert:
    """A payment above the customer's own limit: refused, and somebody should look."""
    owner = source.owner
    assert owner is not None
    limit_payments(owner, {source.currency: 5_00})
    transfer = send(source, target, 6_00)
    return Alert.objects.get(decision=transfer.decision)
