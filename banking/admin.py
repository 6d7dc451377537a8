"""The console's view of the ledger: read only. Held money is settled through the services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from banking import ledger
from banking.care import services as care
from banking.care.selectors import BANK, frozen_by
from banking.deeds import ReasonForm, account_link, ask, carried_out, link
from banking.fx.services import set_rate
from banking.interest.services import set_terms
from banking.limits.services import set_account_limit
from banking.models import (
    Account,
    AccountLimit,
    AccrualRun,
    Currency,
    FxRate,
    Hold,
    InterestMonth,
    InterestTerms,
    LedgerCheck,
    Movement,
    Payee,
    Schedule,
    Transfer,
)
from banking.numbers import AccountNumberInvalid, account_id_of
from banking.proposals import admin as _proposals  # noqa: F401 - registers them
from banking.returns.services import is_reversible, reverse_transfer
from banking.schedules.words import in_words, reason_of
from banking.statements.formats import FORMATS
from banking.statements.http import download
from banking.statements.selectors import bank_today, statement_of
from banking.statements.statement import Period
from banking.terms_forms import LimitForm, RateForm, StatementForm, TermsForm, amount_or_zero
from banking.transfers.services import refuse_transfer, release_transfer
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import Conflict, NotFound, Problem
from fintrust.core.ids import from_public
from fintrust.core.money import Money

ENTRIES_SHOWN_MAX = 50
DATES_SHOWN_MAX = 20


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
    list_display = ("code", "name", "exponent", "closed_until")
    ordering = ("code",)


@admin.register(FxRate)
class FxRateAdmin(ReadOnlyAdmin):
    list_display = ("valid_from", "base", "quote", "rate", "source", "recorded_by")
    list_filter = ("base", "quote", ("valid_from", MomentRangeFilter))
    list_select_related = ("recorded_by",)
    ordering = ("-valid_from", "-id")
    actions_list = ("set_rate",)

    def has_set_rate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("banking.add_fxrate"))

    @action(
        description="Set a rate", icon="add", variant=ActionVariant.PRIMARY,
        permissions=["set_rate"],
    )  # fmt: skip
    def set_rate(self, request: HttpRequest) -> HttpResponse:
        return _set(self, request, "Set a rate", RateForm(request.POST or None), set_rate)


@admin.register(InterestTerms)
class InterestTermsAdmin(ReadOnlyAdmin):
    list_display = ("valid_from", "product", "currency", "day_count", "rates", "set_by")
    list_filter = ("product", "currency")
    list_select_related = ("set_by",)
    ordering = ("-valid_from", "-id")
    actions_list = ("set_terms",)

    def has_set_terms_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("banking.add_interestterms"))

    @action(
        description="Set terms", icon="add", variant=ActionVariant.PRIMARY,
        permissions=["set_terms"],
    )  # fmt: skip
    def set_terms(self, request: HttpRequest) -> HttpResponse:
        return _set(self, request, "Set terms", TermsForm(request.POST or None), set_terms)

    @display(description="from, rate")
    def rates(self, terms: InterestTerms) -> str:
        tiers = ((Money(start, terms.currency).format(), rate) for start, rate in terms.tiers)
        return format_html_join(", ", "{}: {}", tiers)


@admin.register(AccrualRun)
class AccrualRunAdmin(ReadOnlyAdmin):
    list_display = ("first", "last", "accruals", "corrections", "at")
    ordering = ("-last",)


@admin.register(InterestMonth)
class InterestMonthAdmin(ReadOnlyAdmin):
    list_display = ("through", "payments", "fees", "at")
    ordering = ("-through",)


@admin.register(AccountLimit)
class AccountLimitAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("at", "on", "day_minor", "month_minor", "day_count", "set_by", "reason")
    list_select_related = ("account", "set_by")
    ordering = ("-id",)
    owner_field = "account__owner"

    @display(description="account")
    def on(self, limit: AccountLimit) -> str:
        return account_link(limit.account)


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
        if named := _accounts_named(text.strip()):
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


@admin.register(Payee)
class PayeeAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("customer", "name", "pays", "check_result", "created_at")
    list_filter = ("check_result", ("created_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("customer", "account")
    search_fields = ("customer__email", "customer__name", "name")
    ordering = ("-id",)
    owner_field = "customer"
    fields = readonly_fields = (
        "public_id", "customer", "name", "nickname", "pays", "check_result", "checked_at",
        "created_at",
    )  # fmt: skip

    @display(description="account")
    def pays(self, payee: Payee) -> str:
        return account_link(payee.account)


@admin.register(Schedule)
class ScheduleAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("owner", "money", "pays", "when", "next_run_on", "state")
    list_filter = ("status", "rhythm", "currency")
    list_select_related = ("owner", "source", "target")
    search_fields = ("owner__email", "owner__name", "name")
    ordering = ("-id",)
    owner_field = "owner"
    fields = readonly_fields = (
        "public_id", "owner", "money", "leaves", "pays", "name", "note", "when", "next_run_on",
        "state", "ended_because", "created_at", "dates",
    )  # fmt: skip

    @display(description="amount", ordering="amount_minor")
    def money(self, schedule: Schedule) -> str:
        return schedule.amount.format()

    @display(description="from")
    def leaves(self, schedule: Schedule) -> str:
        return account_link(schedule.source)

    @display(description="to")
    def pays(self, schedule: Schedule) -> str:
        return account_link(schedule.target)

    @display(description="when")
    def when(self, schedule: Schedule) -> str:
        return in_words(schedule.plan)

    @display(description="status", label={"Active": "success", "Paused": "warning"})
    def state(self, schedule: Schedule) -> str:
        return str(schedule.get_status_display())

    @display(description="last dates")
    def dates(self, schedule: Schedule) -> str:
        came = schedule.occurrences.select_related("transfer").order_by("-due_on")
        lines = ((o.run_on, o.shown_status, reason_of(o.reason)) for o in came[:DATES_SHOWN_MAX])
        return format_html_join("", "<p>{}: {} {}</p>", lines) or "-"


class OverdraftForm(ReasonForm):
    amount = forms.CharField(
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text="How far below zero the account may sink. 0 takes the overdraft away.",
    )
    field_order = ("amount", "reason")

    def clean_amount(self) -> Money:
        assert self.about is not None  # the action gave it
        return amount_or_zero(self.cleaned_data["amount"].strip(), self.about.currency)


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
    actions_detail = ("release", "refuse", "reverse")

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
        return self._settle(request, object_id, "Release", release_transfer)

    @action(
        description="Refuse", icon="block", variant=ActionVariant.DANGER, permissions=["refuse"]
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, "Refuse", refuse_transfer)

    def has_reverse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("banking.reverse_transfer") and _is_reversible(object_id)

    @action(
        description="Return", icon="undo", variant=ActionVariant.DANGER, permissions=["reverse"]
    )
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a posted transfer back; a compensating one, with a reason."""
        transfer = self.get_queryset(request).get(pk=object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            back = carried_out(form, reverse_transfer, transfer=transfer, by=request.user)
            if back:
                messages.success(request, f"Returned: {back.amount.format()}, {back.public_id}")
                return redirect("admin:banking_transfer_change", back.pk)
        self.admin_site.record_view(transfer, owner=transfer.requested_by)
        facts = [
            ("Amount", _what_moves(transfer)),
            ("Back to", transfer.source.number if transfer.source.owner_id else transfer.source),
            ("From", transfer.target.number if transfer.target.owner_id else transfer.target),
            ("Asked by", transfer.requested_by.name),
        ]
        return ask(self, request, transfer, "Return", form, facts)

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
            done = service(transfer=transfer, by=request.user, reason=reason)
        except Conflict as problem:  # a colleague, or the customer, was quicker
            messages.warning(request, problem.message)
            return redirect("admin:banking_transfer_change", transfer.pk)
        if done.decision.forbidden:
            messages.warning(request, "Not released: the owner's own limits forbid it now.")
            return redirect("admin:banking_transfer_change", transfer.pk)
        messages.success(request, f"{verb}d: {transfer.amount.format()}, {transfer.public_id}")
        return redirect(f"{reverse('admin:banking_transfer_changelist')}?status__exact=held")

    # --- columns -----------------------------------------------------------------------------

    @display(description="customer")
    def customer(self, transfer: Transfer) -> str:
        return link(transfer.requested_by, transfer.requested_by.name)

    @display(description="kind", ordering="kind")
    def what(self, transfer: Transfer) -> str:
        return str(transfer.get_kind_display())

    @display(description="from, to")
    def way(self, transfer: Transfer) -> str:
        ways = account_link(transfer.source), account_link(transfer.target)
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


def _set(
    page: ReadOnlyAdmin,
    request: HttpRequest,
    verb: str,
    form: forms.Form,
    service: Callable[..., Any],
) -> HttpResponse:
    """Ask for what the bank offers from now on, then let the service set it."""
    if form.is_valid() and (made := carried_out(form, service, by=request.user)):
        messages.success(request, f"Set: {made}")
        return redirect(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    return ask(page, request, None, verb, form, calm=True)


def _set_limits(*, day: Money | None, month: Money | None, **more: Any) -> AccountLimit:
    """The form speaks of money, the service of minor units."""
    # Not by their truth: a limit of nothing is a limit.
    day_minor, month_minor = (None if one is None else one.minor for one in (day, month))
    return set_account_limit(day_minor=day_minor, month_minor=month_minor, **more)


def _what_moves(transfer: Transfer) -> str:
    sent = transfer.cost.format()
    return f"{sent}, {transfer.arrives.format()} arrived" if transfer.crosses else sent


def _is_held(object_id: Any) -> bool:
    return Transfer.objects.filter(pk=object_id, status=Transfer.Status.HELD).exists()


def _is_reversible(object_id: Any) -> bool:
    transfer = Transfer.objects.select_related("movement").filter(pk=object_id).first()
    if transfer is None or transfer.kind == Transfer.Kind.REVERSAL:
        return False
    back = transfer.returned_by.filter(status__in=[Transfer.Status.POSTED, Transfer.Status.HELD])
    return is_reversible(transfer) and not back.exists()


def _may_freeze(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("banking.freeze_account"))


def _open_account(object_id: Any) -> Account | None:
    """A customer's account that is not closed."""
    found = Account.objects.filter(pk=object_id, owner__isnull=False)
    return found.exclude(status=Account.Status.CLOSED).first()


def _frozen_by(object_id: Any, otherwise: set[str]) -> set[str]:
    account = _open_account(object_id)
    return otherwise if account is None else frozen_by(account)
