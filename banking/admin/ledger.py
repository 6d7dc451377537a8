"""The books: currencies, movements, what is set aside, and whether it all adds up."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from banking.admin.base import accounts_named, id_in
from banking.deeds import account_link
from banking.models import Currency, Hold, LedgerCheck, Movement, Transfer
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.money import Money


@admin.register(Currency)
class CurrencyAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "exponent", "closed_until")
    ordering = ("code",)


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    paginator = InfinitePaginator  # the ledger grows without end; nobody needs its count per page
    list_display = ("booked_at", "kind", "left", "reached", "money", "narrative")
    list_filter = ("kind", "currency", ("booked_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("source", "target")
    search_fields = ("id",)
    search_help_text = "Public id (mov_… or trf_…) or an account's number"
    ordering = ("-id",)
    fields = readonly_fields = (
        "public_id", "booked_at", "value_date", "kind", "left", "reached", "money", "after_left",
        "after_reached", "narrative", "reverses", "hold",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Movement], text: str
    ) -> tuple[QuerySet[Movement], bool]:
        text = text.strip()
        if not text:
            return rows, False
        if named := accounts_named(text):
            return rows.filter(Q(source__in=named) | Q(target__in=named)), False
        # A transfer's movement carries the transfer's id.
        found = id_in(Movement.prefix, text) or id_in(Transfer.prefix, text)
        return (rows.filter(pk=found) if found else rows.none()), False

    @display(description="from")
    def left(self, movement: Movement) -> str:
        return account_link(movement.source)

    @display(description="to")
    def reached(self, movement: Movement) -> str:
        return account_link(movement.target)

    @display(description="amount")
    def money(self, movement: Movement) -> str:
        return movement.amount.format()

    @display(description="balance left behind")
    def after_left(self, movement: Movement) -> str:
        return Money(movement.source_balance_minor, movement.currency).format()

    @display(description="balance reached")
    def after_reached(self, movement: Movement) -> str:
        return Money(movement.target_balance_minor, movement.currency).format()


@admin.register(Hold)
class HoldAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("placed_at", "on", "money", "expires_at", "because", "outcome")
    list_filter = (
        ("end", admin.EmptyFieldListFilter),
        "end__outcome",
        ("placed_at", MomentRangeFilter),
    )
    list_filter_submit = True
    list_select_related = ("account", "end")
    ordering = ("-id",)
    owner_field = "account__owner"
    fields = readonly_fields = (
        "public_id", "on", "money", "placed_at", "expires_at", "because", "outcome",
    )  # fmt: skip

    @display(description="account")
    def on(self, hold: Hold) -> str:
        return account_link(hold.account)

    @display(description="amount")
    def money(self, hold: Hold) -> str:
        return hold.amount.format()

    @display(description="outcome", label={"Open": "warning"})
    def outcome(self, hold: Hold) -> str:
        end = getattr(hold, "end", None)
        return "Open" if end is None else str(end.get_outcome_display())


@admin.register(LedgerCheck)
class LedgerCheckAdmin(ReadOnlyAdmin):
    list_display = ("at", "outcome", "full", "movements", "first")
    list_filter = ("intact", "full")
    ordering = ("-id",)
    fields = readonly_fields = ("at", "outcome", "full", "movements", "found")

    @display(description="outcome", label={"In balance": "success", "Damaged": "danger"})
    def outcome(self, check: LedgerCheck) -> str:
        return "In balance" if check.intact else "Damaged"

    @display(description="first finding")
    def first(self, check: LedgerCheck) -> str:
        return _finding(check.findings[0]) if check.findings else "-"

    @display(description="findings")
    def found(self, check: LedgerCheck) -> str:
        return (
            format_html_join("", "<p>{}</p>", ((_finding(one),) for one in check.findings)) or "-"
        )


def _finding(found: dict[str, str]) -> str:
    return f"{found['code']}: {found['subject']} {found['detail']}"
