"""What limits would have done to payments that were made. No Django here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fraud.facts import Facts
from fraud.features import Snapshot, local
from fraud.hits import Hit
from fraud.limits.own import CustomerPolicies, Standing
from fraud.limits.policy import LIMITS
from fraud.policies import POLICIES


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that moved; whether its payee had been paid before is what was known then."""

    facts: Facts
    payee_known: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    facts: Facts
    because: str


def try_on(payments: Iterable[Payment], own: CustomerPolicies) -> list[Refused]:
    """Those of the payments, oldest first, that these limits would have refused. What they refuse
    does not count as sent."""
    diary, refused = _Diary(own), []
    for payment in payments:
        hit = diary.judge(payment)
        if hit is None:
            diary.note(payment)
        else:
            refused.append(Refused(payment.facts, hit.because))
    return refused


class _Diary:
    """What was sent so far, as the limits count it."""

    def __init__(self, own: CustomerPolicies) -> None:
        self.own = own
        self.spent: Counter[tuple[date, str]] = Counter()
        self.payments: Counter[date] = Counter()
        self.first: dict[str, datetime] = {}
        self.got: Counter[tuple[str, str]] = Counter()

    def judge(self, payment: Payment) -> Hit | None:
        snapshot = Snapshot(local_hour=0, own=self.own, standing=self._standing(payment))
        hits = (policy(payment.facts, snapshot) for policy in POLICIES)
        return next((hit for hit in hits if hit is not None), None)

    def note(self, payment: Payment) -> None:
        facts = payment.facts
        if facts.to_self:
            return
        day = self._clock(facts).date()
        self.spent[day, facts.currency] += facts.amount_minor
        self.payments[day] += 1
        self.first.setdefault(facts.counterparty, self._since(payment))
        self.got[facts.counterparty, facts.currency] += facts.amount_minor

    def _standing(self, payment: Payment) -> Standing:
        facts, clock = payment.facts, self._clock(payment.facts)
        known = payment.payee_known or facts.counterparty in self.first
        return Standing(
            minute=clock.hour * 60 + clock.minute,
            spent_minor=self.spent[clock.date(), facts.currency],
            payments=self.payments[clock.date()],
            payee_first_at=self._since(payment) if known else None,
            payee_minor=self.got[facts.counterparty, facts.currency],
        )

    def _since(self, payment: Payment) -> datetime:
        """Since when the payee is known: who was paid before these payments, for long enough."""
        facts = payment.facts
        long = timedelta(hours=LIMITS.new_payee_hours_max) if payment.payee_known else timedelta()
        return self.first.get(facts.counterparty, facts.at - long)

    def _clock(self, facts: Facts) -> datetime:
        return local(facts.at, self.own.timezone)
