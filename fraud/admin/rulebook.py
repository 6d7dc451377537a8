"""Rules, what was in force when, and backtests: read, written and decided through services."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin
from fintrust.core.errors import Problem
from fraud.backtest import services as backtests
from fraud.backtest.page import shown as backtest_shown
from fraud.models import Backtest, Ruleset, RuleVersion
from fraud.rulebook import selectors, services, trial
from fraud.rulebook.force import NEUTRAL
from fraud.rulebook.forms import BacktestForm, ReasonForm, RemarkForm, RuleForm, VersionForm
from fraud.rulebook.selectors import DRAFT, LIVE, OUT, PROPOSED, SHADOW, STOPPED
from fraud.rulebook.syntax import parse

STATES = {
    DRAFT: "info", SHADOW: "info", PROPOSED: "warning", LIVE: "success", STOPPED: "danger",
}  # fmt: skip
WORDING = ("condition", "action", "sentence", "hour_max", "day_max", "hundred_max")
SIDE_BY_SIDE = 4  # versions; more do not fit beside each other


class RulebookAdmin(ReadOnlyAdmin):
    """What the three rooms share: a page that asks for what a deed needs, and then does it."""

    def ask(
        self,
        request: HttpRequest,
        row: Any,
        verb: str,
        form: forms.Form,
        template: str = "admin/banking/deed.html",
        **more: Any,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb}?" if row else verb,
            "opts": self.opts,
            "original": row,
            "form": form,
            "verb": verb,
            "back": self.page_of(row),
            **more,
        }
        return render(request, template, context)

    def page_of(self, row: Any = None) -> str:
        name = f"admin:fraud_{self.opts.model_name}"
        if row is None:
            return reverse(f"{name}_changelist")
        meta = row._meta
        return reverse(f"admin:fraud_{meta.model_name}_change", args=[row.pk])

    def carry_out(
        self, request: HttpRequest, row: Any, verb: str, kind: type[forms.Form],
        deed: Callable[..., Any], done: str, **more: Any,
    ) -> HttpResponse:  # fmt: skip
        form = kind(request.POST or None)
        if form.is_valid():
            try:
                made = deed(by=request.user, **form.cleaned_data)
            except Problem as problem:
                form.add_error(
                    problem.field if problem.field in form.fields else None, problem.message
                )
            else:
                messages.success(request, done)
                return redirect(self.page_of(made if isinstance(made, Backtest) else row))
        return self.ask(request, row, verb, form, **more)


@admin.register(RuleVersion)
class RuleVersionAdmin(RulebookAdmin):
    list_display = ("named", "version", "state", "does", "says", "written_by", "at")
    list_filter = ("action", ("at", MomentRangeFilter))
    list_filter_submit = True
    search_fields = ("rule__name", "condition")
    search_help_text = "A rule's name, or a feature that it asks about"
    ordering = ("-at", "-id")
    actions_list = ("write",)
    actions_detail = (
        "try_out", "backtest", "propose", "approve", "reject", "withdraw", "restore",
        "write_version", "retire",
    )  # fmt: skip
    fields = readonly_fields = (
        "public_id", "named", "version", "state", "purpose", "condition", "meaning", "does",
        "told_to_customers", "budget", "written_by", "at",
    )  # fmt: skip
    change_form_after_template = "admin/fraud/_rule.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return selectors.versions()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._row = selectors.newest()  # once for all rows of the list
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._row = selectors.newest()
        version = self.get_object(request, object_id)
        more = _beside(version) if version else {}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    # --- what is shown -----------------------------------------------------------------------

    @display(description="rule", ordering="rule__name")
    def named(self, version: RuleVersion) -> str:
        return version.rule.name

    @display(description="version", ordering="number")
    def version(self, version: RuleVersion) -> int:
        return version.number

    @display(description="state", label=STATES)
    def state(self, version: RuleVersion) -> str:
        return selectors.state_of(version, self._row)

    @display(description="does", ordering="action")
    def does(self, version: RuleVersion) -> str:
        return version.get_action_display()

    @display(description="when")
    def says(self, version: RuleVersion) -> str:
        return format_html('<span class="console-says">{}</span>', _meaning(version))

    @display(description="meaning")
    def meaning(self, version: RuleVersion) -> str:
        return _meaning(version)

    @display(description="what it is for")
    def purpose(self, version: RuleVersion) -> str:
        return version.rule.purpose

    @display(description="shown to the customer")
    def told_to_customers(self, version: RuleVersion) -> str:
        return version.sentence or NEUTRAL

    @display(description="may stop")
    def budget(self, version: RuleVersion) -> str:
        return (
            f"{version.hour_max} in an hour, {version.day_max} in 24 hours, "
            f"{version.hundred_max} of the newest 100"
        )

    @display(description="author", ordering="author__name")
    def written_by(self, version: RuleVersion) -> str:
        return version.author.name

    # --- who may do what ---------------------------------------------------------------------

    def has_write_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(services.WRITE)

    def _may(self, request: HttpRequest, right: str, object_id: Any, *states: str) -> bool:
        version = selectors.versions().filter(pk=object_id).first()
        if version is None or not request.user.has_perm(right):
            return False
        return selectors.state_of(version, selectors.newest()) in states

    def has_try_out_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, services.WRITE, object_id, DRAFT, OUT)

    def has_propose_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, services.WRITE, object_id, SHADOW)

    def has_withdraw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not self._may(request, services.WRITE, object_id, PROPOSED):
            return False
        return selectors.proposer(RuleVersion(pk=object_id)) == request.user.pk

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not self._may(request, services.DECIDE, object_id, PROPOSED):
            return False
        version = RuleVersion.objects.get(pk=object_id)
        return request.user.pk not in (version.author_id, selectors.proposer(version))

    has_reject_permission = has_approve_permission

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = self._may(request, services.DECIDE, object_id, STOPPED)
        return may and not RuleVersion.objects.filter(pk=object_id, author=request.user).exists()

    def has_retire_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, services.DECIDE, object_id, *STATES, OUT)

    # --- what they do ------------------------------------------------------------------------

    def _do(
        self, request: HttpRequest, object_id: str, verb: str, kind: type[forms.Form],
        deed: Callable[..., Any], done: str, calm: bool = True,
    ) -> HttpResponse:  # fmt: skip
        version = self.get_queryset(request).get(pk=object_id)

        def carried(**words: Any) -> Any:
            return deed(version=version, **words)

        return self.carry_out(
            request, version, verb, kind, carried, done, calm=calm, facts=_facts(version)
        )

    @action(
        description="Write a rule", icon="add", url_path="write", variant=ActionVariant.PRIMARY,
        permissions=["write"],
    )  # fmt: skip
    def write(self, request: HttpRequest) -> HttpResponse:
        return self._edit(request, None, RuleForm, services.write_rule, "Write a rule", {})

    @action(
        description="Write another version", icon="edit_note", url_path="version",
        permissions=["write"],
    )  # fmt: skip
    def write_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = self.get_queryset(request).get(pk=object_id)

        def deed(**words: Any) -> RuleVersion:
            return services.write_version(rule=version.rule, **words)

        now = {name: getattr(version, name) for name in WORDING}
        title = f"Another version of {version.rule.name}"
        return self._edit(request, version, VersionForm, deed, title, now)

    def _edit(
        self, request: HttpRequest, row: RuleVersion | None, kind: type[VersionForm],
        deed: Callable[..., RuleVersion], title: str, initial: dict[str, Any],
    ) -> HttpResponse:  # fmt: skip
        form = kind(request.POST or None, initial=initial)
        written = request.POST.get("condition") or initial.get("condition") or ""
        more: dict[str, Any] = {"said": trial.say(written, new=True) if written else None}
        if "recent" in request.POST:
            more["trial"] = _recent(written)
        elif form.is_valid():
            try:
                made = deed(by=request.user, **form.cleaned_data)
            except Problem as problem:
                form.add_error(
                    problem.field if problem.field in form.fields else None, problem.message
                )
            else:
                messages.success(request, f"{made} is a draft now. Try it on history next.")
                return redirect(self.page_of(made))
        return self.ask(
            request, row, title, form, template="admin/fraud/rule_edit.html", title=title,
            features=trial.features(), **more,
        )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(require_POST(self.say_condition))
        return [path("check/", check, name="fraud_ruleversion_check"), *super().get_urls()]

    def say_condition(self, request: HttpRequest) -> HttpResponse:
        """What a condition says while it is being written."""
        if not self.has_write_permission(request):
            raise PermissionDenied
        written = request.POST.get("condition", "")
        said = trial.say(written, new=True) if written.strip() else None
        return render(request, "admin/fraud/_said.html", {"said": said})

    @action(
        description="Try it on history", icon="science", url_path="backtest", permissions=["write"]
    )
    def backtest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Try it on history", BacktestForm, backtests.ask,
            "The backtest waits for its turn.",
        )  # fmt: skip

    @action(description="Put on trial", icon="visibility", url_path="try", permissions=["try_out"])
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Put on trial", RemarkForm, services.try_out,
            "It looks at every payment now, and touches none.",
        )  # fmt: skip

    @action(
        description="Propose", icon="forward_to_inbox", url_path="propose", permissions=["propose"],
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Propose", ReasonForm, services.propose,
            "A colleague decides now.",
        )  # fmt: skip

    @action(
        description="Approve", icon="check", url_path="approve", permissions=["approve"],
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Approve", RemarkForm, services.approve, "The rule is in force."
        )

    @action(description="Reject", icon="block", url_path="reject", permissions=["reject"])
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Reject", ReasonForm, services.reject, "It stays on trial."
        )

    @action(description="Withdraw", icon="undo", url_path="withdraw", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Withdraw", ReasonForm, services.withdraw, "It stays on trial."
        )

    @action(description="Put back", icon="restart_alt", url_path="restore", permissions=["restore"])
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Put back", ReasonForm, services.restore,
            "The rule is in force again, with a new budget.",
        )  # fmt: skip

    @action(
        description="Retire", icon="delete_sweep", url_path="retire", permissions=["retire"],
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._do(
            request, object_id, "Retire", ReasonForm, services.retire,
            "The rule is out of everything.", calm=False,
        )  # fmt: skip


def _meaning(version: RuleVersion) -> str:
    said = trial.say(version.condition)
    return said.english or f"Cannot be read any more: {said.problem}"


def _facts(version: RuleVersion) -> list[tuple[str, Any]]:
    return [
        ("Rule", str(version)), ("When", _meaning(version)), ("Does", version.get_action_display()),
        ("Author", version.author.name),
    ]  # fmt: skip


def _recent(written: str) -> trial.Trial | None:
    return None if trial.say(written, new=True).problem else trial.recent(parse(written))


def _beside(version: RuleVersion) -> dict[str, Any]:
    """What stands below a rule: its versions side by side, its hits, what was said, its tests."""
    row = selectors.newest()
    newest = selectors.versions().filter(rule=version.rule_id).order_by("-number")[:SIDE_BY_SIDE]
    beside = [(one, selectors.state_of(one, row), _meaning(one)) for one in reversed(newest)]
    return {
        "beside": beside,
        "hits": selectors.hit_counts(version),
        "newest_hits": selectors.hits_of(version)[:5],
        "steps": version.steps.select_related("by").order_by("-id")[:20],
        "tests": version.backtests.select_related("asked_by").order_by("-asked_at")[:5],
    }


@admin.register(Ruleset)
class RulesetAdmin(RulebookAdmin):
    nothing_yet = "Officers have put nothing in force yet: the house's own rules decide."
    list_display = (
        "number",
        "deed",
        "rules",
        "trials",
        "champion",
        "thresholds",
        "by",
        "why",
        "at",
    )
    list_filter = ("deed", ("at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("by",)
    ordering = ("-number",)
    actions_detail = ("roll_back",)
    fields = readonly_fields = (
        "public_id", "number", "deed", "in_force", "on_trial", "champion", "shadow_model",
        "thresholds", "by", "why", "at",
    )  # fmt: skip

    @display(description="in force")
    def rules(self, row: Ruleset) -> int:
        return len(row.live)

    @display(description="on trial")
    def trials(self, row: Ruleset) -> int:
        return len(row.shadow)

    @display(description="flagged, blocked from")
    def thresholds(self, row: Ruleset) -> str:
        return f"{row.flagged_from:g}, {row.blocked_from:g}"

    @display(description="rules in force")
    def in_force(self, row: Ruleset) -> str:
        return selectors.names_of(row.live) or "None"

    @display(description="rules on trial")
    def on_trial(self, row: Ruleset) -> str:
        return selectors.names_of(row.shadow) or "None"

    def has_roll_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        newest = selectors.newest()
        older = newest is not None and str(newest.pk) != str(object_id)
        return older and request.user.has_perm(services.DECIDE)

    @action(
        description="Roll back to this", icon="history", url_path="roll-back",
        permissions=["roll_back"], variant=ActionVariant.DANGER,
    )  # fmt: skip
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = Ruleset.objects.get(pk=object_id)

        def deed(**words: Any) -> Ruleset:
            return services.roll_back(to=row, **words)

        newest = selectors.newest()
        assert newest is not None  # at least this one
        comes, now = set(selectors.returning(row, newest)[0]), set(newest.live)
        facts = [
            ("Comes into force", selectors.names_of(comes - now) or "No rule"),
            ("Leaves", selectors.names_of(now - comes) or "No rule"),
            ("Stopped or retired since, stays out", selectors.names_of(set(row.live) - comes)),
        ]
        facts = [(name, rules) for name, rules in facts if rules]
        return self.carry_out(
            request, row, f"Roll back to {row}", ReasonForm, deed, f"As under {row} again.",
            calm=False, facts=facts,
        )  # fmt: skip


@admin.register(Backtest)
class BacktestAdmin(RulebookAdmin):
    nothing_yet = "“Try it on history”, on the page of a rule, asks for one."
    list_display = ("asked_at", "version", "state", "progress_shown", "days", "asked_by")
    list_filter = ("status", ("asked_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("version__rule", "asked_by")
    ordering = ("-asked_at",)
    fields = readonly_fields = ("public_id", "version", "asked_by", "asked_at", "days")
    change_form_after_template = "admin/fraud/_backtest.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        backtest = self.get_object(request, object_id)
        more = backtest_shown(backtest) if backtest else {}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    @display(
        description="state", ordering="status",
        label={"Done": "success", "Failed": "danger", "Running": "info"},
    )  # fmt: skip
    def state(self, backtest: Backtest) -> str:
        return str(backtest.get_status_display())

    @display(description="progress", ordering="progress")
    def progress_shown(self, backtest: Backtest) -> str:
        return f"{backtest.progress} %"
