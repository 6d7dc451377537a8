"""A payment that does not happen: what fraud would say about it, and what else would stop it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

import banking.limits.services as limits
from banking import ledger, selectors
from banking.errors import SameAccount
from banking.fx import terms
from banking.models import Account, Transfer
from banking.numbers import account_id_of
from banking.payees.errors import UnknownPayee
from banking.payees.selectors import saved
from banking.transfers.orders import Order, facts_if
from banking.whatif.errors import MomentOutOfRange
from fintrust.core import roles
from fintrust.core.errors import Forbidden, NotFound, Problem
from fintrust.core.ids import from_public, to_public, uuid7
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, Money
from fraud.effect import HELD, PASSED, REFUSED, effect
from fraud.explanation import Part, parts
from fraud.facts import Facts
from fraud.hits import Hit
from fraud.policies import FORBIDDEN
from fraud.travel.presence import placed
from fraud.verdict import Verdict
from fraud.whatif.services import Tried, ask

# What is judged is what was known: half a year back, as long as a history is; and some plans ahead.
BACK_MAX, AHEAD_MAX = timedelta(days=180), timedelta(days=31)
_NOBODY = to_public(Account.prefix, UUID(int=0))  # an account that nobody has or ever paid
ANY_CUSTOMER = "fraud.view_decision"
OUTCOMES = {
    PASSED: Transfer.Status.POSTED.value,
    HELD: Transfer.Status.HELD.value,
    REFUSED: Transfer.Status.REFUSED.value,
}


@dataclass(frozen=True, slots=True)
class Question:
    """Would this payment go through?"""

    source: Account
    target: Account | None  # None for an account the asker has never dealt with
    amount: Money
    at: datetime | None = None
    location: dict[str, Any] | None = None  # place, latitude, longitude, accuracy_km
    known: dict[str, int] | None = None  # numbers that are to be taken for others, by officers


@dataclass(frozen=True, slots=True)
class Answer:
    tried: Tried
    obstacle: Problem | None  # what the ledger or the bank's limits would say; None at other times

    @property
    def verdict(self) -> Verdict:
        return self.tried.verdict

    @property
    def parts(self) -> list[Part]:
        return parts(self.verdict.contributions)

    @property
    def outcome(self) -> str:
        """What would become of the transfer."""
        return OUTCOMES[effect(self.verdict.verdict, self.verdict.review)]

    @property
    def policies_violated(self) -> list[Hit]:
        """The customer's own limits come first and weigh all there is."""
        return [hit for hit in self.verdict.reasons if self.verdict.forbidden and _forbids(hit)]


def _forbids(hit: Hit) -> bool:
    return hit.weight >= FORBIDDEN


def what_if(question: Question, *, by: User, channel: str) -> Answer:
    """Judge a payment without making it."""
    _check(question)
    if question.known and not by.has_perm(ANY_CUSTOMER):
        raise Forbidden("Only officers pretend that other things were known.", field="known")
    tried = ask(_facts(question, by, channel), by=by, changes=question.known)
    return Answer(tried, None if question.at else _obstacle(question))


def may_ask_about(asker: User, public_id: str) -> Account:
    """The account a question may be about: one's own, or a customer's for officers."""
    if roles.has(asker, roles.PARTNER):
        raise Forbidden("Partners read what was shared with them, and judge nobody.")
    if not asker.has_perm(ANY_CUSTOMER):
        return selectors.account_for(asker, public_id)
    uuid = from_public(Account.prefix, public_id)
    customers = Account.objects.filter(owner__isnull=False).select_related("owner")
    account = customers.filter(uuid=uuid).first()
    if account is None:
        raise NotFound()
    return account


def payee_behind(asker: User, text: str) -> Account | None:
    """Who would be paid. A number that the asker does not know is not looked up, or what-if would
    tell which numbers exist: it counts as somebody they have never paid, as it would be."""
    if text.strip().startswith(f"{Account.prefix}_"):
        return selectors.payee_account(text)
    account_id_of(text)  # refuses a wrong check digit, whoever it is
    try:
        account = selectors.payee_account(text)
    except UnknownPayee:
        return None
    known = (
        asker.has_perm(ANY_CUSTOMER)
        or account.owner_id == asker.pk
        or selectors.has_paid(asker, account)
        or saved(asker, account) is not None
    )
    return account if known else None


def _check(question: Question) -> None:
    now = timezone.now()
    if question.at and not now - BACK_MAX <= question.at <= now + AHEAD_MAX:
        raise MomentOutOfRange()
    if question.amount.currency != question.source.currency:
        raise CurrencyMismatch(f"That account is in {question.source.currency}.", field="currency")
    if question.target is not None and question.target.pk == question.source.pk:
        raise SameAccount()


def _facts(question: Question, by: User, channel: str) -> Facts:
    """The facts that the real payment would have, had its customer asked for it."""
    order = Order(
        kind=Transfer.Kind.TRANSFER,
        by=by,
        source=question.source,
        target=question.target or question.source,
        amount=question.amount,
        request_id="",
        note="",
        channel=channel,
    )
    facts = facts_if(order)
    if question.target is None:
        facts = replace(facts, counterparty=_NOBODY, to_self=False)
    if by.pk != facts.customer_id:  # an officer's session says nothing about the customer
        facts = replace(facts, session_hash=None, ip=None)
    return placed(replace(facts, at=question.at or facts.at, **(question.location or {})))


def _obstacle(question: Question) -> Problem | None:
    """What would stop it whatever fraud says. Asked by trying, and undoing it."""
    source, amount = question.source, question.amount
    target = question.target
    if target is None or target.currency != source.currency:
        # Only whether the payer can pay: about the other side there is nothing to say.
        target = ledger.internal("clearing", source.currency)
    try:
        with transaction.atomic():
            limits.check(source, amount)
            ledger.check(uuid7(), source, target, terms.plain(amount).total)
            transaction.set_rollback(True)
    except Problem as problem:
        return problem
    return None
