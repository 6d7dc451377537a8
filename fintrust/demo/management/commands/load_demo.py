"""`manage.py load_demo`: the demo bank, once. Refuses in production."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

import consent.services
import fraud.cases.services as cases
import fraud.labels.services as labels
from banking.care.services import open_account
from banking.interest import services as interest
from banking.models import Account, Right, Transfer
from banking.sharing import services as sharing
from banking.transfers import services as transfers
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.demo import elsewhere, history, people, plans, rulebook, treasury
from fintrust.demo.people import BUSINESSES, CUSTOMERS, PARTNER, STAFF
from fraud.cases.selectors import queue, suspected
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import set_policies
from fraud.models import Case, Dispute


class Command(BaseCommand):
    help = "Load people, months of history and open tasks. Does nothing when they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo bank has public passwords; it never runs in production.")
        if not User.objects.filter(email=CUSTOMERS[0].email).exists():
            with transaction.atomic():
                _load()
        settings.STATE_DIR.mkdir(parents=True, exist_ok=True)
        (settings.STATE_DIR / "welcome.txt").write_text(welcome())


def welcome() -> str:
    """The sign-ins, for the terminal."""
    lines = [
        ("Customer", CUSTOMERS[0].email, f"/ (PIN {people.PIN})"),
        ("Support", STAFF[0].email, "/live/"),
        ("Officer", STAFF[1].email, "/admin/"),
        ("Partner", PARTNER.email, "/api/v1/docs/"),
    ]
    rows = "\n".join(f"  {who:<10}{email:<36}{where}" for who, email, where in lines)
    return f"Sign in with the password {people.PASSWORD}\n{rows}\n"


def _load() -> None:
    users = {person.handle: people.create_customer(person) for person in CUSTOMERS}
    users |= {person.handle: people.create(person, can_sign_in=False) for person in BUSINESSES}
    staff = {person.handle: people.create(person) for person in STAFF}
    accounts = {
        handle: open_account(owner=user, product="checking", currency="EUR", name="Current account")
        for handle, user in users.items()
    }
    for handle in ("amara", "jonas", "priya"):
        accounts[f"{handle}:savings"] = open_account(
            owner=users[handle], product="savings", currency="EUR", name="Savings"
        )
    today = timezone.now().date()
    treasury.set_rates(by=staff["noor"])
    treasury.set_interest(since=history.begins(today), by=staff["noor"])
    rulebook.try_a_rule(by=staff["olga"])
    history.book(history.payments(today), users, accounts, staff["olga"])
    interest.sweep()
    _close_cases(staff["olga"])
    _open_tasks(users, accounts)
    _dispute(users["tomas"], accounts)
    _share(users, accounts, staff["noor"])
    _share_with_people(users, accounts)
    plans.load(users["amara"], accounts)
    elsewhere.bring(users["amara"], today)


def _open_tasks(users: dict[str, User], accounts: dict[str, Account]) -> None:
    """Something to look at on the first day: a limit at work, and money that waits."""
    jonas, priya, amara, tomas = (users[name] for name in ("jonas", "priya", "amara", "tomas"))
    dollars = open_account(owner=jonas, product="wallet", currency="USD", name="Travel dollars")
    _deposit(jonas, dollars, Money(640_00, "USD"))
    _send(tomas, accounts["tomas"], dollars, Money(60_00, "EUR"), "For the trip", "USD")
    set_policies(
        customer=priya,
        asked=CustomerPolicies(max_transaction_amount={"EUR": 500_00}),
        by=priya,
    )
    _send(
        priya,
        accounts["priya"],
        accounts["jonas"],
        Money(650_00, "EUR"),
        "Flight share",
    )
    _send(
        amara,
        accounts["amara"],
        accounts["foxglove"],
        Money(1_900_00, "EUR"),
        "Signed first edition",
    )


def _close_cases(officer: User) -> None:
    """What looked unusual in the months before has been looked into."""
    for number, case in enumerate(queue()):
        for decision in suspected(case):
            # Known when it was asked, not on the day the demo bank was opened.
            asked = decision.at + timedelta(hours=3 + 4 * (number % 5))
            known = min(asked, timezone.now())
            labels.label(decision, fraud=False, source="officer", by=officer, known_at=known)
        cases.take_case(case=case, by=officer)
        outcome = Case.Outcome.NOT_FRAUD
        cases.close_case(case=case, by=officer, outcome=outcome, text="Asked by phone: all theirs.")


def _dispute(tomas: User, accounts: dict[str, Account]) -> None:
    """A customer who wants his money back, and waits to hear from the bank."""
    atlas = Money(45_00, "EUR")
    sent = _send(tomas, accounts["tomas"], accounts["foxglove"], atlas, "Second-hand atlas")
    labels.dispute(
        decision=sent.decision,
        by=tomas,
        reason=Dispute.Reason.NOT_RECEIVED,
        text="It was to come within three days. The shop does not answer any more.",
    )


def _deposit(user: User, account: Account, amount: Money) -> None:
    transfers.deposit(by=user, account=account, amount=amount, request_id=str(uuid7()))


def _send(
    user: User, source: Account, target: Account, amount: Money, note: str, into: str = ""
) -> Transfer:
    return transfers.send_transfer(
        by=user,
        source=source,
        target=target,
        amount=amount,
        request_id=str(uuid7()),
        note=note,
        target_currency=into,
    )


def _share(users: dict[str, User], accounts: dict[str, Account], admin: User) -> None:
    partner = consent.services.onboard_partner(
        user=people.create(PARTNER),
        name=PARTNER.name,
        scopes=["balance", "transactions"],
        by=admin,
    )
    consent.services.grant_consent(
        customer=users["amara"],
        partner=partner,
        account=accounts["amara"],
        scopes=["balance", "transactions"],
        purpose="budgeting",
        ends_at=timezone.now() + timedelta(days=30),
    )


def _share_with_people(users: dict[str, User], accounts: dict[str, Account]) -> None:
    """Jonas lets Amara send from his account; Priya's invitation waits for her answer."""
    amara = users["amara"]
    for owner, right in (("jonas", Right.OPERATE), ("priya", Right.VIEW)):
        invitation = sharing.invite_after_pin(
            account=accounts[owner], by=users[owner], email=amara.email, right=right
        )
        if right == Right.OPERATE:
            sharing.accept(invitation=invitation, by=amara)
