"""The bank's own lists: written, agreed to and lifted through services."""

import ipaddress
from datetime import timedelta
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.models import User
from fraud.admin.base import id_in
from fraud.admin.learning import AgreeForm, LearningAdmin
from fraud.lists import selectors, services
from fraud.lists.matched import TRUST
from fraud.lists.policy import LISTS
from fraud.lists.selectors import IN_FORCE, LIFTING, WAITING
from fraud.models import ListEntry

STATES = {WAITING: "warning", IN_FORCE: "success", LIFTING: "warning"}
EFFECTS = {"Refuse": "danger", "Hold": "warning", "Trust": "info"}
DAYS_MAX = 3650


class EntryForm(forms.Form):
    kind = forms.ChoiceField(
        label="What it is", choices=ListEntry.Kind.choices, widget=UnfoldAdminSelectWidget
    )
    value = forms.CharField(
        label="Which one",
        max_length=80,
        widget=UnfoldAdminTextInputWidget(attrs={"spellcheck": "false", "autocapitalize": "off"}),
        help_text="acc_… of a payee or an account, usr_… of a customer, a device as decisions name "
        "it, an address or a network such as 192.0.2.0/24, a place such as “Lisbon, PT” or a "
        "country’s two letters.",
    )
    effect = forms.ChoiceField(
        label="What happens",
        choices=ListEntry.Effect.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="Refuse and hold are in force at once. Trust waits for a colleague: the score "
        "alone stops nothing then; own limits, officers’ rules and other entries still do.",
    )
    days = forms.IntegerField(
        label="For how many days",
        required=False,
        min_value=1,
        max_value=DAYS_MAX,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"Empty: until it is lifted. Trust ends, after {LISTS.trust_max.days} days at "
        "the latest.",
    )
    reason = forms.CharField(
        label="Why",
        min_length=LISTS.reason_min,
        max_length=LISTS.reason_max,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For your colleagues. Customers are never told that something is listed.",
    )


class StateFilter(SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("force", "In force"), ("waiting", "Waits for a colleague"), ("ended", "Ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "force":
            return selectors.in_force(queryset)
        if self.value() == "waiting":
            return selectors.waiting(queryset)
        if self.value() == "ended":
            going = selectors.in_force(queryset) | selectors.waiting(queryset)
            return queryset.exclude(pk__in=going.values("pk"))
        return queryset


@admin.register(ListEntry)
class ListEntryAdmin(LearningAdmin):
    """That a customer is listed is not theirs to know, so looking at it leaves them no record."""

    nothing_yet = "Nothing is listed. “List something” begins."
    list_display = ("named", "kind", "does", "state", "why", "until")
    list_filter = (StateFilter, "kind", "effect", ("at", MomentRangeFilter))
    list_filter_submit = True
    ordering = ("-id",)
    search_help_text = "What is listed, an address within it, a word of the reason, lst_… or usr_…"
    actions_list = ("write",)
    actions_detail = ("approve", "reject", "withdraw", "lift", "agree", "keep")
    fields = readonly_fields = (
        "public_id", "state", "does", "kind", "named", "reason", "written_by", "at",
        "until", "history",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return selectors.entries()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(_matching(text)) if text else queryset), False

    # --- what is shown -----------------------------------------------------------------------

    @display(description="which one", ordering="value")
    def named(self, entry: Any) -> str:
        return entry.shown

    @display(description="does", ordering="effect", label=EFFECTS)
    def does(self, entry: Any) -> str:
        return entry.get_effect_display()

    @display(description="state", label=STATES)
    def state(self, entry: Any) -> str:
        return selectors.state_of(entry)

    @display(description="why")
    def why(self, entry: Any) -> str:
        return format_html('<span class="console-says">{}</span>', entry.reason)

    @display(description="by", ordering="by__name")
    def written_by(self, entry: Any) -> str:
        return entry.by.name

    @display(description="history")
    def history(self, entry: Any) -> str:
        lines = (
            (step.get_step_display(), step.by.name, _when(step.at), step.reason)
            for step in entry.steps.select_related("by").order_by("id")
        )
        return format_html_join("", "<p>{} by {}, {}. {}</p>", lines) or "-"

    # --- who may do what ---------------------------------------------------------------------

    def has_write_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(f"fraud.{services.WRITE}")

    def _may(self, request: HttpRequest, right: str, object_id: Any, state: str) -> Any:
        """The entry, if it is in this state and this person has the right."""
        if not request.user.has_perm(f"fraud.{right}"):
            return None
        entry = selectors.entries().filter(pk=object_id).first()
        return entry if entry is not None and selectors.state_of(entry) == state else None

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        entry = self._may(request, services.DECIDE, object_id, WAITING)
        return entry is not None and entry.by != request.user

    has_reject_permission = has_approve_permission

    def has_withdraw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        entry = self._may(request, services.WRITE, object_id, WAITING)
        return entry is not None and entry.by == request.user

    def has_lift_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, services.WRITE, object_id, IN_FORCE) is not None

    def has_agree_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        entry = self._may(request, services.DECIDE, object_id, LIFTING)
        return entry is not None and entry.last_by != request.user.pk

    def has_keep_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, services.WRITE, object_id, LIFTING) is not None

    # --- the deeds ---------------------------------------------------------------------------

    @action(
        description="List something", icon="playlist_add", url_path="write",
        permissions=["write"], variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def write(self, request: HttpRequest) -> HttpResponse:
        """What is in the address fills the form, so that other rooms can lead here."""
        form = cast(Any, partial(EntryForm, initial=request.GET.dict()))
        return self.asked(request, None, "List it", _write, kind=form)

    @action(
        description="Agree to trust it", icon="check", url_path="approve",
        permissions=["approve"], variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Agree to trust it", services.approve, AgreeForm)

    @action(
        description="Reject", icon="block", url_path="reject", permissions=["reject"],
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Reject", services.reject)

    @action(description="Withdraw", icon="undo", url_path="withdraw", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Withdraw", services.withdraw)

    @action(description="Lift", icon="lock_open", url_path="lift", permissions=["lift"])
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Trust ends at once; what is refused or held is lifted when a colleague agrees."""
        trusted = ListEntry.objects.filter(pk=object_id, effect=TRUST).exists()
        if trusted:
            return self._do(request, object_id, "End the trust", services.end_trust)
        return self._do(request, object_id, "Ask to lift it", services.ask_to_lift)

    @action(
        description="Agree to lift it", icon="check", url_path="agree", permissions=["agree"],
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def agree(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Agree to lift it", services.agree_to_lift, AgreeForm)

    @action(description="Keep it listed", icon="lock", url_path="keep", permissions=["keep"])
    def keep(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(request, object_id, "Keep it listed", services.keep)

    def _do(
        self, request: HttpRequest, object_id: str, verb: str, deed: Any, kind: Any = None
    ) -> HttpResponse:
        entry = selectors.entries().get(pk=object_id)
        facts = [
            ("Listed", str(entry)),
            ("Why", entry.reason),
            ("By", f"{entry.by.name}, {_when(entry.at)}"),
            ("Until", _when(entry.until) if entry.until else "it is lifted"),
        ]
        more = {"kind": kind} if kind else {}
        return self.asked(request, entry, verb, partial(deed, entry=entry), facts=facts, **more)


def _write(*, days: int | None, by: Any, **given: Any) -> ListEntry:
    until = timezone.now() + timedelta(days=days) if days else None
    return services.write_entry(by=by, until=until, **given)


def _matching(text: str) -> Q:
    if entry := id_in(ListEntry.prefix, text):
        return Q(pk=entry)
    if customer := id_in(User.prefix, text):
        return Q(value=str(customer))
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return Q(value__icontains=text) | Q(reason__icontains=text)
    bits = range(address.max_prefixlen + 1)
    return Q(value__in=[str(ipaddress.ip_network((address, n), strict=False)) for n in bits])


def _when(moment: Any) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}"


def write_page(kind: str, value: str) -> str:
    """Where this is listed, with the form filled as far as it is known."""
    page = reverse("admin:fraud_listentry_write")
    return f"{page}?{urlencode({'kind': kind, 'value': value})}"
