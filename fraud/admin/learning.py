"""Models in the console: trainings, models, proposals and drift, and the deeds of both people."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin
from fintrust.core.errors import NotFound, Problem
from fintrust.core.ids import from_public
from fraud.learning import selectors, services
from fraud.learning.proposals import REASON_MAX, REASON_MIN
from fraud.models import DriftCheck, ModelVersion, Promotion, Proposed, TrainingRun

STATES = {
    selectors.CANDIDATE: "Candidate",
    selectors.SHADOW: "In the shadow",
    selectors.CHAMPION: "In force",
    selectors.RETIRED: "Retired",
}


class ReasonForm(forms.Form):
    """For a deed that another officer reads about."""

    reason = forms.CharField(
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For your colleagues. It stays in the audit log with your name.",
    )


class AgreeForm(ReasonForm):
    """Who agrees need not say why."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = False
        self.fields["reason"].label = "Remark (optional)"


class LearningAdmin(ReadOnlyAdmin):
    """What the rooms share: found by public id, and deeds that ask for words first."""

    search_fields: Any = ("pk",)  # shows the field; what it finds is `get_search_results`

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        try:
            return queryset.filter(pk=from_public(self.model.prefix, text)), False
        except NotFound:
            return queryset.none(), False

    def asked(
        self,
        request: HttpRequest,
        row: Any,
        verb: str,
        deed: Callable[..., Any],
        *,
        kind: type[forms.Form] = ReasonForm,
        facts: Any = (),
        calm: bool = True,
    ) -> HttpResponse:
        """Show what it is about, ask for words, and let the service decide."""
        form = kind(request.POST if request.method == "POST" else None)
        here = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        back = reverse(f"{here}_change", args=[row.pk]) if row else reverse(f"{here}_changelist")
        if form.is_valid():
            try:
                deed(by=request.user, **form.cleaned_data)
            except Problem as problem:
                field = problem.field if problem.field in form.fields else None
                form.add_error(field, problem.message)
            else:
                messages.success(request, f"{verb}: done.")
                return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb}?",
            "opts": self.opts,
            "original": row,
            "form": form,
            "facts": facts,
            "verb": verb,
            "calm": calm,
            "back": back,
        }
        return render(request, "admin/banking/deed.html", context)


# --- trainings ----------------------------------------------------------------------------------


@admin.register(TrainingRun)
class TrainingRunAdmin(LearningAdmin):
    nothing_yet = (
        "The bank trains by itself once enough outcomes are known. “Train a model” asks for it now."
    )
    list_display = ("public_id", "state", "progress", "rows_read", "asked_by", "asked_at")
    list_filter = ("status", ("asked_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("asked_by",)
    ordering = ("-asked_at", "-id")
    actions_list = ("train",)
    search_help_text = "Public id (trn_…)"
    fields = readonly_fields = (
        "public_id", "state", "progress", "rows_read", "outcome", "made", "asked_by", "asked_at",
        "started_at", "ended_at",
    )  # fmt: skip

    @display(
        description="state",
        label={
            "Waiting": "info", "Running": "info", "A model was made": "success",
            "Too little to learn from": "warning", "Failed": "danger",
        },
    )  # fmt: skip
    def state(self, run: TrainingRun) -> str:
        return run.get_status_display()

    @display(description="progress")
    def progress(self, run: TrainingRun) -> str:
        if run.status != TrainingRun.Status.RUNNING:
            return f"{run.percent}%"
        return f"{run.percent}%, {run.step or 'starting'}"

    @display(description="model")
    def made(self, run: TrainingRun) -> str:
        model = selectors.described().filter(run=run).first()
        return _link(model) if model else "-"

    def has_train_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("fraud.train_model")

    @action(
        description="Train a model", icon="school", variant=ActionVariant.PRIMARY,
        permissions=["train"],
    )  # fmt: skip
    def train(self, request: HttpRequest) -> HttpResponse:
        facts = [
            ("Learns from", "ten weeks of decisions and what became known about them"),
            ("Takes", "some minutes, while the bank goes on"),
            ("Afterwards", "a candidate waits. Nothing changes for customers."),
        ]
        return self.asked(
            request, None, "Train a model", services.ask_for_training, kind=forms.Form, facts=facts
        )


# --- models -------------------------------------------------------------------------------------


@admin.register(ModelVersion)
class ModelVersionAdmin(LearningAdmin):
    nothing_yet = "A model comes of a training. Until one is in force, the rules alone decide."
    list_display = ("public_id", "state", "found", "rules_found", "window", "made_by", "made_at")
    list_filter = (("made_at", MomentRangeFilter),)
    list_filter_submit = True
    list_select_related = ("made_by",)
    ordering = ("-made_at", "-id")
    actions_list = ("roll_back",)
    actions_detail = ("try_in_shadow", "propose")
    search_help_text = "Public id (mdl_…)"
    fields = readonly_fields = (
        "public_id", "state", "figures", "window", "known_by", "card_shown", "sha256",
        "data_hash", "code_hash", "run", "made_by", "made_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        return super().get_queryset(request).defer("content")

    @display(
        description="state",
        label={"In force": "success", "In the shadow": "info", "Candidate": "warning"},
    )
    def state(self, model: ModelVersion) -> str:
        return STATES[selectors.state_of(model)]

    @display(description="average precision")
    def found(self, model: ModelVersion) -> str:
        return f"{model.metrics['later']['average_precision']:.3f}"

    @display(description="the rules alone")
    def rules_found(self, model: ModelVersion) -> str:
        return f"{model.metrics['rules']['average_precision']:.3f}"

    @display(description="learned from")
    def window(self, model: ModelVersion) -> str:
        start, end = (timezone.localtime(at) for at in (model.window_start, model.window_end))
        return f"{start:%-d %b %Y} to {end:%-d %b %Y}"

    @display(description="on the newest payments of its window")
    def figures(self, model: ModelVersion) -> str:
        later, rules = model.metrics["later"], model.metrics["rules"]
        return figures(
            ("", "model", "rules alone"),
            [
                (name, f"{later[key]:.3f}", f"{rules[key]:.3f}")
                for name, key in (
                    ("Average precision", "average_precision"),
                    ("Area under the curve", "auc"),
                    ("Frauds found, 1 of 1,000 disturbed", "recall_at_a_thousandth"),
                )
            ],
        )

    @display(description="model card")
    def card_shown(self, model: ModelVersion) -> str:
        paragraphs = (
            (paragraph,) for paragraph in model.card.replace("\n- ", "\n\n• ").split("\n\n")
        )
        written = format_html_join("", "<p>{}</p>", paragraphs)
        return format_html('<div class="console-prose">{}</div>', written)

    # --- deeds -------------------------------------------------------------------------------

    def has_try_in_shadow_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(
            request, "propose_model", object_id, {selectors.CANDIDATE, selectors.RETIRED}
        )

    def has_propose_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "propose_model", object_id, {selectors.SHADOW})

    def has_roll_back_permission(self, request: HttpRequest) -> bool:
        may = request.user.has_perm("fraud.roll_back_model")
        return may and selectors.champion() is not None

    def _may(self, request: HttpRequest, right: str, object_id: Any, states: set[str]) -> bool:
        if not request.user.has_perm(f"fraud.{right}"):
            return False
        model = selectors.described().filter(pk=object_id).first()
        return model is not None and selectors.state_of(model) in states

    @action(description="Try in the shadow", icon="visibility", permissions=["try_in_shadow"])
    def try_in_shadow(self, request: HttpRequest, object_id: str) -> HttpResponse:
        model = self._model(request, object_id)
        facts = [
            ("Model", model.public_id),
            ("Afterwards", "It says beside each decision what it would have said. Nothing else."),
        ]

        def deed(**given: Any) -> None:
            services.start_shadow(model=model, **given)

        return self.asked(request, model, "Try in the shadow", deed, facts=facts)

    @action(
        description="Propose to put in force", icon="rule", variant=ActionVariant.PRIMARY,
        permissions=["propose"],
    )  # fmt: skip
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        model = self._model(request, object_id)
        facts = [
            ("Model", model.public_id),
            (
                "First",
                "It is compared with what is in force on payments new to both.",
            ),
            ("Then", "A colleague decides."),
        ]

        def deed(**given: Any) -> None:
            services.propose_promotion(model=model, **given)

        return self.asked(request, model, "Propose to put in force", deed, facts=facts)

    @action(
        description="Roll back", icon="undo", variant=ActionVariant.DANGER,
        permissions=["roll_back"],
    )  # fmt: skip
    def roll_back(self, request: HttpRequest) -> HttpResponse:
        now = selectors.champion()
        back = selectors.before(now) if now else ""
        facts = [
            ("In force now", now.public_id if now else "no model"),
            ("Afterwards", back or "no model: the rules alone decide"),
        ]
        return self.asked(request, None, "Roll back", services.roll_back, facts=facts, calm=False)

    def _model(self, request: HttpRequest, object_id: str) -> ModelVersion:
        model: ModelVersion = self.get_queryset(request).get(pk=object_id)
        return model


# --- proposals ----------------------------------------------------------------------------------


class ProposedAdmin(LearningAdmin):
    """What one officer proposed: another decides, and it is withdrawn by who made it."""

    list_filter = ("status", ("proposed_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("proposed_by", "decided_by")
    ordering = ("-proposed_at", "-id")
    actions_detail = ("approve", "reject", "withdraw")

    def decided(self, verb: str, row: Any, **given: Any) -> None:
        """Have the service approve, reject or withdraw it."""
        raise NotImplementedError

    def facts_of(self, row: Any) -> list[tuple[str, str]]:
        """What who decides looks at."""
        raise NotImplementedError

    @display(
        description="state",
        label={"Waiting": "warning", "Approved": "success", "Rejected": "danger"},
    )
    def state(self, row: Proposed) -> str:
        ran_out = row.status == "open" and not row.is_open(timezone.now())
        return "Ran out" if ran_out else row.get_status_display()

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = request.user.has_perm("fraud.decide_model")
        return may and self._waits(object_id).exclude(proposed_by=request.user).exists()

    has_reject_permission = has_approve_permission

    def has_withdraw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = request.user.has_perm("fraud.propose_model")
        return may and self._waits(object_id).filter(proposed_by=request.user).exists()

    def _waits(self, object_id: Any) -> "QuerySet[Any]":
        return selectors.waiting(self.model).filter(pk=object_id)

    @action(
        description="Put in force", icon="check", variant=ActionVariant.PRIMARY,
        permissions=["approve"],
    )  # fmt: skip
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(request, object_id, "Put in force", "approve", kind=AgreeForm)

    @action(
        description="Reject", icon="block", variant=ActionVariant.DANGER, permissions=["reject"]
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(request, object_id, "Reject", "reject", calm=False)

    @action(description="Withdraw", icon="undo", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(request, object_id, "Withdraw", "withdraw", calm=False)

    def _asked(
        self, request: HttpRequest, object_id: str, said: str, verb: str, **more: Any
    ) -> HttpResponse:
        row = self.get_queryset(request).get(pk=object_id)

        def decide(**given: Any) -> None:
            self.decided(verb, row, **given)

        facts = [("Why", row.reason), *self.facts_of(row)]
        return self.asked(request, row, said, decide, facts=facts, **more)


@admin.register(Promotion)
class PromotionAdmin(ProposedAdmin):
    nothing_yet = "A model is proposed from its own page, once it has proven itself in the shadow."
    list_display = ("public_id", "state", "named", "reason", "proposed_by", "proposed_at")
    search_help_text = "Public id (prm_…)"
    fields = readonly_fields = (
        "public_id", "state", "named", "compared", "reason", "proposed_by", "proposed_at",
        "expires_at", "decided_by", "decided_at", "decision_reason",
    )  # fmt: skip

    def decided(self, verb: str, row: Any, **given: Any) -> None:
        verbs: dict[str, Callable[..., Any]] = {
            "approve": services.approve_promotion,
            "reject": services.reject_promotion,
            "withdraw": services.withdraw_promotion,
        }
        verbs[verb](promotion=row, **given)

    @display(description="model")
    def named(self, promotion: Promotion) -> str:
        return _link(selectors.described().get(pk=promotion.model_id))

    @display(description="on later payments")
    def compared(self, promotion: Promotion) -> str:
        return figures(("", ""), self.facts_of(promotion))

    def facts_of(self, row: Promotion) -> list[tuple[str, str]]:
        found = row.figures
        return [
            ("Payments with a known outcome", f"{found['payments']:,}"),
            ("Frauds among them, as far as believed", f"{found['frauds']:,}"),
            ("Compared with", found["against"] or "the rules alone"),
            ("Average precision", f"{found['candidate']:.3f}, against {found['champion']:.3f}"),
            ("What it truly adds", f"{found['low']:+.3f} to {found['high']:+.3f}"),
            ("Shifted most", f"{found['shifted']}, {found['shift']:.3f}"),
        ]


# --- drift --------------------------------------------------------------------------------------


@admin.register(DriftCheck)
class DriftCheckAdmin(LearningAdmin):
    nothing_yet = "While a model is in force, payments are compared with those it has learned from."
    list_display = ("public_id", "state", "worst", "shift", "payments", "at", "seen_by")
    list_filter = ("alarmed", ("at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("seen_by",)
    ordering = ("-at", "-id")
    actions_detail = ("acknowledge",)
    search_help_text = "Public id (drf_…)"
    fields = readonly_fields = (
        "public_id", "state", "named", "payments", "all_shifts", "at", "seen_by", "seen_at",
    )  # fmt: skip

    @display(description="state", label={"Alarm": "danger", "Seen": "info"})
    def state(self, check: DriftCheck) -> str:
        if not check.alarmed:
            return "As usual"
        return "Seen" if check.seen_at else "Alarm"

    @display(description="stability index", ordering="worst_shift")
    def shift(self, check: DriftCheck) -> str:
        return f"{check.worst_shift:.3f}"

    @display(description="model")
    def named(self, check: DriftCheck) -> str:
        return _link(selectors.described().get(pk=check.model_id))

    @display(description="stability index of each")
    def all_shifts(self, check: DriftCheck) -> str:
        found = sorted(check.shifts.items(), key=lambda pair: -pair[1])
        return figures(("", ""), [(name, f"{shift:.3f}") for name, shift in found])

    def has_acknowledge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = request.user.has_perm("fraud.acknowledge_driftcheck")
        return may and selectors.open_drift_alarms().filter(pk=object_id).exists()

    @action(description="Acknowledge", icon="task_alt", permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        check = self.get_queryset(request).get(pk=object_id)

        def deed(*, by: Any, reason: str) -> None:
            services.acknowledge_drift(check=check, by=by, note=reason)

        facts = [("Shifted most", f"{check.worst}, {check.worst_shift:.3f}")]
        return self.asked(request, check, "Acknowledge", deed, kind=AgreeForm, facts=facts)


# --- what they share ----------------------------------------------------------------------------


def _link(model: ModelVersion) -> str:
    page = reverse("admin:fraud_modelversion_change", args=[model.pk])
    return format_html('<a class="console-link" href="{}">{}</a>', page, model.public_id)


def figures(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """What each row is about stands first, and figures after it."""
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        ((name, _cells('<td class="num">{}</td>', figures)) for name, *figures in rows),
    )
    names = _cells('<th class="num" scope="col">{}</th>', head[1:])
    shown = format_html("<thead><tr><td></td>{}</tr></thead>", names) if any(head) else ""
    return format_html(
        '<table class="console-table is-short">{}<tbody>{}</tbody></table>', shown, body
    )


def _cells(cell: str, texts: Iterable[str]) -> str:
    return format_html_join("", cell, ((text,) for text in texts))
