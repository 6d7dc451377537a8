"""The console's view of the ledger: read only. Held money is settled through the services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextareaWidget

from banking import ledger, services
from banking.errors import TransferNotHeld
from banking.models import Account, Currency, Hold, LedgerCheck, Movement, Transfer
from banking.numbers import AccountNumberInvalid, account_id_of
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.money import Money

ENTRIES_SHOWN_MAX = 50
REASON_MIN = 3


def _link(row: Any, text: str) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html(
        '<a class="console-link" href="{}">{}</a>', reverse(name, args=[row.pk]), text
    )


def _name(account: Account) -> str:
    """An account in a list: whose it is and its number, or which of the bank's own."""
    return _link(account, account.number if account.owner_id else account.name)


def _accounts_named(text: str) -> list[int]:
    """The account whose number or public id this is."""
    try:
        return [account_id_of(text)]
    except AccountNumberInvalid:
        uuid = _uuid(Account.prefix, text)
        return list(Account.objects.filter(uuid=uuid).values_list("pk", flat=True)) if uuid else []


def _uuid(prefix: str, text: str) -> Any:
    try:
        return from_public(prefix, text)
    except NotFound:
        return None


@admin.register(Currency)
class CurrencyAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "exponent")
    ordering = ("code",)


@admin.register(LedgerCheck)
class LedgerCheckAdmin(ReadOnlyAdmin):
    list_display = ("at", "outcome", "first")
    list_filter = ("intact",)
    ordering = ("-id",)
    fields = readonly_fields = ("at", "outcome", "found")

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


@admin.register(Account)
class AccountAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("number", "owner", "product", "currency", "money", "set_aside", "state")
    list_filter = ("product", "status", "currency")
    list_select_related = ("owner",)
    search_fields = ("owner__email", "owner__name")
    search_help_text = "Account number, public id (acc_…), customer's name or e-mail"
    ordering = ("-id",)
    owner_field = "owner"
    fields = readonly_fields = (
        "number", "public_id", "owner", "name", "product", "kind", "gl_code", "state", "money",
        "set_aside", "free", "floor", "opened_at",
    )  # fmt: skip
    change_form_after_template = "admin/banking/_entries.html"

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Account], text: str
    ) -> tuple[QuerySet[Account], bool]:
        if named := _accounts_named(text.strip()):
            return rows.filter(pk__in=named), False
        return super().get_search_results(request, rows, text)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        recent = list(ledger.entries(int(object_id)).order_by("-seq")[:ENTRIES_SHOWN_MAX])
        holds = Hold.objects.open().filter(account_id=object_id).select_related("account")
        more = {"entries": recent, "holds": holds, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    @display(description="balance")
    def money(self, account: Account) -> str:
        # Only the bank's own can be behind; the others are worth no question each.
        return (account.balance if account.owner_id else ledger.balance(account)).format()

    @display(description="held")
    def set_aside(self, account: Account) -> str:
        return account.held.format() if account.held_minor else "-"

    @display(description="available")
    def free(self, account: Account) -> str:
        return account.available.format()

    @display(description="floor")
    def floor(self, account: Account) -> str:
        if account.floor_minor is None:
            return "none"
        return Money(account.floor_minor, account.currency).format()

    @display(
        description="status",
        label={"Active": "success", "Frozen": "warning"},
    )
    def state(self, account: Account) -> str:
        return str(account.get_status_display())


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
        if named := _accounts_named(text):
            return rows.filter(Q(source__in=named) | Q(target__in=named)), False
        # A transfer's movement carries the transfer's id.
        found = _uuid(Movement.prefix, text) or _uuid(Transfer.prefix, text)
        return (rows.filter(pk=found) if found else rows.none()), False

    @display(description="from")
    def left(self, movement: Movement) -> str:
        return _name(movement.source)

    @display(description="to")
    def reached(self, movement: Movement) -> str:
        return _name(movement.target)

    @display(description="amount")
    def money(self, movement: Movement) -> str:
        return movement.amount.format()

    @display(description="balance left behind")
    def after_left(self, movement: Movement) -> str:
        return _afterwards(movement.source_balance_minor, movement)

    @display(description="balance reached")
    def after_reached(self, movement: Movement) -> str:
        return _afterwards(movement.target_balance_minor, movement)


def _afterwards(minor: int | None, movement: Movement) -> str:
    """A side that queues gets its balance when it is folded."""
    return "-" if minor is None else Money(minor, movement.currency).format()


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
        return _name(hold.account)

    @display(description="amount")
    def money(self, hold: Hold) -> str:
        return hold.amount.format()

    @display(description="outcome", label={"Open": "warning"})
    def outcome(self, hold: Hold) -> str:
        end = getattr(hold, "end", None)
        return "Open" if end is None else str(end.get_outcome_display())


class ReasonForm(forms.Form):
    """Why an officer decides as they do; the service and the audit log keep it."""

    reason = forms.CharField(
        min_length=REASON_MIN,
        max_length=services.REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "autofocus": True}),
        help_text="The customer does not see it. It stays in the audit log with your name.",
    )


@admin.register(Transfer)
class TransferAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("asked_at", "customer", "what", "way", "money", "judged", "score", "state")
    list_filter = (
        "status",
        "decision__verdict",
        "kind",
        "channel",
        "currency",
        ("asked_at", MomentRangeFilter),
    )
    list_filter_submit = True
    list_select_related = ("source", "target", "decision", "requested_by")
    date_hierarchy = "asked_at"
    search_fields = ("requested_by__email", "requested_by__name")
    search_help_text = "Public id (trf_…), account number, customer's name or e-mail"
    ordering = ("-id",)
    owner_field = "requested_by"
    fields = readonly_fields = (
        "public_id", "customer", "what", "way", "money", "note", "channel", "asked_at", "state",
        "expires", "settled_at", "settled_by", "reason",
    )  # fmt: skip
    change_form_after_template = "admin/banking/_judgement.html"
    actions_detail = ("release", "refuse")

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Transfer], text: str
    ) -> tuple[QuerySet[Transfer], bool]:
        text = text.strip()
        if found := _uuid(Transfer.prefix, text):
            return rows.filter(pk=found), False
        if named := _accounts_named(text):
            return rows.filter(Q(source__in=named) | Q(target__in=named)), False
        return super().get_search_results(request, rows, text)

    # --- what may be done about held money ---------------------------------------------------

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("banking.release_transfer") and _is_held(object_id)

    def has_refuse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("banking.refuse_transfer") and _is_held(object_id)

    @action(
        description="Release", icon="check", variant=ActionVariant.PRIMARY, permissions=["release"]
    )
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, "Release", services.release_transfer)

    @action(
        description="Refuse", icon="block", variant=ActionVariant.DANGER, permissions=["refuse"]
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, "Refuse", services.refuse_transfer)

    def _settle(
        self, request: HttpRequest, object_id: str, verb: str, service: Callable[..., Transfer]
    ) -> HttpResponse:
        """Ask for the reason, then let the service do it."""
        transfer = self.get_queryset(request).get(pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._carry_out(request, transfer, verb, service, form.cleaned_data["reason"])
        self.admin_site.record_view(transfer, owner=transfer.requested_by)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {transfer.amount.format()}",
            "opts": self.opts,
            "transfer": transfer,
            "original": transfer,
            "form": form,
            "verb": verb,
        }
        return render(request, "admin/banking/settle.html", context)

    def _carry_out(
        self,
        request: HttpRequest,
        transfer: Transfer,
        verb: str,
        service: Callable[..., Transfer],
        reason: str,
    ) -> HttpResponse:
        try:
            service(transfer=transfer, by=request.user, reason=reason)
        except TransferNotHeld as problem:  # a colleague, or the customer, was quicker
            messages.warning(request, problem.message)
            return redirect("admin:banking_transfer_change", transfer.pk)
        messages.success(request, f"{verb}d: {transfer.amount.format()}, {transfer.public_id}")
        return redirect(f"{reverse('admin:banking_transfer_changelist')}?status__exact=held")

    # --- columns -----------------------------------------------------------------------------

    @display(description="customer")
    def customer(self, transfer: Transfer) -> str:
        return _link(transfer.requested_by, transfer.requested_by.name)

    @display(description="kind", ordering="kind")
    def what(self, transfer: Transfer) -> str:
        return str(transfer.get_kind_display())

    @display(description="from, to")
    def way(self, transfer: Transfer) -> str:
        ways = _name(transfer.source), _name(transfer.target)
        return format_html('<span class="console-way">{}<br>→ {}</span>', *ways)

    @display(description="amount", ordering="amount_minor")
    def money(self, transfer: Transfer) -> str:
        return transfer.amount.format()

    @display(
        description="verdict",
        label={"Verified": "success", "Flagged": "warning", "Blocked": "danger"},
    )
    def judged(self, transfer: Transfer) -> str:
        return str(transfer.decision.get_verdict_display())

    @display(description="score", ordering="decision__score")
    def score(self, transfer: Transfer) -> str:
        return f"{transfer.decision.score:.2f}"

    @display(
        description="status",
        label={"Done": "success", "Waiting": "warning", "Refused": "danger"},
        ordering="status",
    )
    def state(self, transfer: Transfer) -> str:
        return str(transfer.get_status_display())

    @display(description="held until")
    def expires(self, transfer: Transfer) -> str:
        if transfer.hold is None or transfer.hold.expires_at is None:
            return "-"
        return date_format(timezone.localtime(transfer.hold.expires_at), "DATETIME_FORMAT")


def _is_held(object_id: Any) -> bool:
    return Transfer.objects.filter(pk=object_id, status=Transfer.Status.HELD).exists()
