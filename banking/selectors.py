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
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from banking.models import (
    Account,
    Check,
    Entry,
    Hold,
    LedgerCheck,
    Movement,
    NameCheck,
    Right,
    Transfer,
)
from banking.numbers import account_id_of
from banking.payees.errors import UnknownPayee
from banking.sharing.errors import ViewOnly
from banking.sharing.selectors import open_to, shares_of
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


def account_for(user: User, public_id: str, for_: Right | None = None) -> Account:
    """The one gate to an account: one's own, or with `for_` one that is shared for this.

    Anybody else's does not exist.
    """
    account = _account(from_public(Account.prefix, public_id))
    if account.owner_id == user.pk:
        return account  # nearly always, and without asking what is shared
    if for_ is not None and shares_of(user, for_).filter(account=account).exists():
        return account
    if for_ == Right.OPERATE and shares_of(user, Right.VIEW).filter(account=account).exists():
        raise ViewOnly()
    raise NotFound()


def _account(uuid: UUID) -> Account:
    account = Account.objects.select_related("owner").filter(uuid=uuid).first()
    if account is None:
        raise NotFound()
    return account


def accounts_for(user: User, for_: Right | None = None) -> QuerySet[Account]:
    """The customer's own accounts, and with `for_` those that are shared with them for this."""
    if for_ is None:
        return accounts_of(user)
    found = Account.objects.filter(open_to(user, for_)).select_related("owner")
    return found.order_by("id")


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
    back = Transfer.objects.filter(returns=OuterRef("pk"), status=Transfer.Status.POSTED)
    return (
        found.select_related("source__owner", "target__owner", "decision", "hold", "requested_by")
        .defer("decision__facts", "decision__snapshot")
        .annotate(was_returned=Exists(back))
        .order_by("-id")
    )


def transfers_of(user: User) -> Transfers:
    """What left the customer's own accounts or was to, whoever asked, and what reached them."""
    sides = [side for account in accounts_of(user) for side in _sides(user, account)]
    return Transfers(tuple(sides) or (Transfer.objects.none(),))


def _sides(user: User, account: Account) -> tuple[QuerySet[Transfer], QuerySet[Transfer]]:
    left = Transfer.objects.filter(source=account)
    return left, Transfer.objects.filter(_arrived(user), target=account)


def _arrived(user: User) -> Q:
    """What others sent is told once it arrived; what one asked for oneself, at once."""
    return Q(requested_by=user) | Q(status=Transfer.Status.POSTED)


def transfer_for(user: User, public_id: str) -> Transfer:
    """One transfer on an account that is open to this person now; any other does not exist."""
    uuid = from_public(Transfer.prefix, public_id)
    ours = accounts_for(user, Right.VIEW).values("pk")
    theirs = Transfer.objects.filter(
        Q(source__in=ours) | (Q(target__in=ours) & _arrived(user)), pk=uuid
    )
    transfer = _shown(theirs).select_related("movement", "returns").first()
    if transfer is None:
        raise NotFound()
    return transfer


def knows_why(user: User, transfer: Transfer) -> bool:
    """Whether somebody may read what was thought of a transfer: not the side that is paid."""
    return user.pk in {transfer.requested_by_id, transfer.source.owner_id}


def movements_of(transfer: Transfer) -> list[Movement]:
    """What the ledger did for a posted transfer: one movement, or the legs of its journal."""
    legs = Q(pk=transfer.movement_id) | Q(journal_id=transfer.pk)
    found = Movement.objects.select_related("source", "target").filter(legs)
    return list(found.order_by("source_id", "pk"))


def held_transfers() -> QuerySet[Transfer]:
    """Money that waits for somebody, oldest first."""
    return (
        Transfer.objects.filter(status=Transfer.Status.HELD)
        .select_related("source__owner", "target__owner", "decision", "requested_by", "hold")
        .order_by("id")
    )


def waits_on(hold: Hold) -> bool:
    """Whether a held transfer waits on this hold, so that only with it the hold may end."""
    return Transfer.objects.filter(hold=hold, status=Transfer.Status.HELD).exists()


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
    """Held money that waits for the customer: their own, or what they asked for and still may."""
    operated = shares_of(user, Right.OPERATE).values("account")
    return held_transfers().filter(
        Q(source__owner=user) | Q(requested_by=user, source__in=operated)
    )


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
    more = str(rows[size - 1].seq) if len(rows) > size else ""
    return Page(with_people(rows[:size]), more)


def with_people(entries: list[Entry]) -> list[Entry]:
    """The same entries; what went through the bank's exchange shows who was on the other side."""
    exchanged = {e.movement_id: e for e in entries if e.counter.gl_code == "fx-position"}
    if exchanged:
        heads = dict(Movement.objects.filter(pk__in=exchanged).values_list("pk", "journal_id"))
        owners = Transfer.objects.select_related("source__owner", "target__owner")
        transfers = owners.in_bulk(heads.values())
        for id, entry in exchanged.items():
            if found := transfers.get(heads[id]):
                left = entry.account_id == found.source_id
                entry.counter = found.target if left else found.source
    return entries


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
    def state(self) -> str:
        """Its status, or that the money has gone back since."""
        returned = self.counts and getattr(self.transfer, "was_returned", False)
        return "returned" if returned else str(self.transfer.status)

    @property
    def counts(self) -> bool:
        """Whether the money has moved, so that a list may print it as fact."""
        return self.transfer.status == Transfer.Status.POSTED


def as_seen_by(user: User, transfers: Sequence[Transfer], on: Account | None = None) -> list[Seen]:
    """Transfers from one side: the account `on` that is looked at, or else their own accounts.

    Between accounts of others the person looks from the one that is shared with them.
    """
    others = [t for t in transfers if user.pk not in {t.source.owner_id, t.target.owner_id}]
    shared: set[int] = set()
    if others and on is None:
        shared = set(shares_of(user).values_list("account_id", flat=True))
    open_ = [one.pk for one in transfers if one.status != Transfer.Status.POSTED]
    told: set[UUID] = set()
    if open_:
        named = Transfer.objects.filter(_told_name(user), pk__in=open_)
        told = set(named.values_list("pk", flat=True))
    return [_seen(user, transfer, shared, on, told) for transfer in transfers]


def _seen(
    user: User, transfer: Transfer, shared: set[int], on: Account | None, told: set[UUID]
) -> Seen:
    source, target = transfer.source, transfer.target
    pays, gets = source.owner_id == user.pk, target.owner_id == user.pk
    internal = pays and gets
    if on is not None and on.owner_id != user.pk:
        pays, gets, internal = source.pk == on.pk, target.pk == on.pk, False
    elif not (pays or gets):
        pays, gets = source.pk in shared, target.pk in shared
    incoming = gets and not pays
    opposite = source if incoming else target
    amount = transfer.arrives if incoming else -transfer.amount
    name = opposite.name if internal else name_of(opposite)
    known = gets or transfer.pk in told or transfer.status == Transfer.Status.POSTED
    if not known and opposite.owner is not None:
        name = masked_name(name)
    return Seen(transfer, incoming, internal, name, amount)


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


def names_behind(public_ids: Iterable[str]) -> dict[str, str]:
    """The names of accounts by their public ids, for who has paid them. What is no account of this
    bank has none."""
    uuids = [uuid for public_id in public_ids if (uuid := _uuid_or_none(public_id))]
    found = Account.objects.filter(uuid__in=uuids).select_related("owner")
    return {account.public_id: name_of(account) for account in found}


def _uuid_or_none(public_id: str) -> UUID | None:
    try:
        return from_public(Account.prefix, public_id)
    except NotFound:
        return None


def name_seen_from(account: Account, counter: Account) -> str:
    """Who is on the other side of an account's entry; between own accounts, which one."""
    return counter.name if counter.owner_id == account.owner_id else name_of(counter)


@dataclass(frozen=True, slots=True)
class Filters:
    """How a history may be narrowed. Amounts in minor units of the currency, ends included."""

    account: str = ""
    counterparty: str = ""
    kind: str = ""
    status: str = ""
    verdict: str = ""
    currency: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


def history(user: User, filters: Filters) -> Transfers:
    """The customer's transfers, newest first, narrowed."""
    if filters.account:
        account = account_for(user, filters.account, for_=Right.VIEW)
        found = Transfers(_sides(user, account))
    else:
        found = transfers_of(user)
    exact = {
        "kind": filters.kind,
        "status": filters.status,
        "decision__verdict": filters.verdict,
    }
    bounds = {
        "asked_at__gte": filters.since,
        "asked_at__lt": filters.until,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value})
    found = found.filter(**{name: value for name, value in bounds.items() if value is not None})
    if filters.counterparty:
        other = payee_account(filters.counterparty)
        found = found.filter(Q(source=other) | Q(target=other))
    if filters.currency:
        sent = _between("currency", "amount_minor", filters)
        found = found.filter(sent | _between("target_currency", "target_minor", filters))
    if filters.text:
        found = found.filter(_mentions(user, filters.text))
    return found


def _between(currency: str, minor: str, filters: Filters) -> Q:
    """What has this currency and an amount in the bounds, on one side of a transfer."""
    bounds = {f"{minor}__gte": filters.amount_min, f"{minor}__lte": filters.amount_max}
    return Q(
        **{currency: filters.currency},
        **{name: value for name, value in bounds.items() if value is not None},
    )


def _mentions(user: User, text: str) -> Q:
    # Only what the searcher can see is searched: the note, and the names that are not masked.
    seen = Q(status=Transfer.Status.POSTED) | _told_name(user)
    return (
        Q(note__icontains=text)
        | (Q(target__owner__name__icontains=text) & seen)
        | Q(source__owner__name__icontains=text)
    )
