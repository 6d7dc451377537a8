"""Accounts, and what an officer may do about one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from banking import ledger
from banking.admin.base import accounts_named
from banking.admin.forms import LimitForm, OverdraftForm, StatementForm
from banking.care import services as care
from banking.care.selectors import BANK, frozen_by
from banking.deeds import ReasonForm, account_link, ask, carried_out
from banking.limits.services import set_account_limit
from banking.models import Account, AccountLimit, Hold
from banking.statements.formats import FORMATS
from banking.statements.http import download
from banking.statements.selectors import bank_today, statement_of
from banking.statements.statement import Period
from fintrust.core.admin_base import ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import Problem
from fintrust.core.money import Money

ENTRIES_SHOWN_MAX = 50


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
        "number", "public_id", "owner", "name", "product", "kind", "gl_code", "stripe", "state",
        "money", "set_aside", "free", "floor", "opened_at",
    )  # fmt: skip
    change_form_after_template = "admin/banking/_entries.html"
    actions_detail = ("statement", "freeze", "thaw", "overdraft", "limits")

    # --- what an officer may do about an account ---------------------------------------------

    def has_freeze_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _may_freeze(request) and BANK not in _frozen_by(object_id, {BANK})

    def has_thaw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return _may_freeze(request) and BANK in _frozen_by(object_id, set())

    def has_overdraft_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return (
            request.user.has_perm("banking.set_overdraft") and _open_account(object_id) is not None
        )

    @action(
        description="Freeze", icon="ac_unit", variant=ActionVariant.DANGER, permissions=["freeze"]
    )
    def freeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Freeze", ReasonForm, care.freeze_for_bank)

    @action(
        description="Thaw", icon="wb_sunny", variant=ActionVariant.PRIMARY, permissions=["thaw"]
    )
    def thaw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Thaw", ReasonForm, care.thaw_for_bank)

    @action(description="Set overdraft", icon="trending_down", permissions=["overdraft"])
    def overdraft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Set overdraft", OverdraftForm, care.set_overdraft)

    def has_limits_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return (
            request.user.has_perm("banking.add_accountlimit")
            and _open_account(object_id) is not None
        )

    @action(description="Set limits", icon="speed", permissions=["limits"])
    def limits(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Set limits", LimitForm, _set_limits)

    def has_statement_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("banking.view_account"))

    @action(description="Statement", icon="description", permissions=["statement"])
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The statement of any account as a file; who has read it stays in the log."""
        account = get_object_or_404(self.get_queryset(request), pk=object_id)
        month = Period.month_of(bank_today()).up_to(bank_today())
        first = {"since": month.first, "until": month.last}
        form = StatementForm(request.POST or None, initial=first)
        if form.is_valid():
            period, name = form.cleaned_data["period"], form.cleaned_data["format"]
            try:
                answer = download(statement_of(account, period), FORMATS[name])
            except Problem as problem:
                form.refuse(problem)
            else:
                self.admin_site.record_view(
                    account, owner=account.owner, statement=name,
                    since=period.first.isoformat(), until=period.last.isoformat(),
                )  # fmt: skip
                return answer
        facts = [
            ("Account", account.number if account.owner_id else account.name),
            ("Held by", account.owner.name if account.owner_id else "the bank"),
        ]
        return ask(self, request, account, "Statement", form, facts, calm=True)

    def _do(
        self,
        request: HttpRequest,
        object_id: str,
        verb: str,
        kind: type[ReasonForm],
        service: Callable[..., Any],
    ) -> HttpResponse:
        """Ask for the reason, and what else the deed needs, then let the service do it."""
        account = self.get_queryset(request).get(pk=object_id)
        form = kind(request.POST or None, about=account)
        if form.is_valid() and carried_out(form, service, account=account, by=request.user):
            messages.success(request, f"{verb}: {account.number}")
            return redirect("admin:banking_account_change", account.pk)
        self.admin_site.record_view(account, owner=account.owner)
        facts = [
            ("Customer", account.owner.name),
            ("Account", account.number),
            ("Balance", account.balance.format()),
            ("Overdraft", account.overdraft.format()),
            ("Status", account.get_status_display()),
        ]
        return ask(self, request, account, verb, form, facts, calm=verb == "Thaw")

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Account], text: str
    ) -> tuple[QuerySet[Account], bool]:
        if named := accounts_named(text.strip()):
            return rows.filter(pk__in=named), False
        if not text:
            rows = rows.filter(stripe=0)  # 64 rows of the same name are no list to look through
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
        return account.balance.format()

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


@admin.register(AccountLimit)
class AccountLimitAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("at", "on", "day_minor", "month_minor", "day_count", "set_by", "reason")
    list_select_related = ("account", "set_by")
    ordering = ("-id",)
    owner_field = "account__owner"

    @display(description="account")
    def on(self, limit: AccountLimit) -> str:
        return account_link(limit.account)


def _set_limits(*, day: Money | None, month: Money | None, **more: Any) -> AccountLimit:
    """The form speaks of money, the service of minor units."""
    # Not by their truth: a limit of nothing is a limit.
    day_minor, month_minor = (None if one is None else one.minor for one in (day, month))
    return set_account_limit(day_minor=day_minor, month_minor=month_minor, **more)


def _may_freeze(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("banking.freeze_account"))


def _open_account(object_id: Any) -> Account | None:
    """A customer's account that is not closed."""
    found = Account.objects.filter(pk=object_id, owner__isnull=False)
    return found.exclude(status=Account.Status.CLOSED).first()


def _frozen_by(object_id: Any, otherwise: set[str]) -> set[str]:
    account = _open_account(object_id)
    return otherwise if account is None else frozen_by(account)
