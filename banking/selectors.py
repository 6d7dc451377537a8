"""What people may ask the bank. A customer's question starts from what is theirs."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from banking.errors import UnknownPayee
from banking.models import Account, Check, Entry, LedgerCheck, NameCheck, Transfer
from banking.numbers import account_id_of
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fintrust.core.money import Money

_CHANGES_BY_DAY = (Path(__file__).parent / "sql" / "changes_by_day.sql").read_text()
CHART_DAYS = 30
RECENT_PAYMENTS = 100  # read to find whom a customer pays; enough for a page, and bounded


class InvalidCursor(Invalid):
    """The cursor is not one that this list gave out."""

    code, field = "invalid-cursor", "before"


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a long list, and the cursor that continues behind them."""

    rows: Sequence[Any]
    next: str = ""


def accounts_of(user: User) -> QuerySet[Account]:
    """The customer's own accounts, in the order they were opened."""
    return Account.objects.filter(owner=user).order_by("id")


def account_for(user: User, public_id: str) -> Account:
    """One of the customer's accounts; somebody else's does not exist."""
    uuid = from_public(Account.prefix, public_id)
    account = accounts_of(user).filter(uuid=uuid).first()
    if account is None:
        raise NotFound()
    return account


def payee_account(text: str) -> Account:
    """The account somebody may pay, by its number or public id."""
    text = text.strip()
    if text.startswith(f"{Account.prefix}_"):
        return _payee(uuid=_uuid(text))
    return _payee(pk=account_id_of(text))


def account_id(text: str) -> int:
    """What to look for in one's own rows. A number is not looked up, or it would
    tell which exist."""
    text = text.strip()
    return payee_account(text).pk if text.startswith(f"{Account.prefix}_") else account_id_of(text)


def _uuid(text: str) -> UUID:
    try:
        return from_public(Account.prefix, text)
    except NotFound:
        raise UnknownPayee() from None


def _payee(**by: object) -> Account:
    account = Account.objects.select_related("owner").filter(owner__isnull=False, **by).first()
    if account is None:
        raise UnknownPayee()
    return account


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transfers from several sides, newest first, each once.

    A side is what one index gives in order of time. Their newest rows are taken from each and
    then merged, so a page costs the same behind ten transfers and behind a million; one condition
    with OR would read and sort everything a customer has, or everything the bank has.
    """

    sides: tuple[QuerySet[Transfer], ...]

    def filter(self, *conditions: Q, **exact: Any) -> "Transfers":
        return Transfers(tuple(side.filter(*conditions, **exact) for side in self.sides))

    def newest(self, count: int) -> list[Transfer]:
        merged, *others = (side.order_by("-id").values_list("id")[:count] for side in self.sides)
        if others:
            merged = merged.union(*others).order_by("-id")[:count]
        # The ids go there and back: with more than eight tables in one statement PostgreSQL joins
        # in the order they are written, and would join all transfers before it looks at these.
        return list(_shown(Transfer.objects.filter(pk__in=[id for (id,) in merged])))


def _shown(found: QuerySet[Transfer]) -> QuerySet[Transfer]:
    """Newest first, with what a list shows of them; what a decision was made from is long."""
    return (
        found.select_related("source__owner", "target__owner", "decision", "hold")
        .defer("decision__facts", "decision__snapshot")
        .order_by("-id")
    )


def transfers_of(user: User) -> Transfers:
    """What the customer asked for, and what others sent them once it arrived."""
    asked = Transfer.objects.filter(requested_by=user)
    arrived = Transfer.objects.filter(status=Transfer.Status.POSTED)
    own = accounts_of(user).values_list("pk", flat=True)
    return Transfers((asked, *(arrived.filter(target=account) for account in own)))


def transfer_for(user: User, public_id: str) -> Transfer:
    """One transfer the customer is part of; any other does not exist."""
    uuid = from_public(Transfer.prefix, public_id)
    arrived = Q(target__owner=user, status=Transfer.Status.POSTED)
    theirs = Transfer.objects.filter(Q(requested_by=user) | arrived, pk=uuid)
    transfer = _shown(theirs).first()
    if transfer is None:
        raise NotFound()
    return transfer


def held_transfers() -> QuerySet[Transfer]:
    """Money that waits for somebody, oldest first."""
    return (
        Transfer.objects.filter(status=Transfer.Status.HELD)
        .select_related("source__owner", "target__owner", "decision", "requested_by", "hold")
        .order_by("id")
    )


def last_ledger_check() -> LedgerCheck | None:
    """What the newest check of the books found."""
    return LedgerCheck.objects.order_by("-id").first()


def has_paid(user: User, target: Account) -> bool:
    """Whether the customer's money has ever reached this account, so that they know its owner."""
    return Transfer.objects.filter(
        requested_by=user, target=target, status=Transfer.Status.POSTED
    ).exists()


def recent_payees(user: User, limit: int = 5) -> list[Account]:
    """The people the customer paid last, among their newest payments."""
    paid = (
        Transfer.objects.filter(
            requested_by=user,
            kind=Transfer.Kind.TRANSFER,
            status=Transfer.Status.POSTED,
        )
        .exclude(target__owner=user)
        .order_by("-id")
        .values_list("target_id", flat=True)
    )
    newest = list(dict.fromkeys(paid[:RECENT_PAYMENTS]))[:limit]
    accounts = Account.objects.select_related("owner").in_bulk(newest)
    return [accounts[id] for id in newest]


def waiting_for(user: User) -> QuerySet[Transfer]:
    """Held money that waits for the customer's own word."""
    return held_transfers().filter(requested_by=user)


def totals(accounts: Iterable[Account]) -> list[Money]:
    """What the accounts hold together, one sum for each currency."""
    sums: dict[str, int] = defaultdict(int)
    for account in accounts:
        sums[account.currency] += account.balance_minor
    return [Money(minor, currency) for currency, minor in sums.items()]


@dataclass(frozen=True, slots=True)
class BalanceChart:
    """What the accounts of one currency held together at the end of each day, by value date."""

    currency: str
    days: list[date]
    balances: list[Money]


def balance_chart(accounts: Sequence[Account], days: int = CHART_DAYS) -> BalanceChart | None:
    """The last `days` days of the currency most accounts are in; None without accounts.

    Walks back from today's balances, so its cost depends on the days shown, not on the history.
    """
    if not accounts:
        return None
    codes = [account.currency for account in accounts]
    currency = max(codes, key=codes.count)
    chosen = [account for account in accounts if account.currency == currency]
    today = timezone.now().date()
    changes = _changes_by_day([a.pk for a in chosen], today - timedelta(days=days - 2))
    dates = [today - timedelta(days=back) for back in range(days)]
    now = sum(account.balance_minor for account in chosen)
    steps = [-changes.get(day, 0) for day in dates[:-1]]
    balances = [Money(minor, currency) for minor in accumulate(steps, initial=now)]
    return BalanceChart(currency, dates[::-1], balances[::-1])


def _changes_by_day(account_ids: list[int], since: date) -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES_BY_DAY, {"accounts": account_ids, "since": since})
        return dict(cursor.fetchall())


def entries_page(account: Account, *, before: str | None, size: int) -> Page:
    """An account's entries, newest first, each with the balance it left behind."""
    found = Entry.objects.filter(account_id=account.pk).order_by("-seq")
    if before:
        if not (before.isascii() and before.isdigit() and len(before) < 19):
            raise InvalidCursor()
        found = found.filter(seq__lt=int(before))
    rows = list(found.select_related("account", "counter__owner")[: size + 1])
    return Page(rows[:size], str(rows[size - 1].seq) if len(rows) > size else "")


def transfers_page(found: Transfers, *, before: str | None, size: int) -> Page:
    """A page of transfers in the order of their time-ordered ids, newest first."""
    if before:
        try:
            found = found.filter(pk__lt=from_public(Transfer.prefix, before))
        except NotFound:
            raise InvalidCursor() from None
    rows = found.newest(size + 1)
    return Page(rows[:size], rows[size - 1].public_id if len(rows) > size else "")


@dataclass(frozen=True, slots=True)
class Seen:
    """A transfer from the side of one customer: what it did to them, and who is opposite."""

    transfer: Transfer
    incoming: bool
    internal: bool  # between two of their own accounts
    other: str
    amount: Money  # signed

    @property
    def counts(self) -> bool:
        """Whether the money has moved, so that a list may print it as fact."""
        return self.transfer.status == Transfer.Status.POSTED


def as_seen_by(user: User, transfers: Iterable[Transfer]) -> list[Seen]:
    transfers = list(transfers)
    open_ = [one.pk for one in transfers if one.status != Transfer.Status.POSTED]
    told = set(Transfer.objects.filter(_told_name(user), pk__in=open_).values_list("pk", flat=True))
    return [_seen(user, transfer, told=transfer.pk in told) for transfer in transfers]


def _seen(user: User, transfer: Transfer, *, told: bool) -> Seen:
    pays, gets = (
        transfer.source.owner_id == user.pk,
        transfer.target.owner_id == user.pk,
    )
    incoming = gets and not pays
    opposite = transfer.source if incoming else transfer.target
    amount = transfer.amount if incoming else -transfer.amount
    name = opposite.name if pays and gets else name_of(opposite)
    if not (told or gets or transfer.status == Transfer.Status.POSTED or opposite.owner is None):
        name = masked_name(name)
    return Seen(transfer, incoming, pays and gets, name, amount)


def _told_name(user: User) -> Q:
    """Transfers to accounts whose name the customer knows: money of theirs arrived there, or they
    named it right. Any other is masked until it is paid, or a payment that is held and cancelled
    would tell whose a number is."""
    paid = Transfer.objects.filter(requested_by=user, status=Transfer.Status.POSTED)
    named = {"customer": user, "result__in": [Check.MATCH, Check.CLOSE]}
    looked = NameCheck.objects.filter(**named, account__isnull=False)
    return Q(target__in=paid.values("target")) | Q(target__in=looked.values("account"))


def masked_name(name: str) -> str:
    """Enough to see a wrong digit, too little to look people up by number."""
    return " ".join(f"{word[0]}{'•' * min(len(word) - 1, 6)}" for word in name.split())


def name_of(account: Account) -> str:
    """What a customer may read of the owner of another account."""
    if account.owner is None:
        return "Card top-up" if account.gl_code == "clearing" else account.name
    return account.owner.name


@dataclass(frozen=True, slots=True)
class Filters:
    """How a history may be narrowed. Amounts in minor units, both ends inclusive."""

    account: str = ""
    kind: str = ""
    status: str = ""
    verdict: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


def history(user: User, filters: Filters) -> Transfers:
    """The customer's transfers, newest first, narrowed."""
    if filters.account:
        found = _transfers_on(user, account_for(user, filters.account))
    else:
        found = transfers_of(user)
    exact = {
        "kind": filters.kind,
        "status": filters.status,
        "decision__verdict": filters.verdict,
    }
    bounds = {
        "amount_minor__gte": filters.amount_min,
        "amount_minor__lte": filters.amount_max,
        "asked_at__gte": filters.since,
        "asked_at__lt": filters.until,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value})
    found = found.filter(**{name: value for name, value in bounds.items() if value is not None})
    if filters.text:
        found = found.filter(_mentions(user, filters.text))
    return found


def _transfers_on(user: User, account: Account) -> Transfers:
    """The same for one of their accounts: what left it, and what reached it or was to."""
    asked, arrived = Q(requested_by=user), Q(status=Transfer.Status.POSTED)
    left = Transfer.objects.filter(asked, source=account)
    return Transfers((left, Transfer.objects.filter(asked | arrived, target=account)))


def _mentions(user: User, text: str) -> Q:
    # Only what the searcher can see is searched: the note, and the names that are not masked.
    seen = Q(status=Transfer.Status.POSTED) | _told_name(user)
    return (
        Q(note__icontains=text)
        | (Q(target__owner__name__icontains=text) & seen)
        | Q(source__owner__name__icontains=text)
    )
