"""Cases: a queue in the order of work, a case with its whole story, and every deed as a dialog."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timesince import timesince, timeuntil
from django_htmx.http import HttpResponseClientRedirect
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin
from fintrust.core.errors import NotFound, Problem
from fintrust.core.models import User
from fraud.admin.alerts import SEVERITIES
from fraud.admin.base import FraudAdmin, id_in
from fraud.cases import reports, selectors, services
from fraud.hits import say
from fraud.models import Case, CaseEntry, Decision, EvidenceFile, SuspicionReport
from fraud.policy import CASES
from fraud.selectors import decision_for

_LINE = 90  # letters of a case's first alert
STATES = {"Open": "info", "Waits for a colleague": "warning", "Late": "danger"}
OUTCOMES = {"Fraud": "danger", "Not fraud": "success", "Inconclusive": "info"}


# --- what is asked before a deed ------------------------------------------------------------


def _words(label: str, *, required: bool = True, rows: int = 3, longest: int = 0) -> Any:
    return forms.CharField(
        label=label,
        required=required,
        min_length=CASES.text_min,
        max_length=longest or CASES.text_max,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}),
    )


class CaseForm(BaseDialogForm):
    """A dialog about one case."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.case = Case.objects.filter(pk=self.object_id).first()

    def named(self) -> dict[str, Any]:
        """What the deed is called with."""
        kept = dict(self.cleaned_data)
        kept.pop("_form_submitted")
        return kept


class WordsForm(CaseForm):
    text = _words("Why")


class OptionalWordsForm(CaseForm):
    text = _words("Note", required=False)


class HandOverForm(CaseForm):
    to = forms.ModelChoiceField(
        label="To", queryset=User.objects.none(), widget=UnfoldAdminSelectWidget
    )
    text = _words("Note", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.case:
            cast(Any, self.fields["to"]).queryset = selectors.colleagues_for(self.case)


class SeenForm(CaseForm):
    """Shows which payments the outcome is about, and remembers that these were shown."""

    form_before_template = "admin/fraud/_payments_decided.html"
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.case:
            self.fields["seen"].initial = selectors.newest_entry(self.case)

    def get_before_template_context(self, request: Any, object_id: Any = None) -> dict[str, Any]:
        return {"payments": payments_of(self.case) if self.case else [], "case": self.case}


class CloseForm(SeenForm):
    outcome = forms.ChoiceField(
        choices=[("", "What was it?"), *Case.Outcome.choices], widget=UnfoldAdminSelectWidget
    )
    text = _words("Why")
    field_order = ("outcome", "text")


class ApproveForm(SeenForm):
    text = _words("Note", required=False)


class LinkForm(CaseForm):
    decision = forms.CharField(
        label="Payment",
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="dec_… or trf_…",
    )
    suspected = forms.BooleanField(
        label="It is suspected, too: the outcome is about it as well",
        required=False,
        widget=UnfoldBooleanWidget,
    )
    text = _words("What it shows", required=False)

    def clean_decision(self) -> Decision:
        text = self.cleaned_data["decision"].strip()
        found = decision_for(text)
        if key := id_in(Decision.prefix, text):
            found = Decision.objects.filter(pk=key).first()
        if found is None:
            raise forms.ValidationError("There is no payment under this id.")
        return found


class ReportForm(CaseForm):
    narrative = _words(
        "Your account: who did what, how, and why it is suspicious",
        rows=12,
        longest=CASES.report_text_max,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        newest = self.case and self.case.reports.order_by("-id").first()
        if newest:
            self.fields["narrative"].initial = newest.content["narrative"]


class FileForm(forms.Form):
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"PDF, PNG, JPEG or plain text, at most {CASES.file_bytes_max:,} bytes.",
    )
    text = _words("What it shows", required=False)


def _dialog(title: str, text: str, form: type[CaseForm], submit: str) -> dict[str, Any]:
    return {
        "title": title,
        "description": text,
        "form_class": form,
        "form_submit_text": submit,
    }


def done(
    room: ReadOnlyAdmin,
    request: HttpRequest,
    form: CaseForm,
    dialog: dict[str, Any],
    deed: Callable[..., Any],
    said: str,
    **named: Any,
) -> HttpResponse:
    """Carry it out and leave the dialog; what is wrong with a field is said beside it."""
    row = room.get_object(request, cast(str, form.object_id))
    if row is None:
        raise NotFound()
    try:
        deed(**{room.opts.model_name.removeprefix("suspicion"): row}, by=request.user, **named)
        messages.success(request, said)
    except Problem as problem:
        if problem.field in form.fields:
            form.add_error(problem.field, problem.message)
            context = {
                "dialog": dialog,
                "form": form,
                "form_submit_text": dialog["form_submit_text"],
            }
            return render(request, "unfold/helpers/dialog.html", context)
        messages.error(request, problem.message)
    # The dialog posts by htmx, which has to be told to leave it.
    name = f"admin:fraud_{room.opts.model_name}_change"
    return HttpResponseClientRedirect(reverse(name, args=[form.object_id]))


# --- the queue ------------------------------------------------------------------------------


class QueueFilter(admin.SimpleListFilter):
    """Whose work it is. Without a choice: everything that is open."""

    title, parameter_name = "work", "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("mine", "Mine"),
            ("free", "Unassigned"),
            ("late", "Late"),
            ("escalated", "Escalated"),
            ("review", "Waits for a colleague"),
            ("closed", "Closed"),
            ("all", "All"),
        ]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Open"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        waiting = Q(status__in=[Case.Status.OPEN, Case.Status.REVIEW])
        chosen = {
            "mine": waiting & Q(assigned_to=cast(User, request.user)),
            "free": waiting & Q(assigned_to__isnull=True),
            "late": waiting & Q(due_at__lte=timezone.now()),
            "escalated": waiting & Q(escalated_at__isnull=False),
            "review": Q(status=Case.Status.REVIEW),
            "closed": Q(status=Case.Status.CLOSED),
            "all": Q(),
        }
        return queryset.filter(chosen.get(self.value() or "", waiting))


_TAKE = _dialog("Work on this case", "It is yours until you close it, hand it over or put it back.",
                CaseForm, "Take it")  # fmt: skip
_HAND = _dialog("Hand it over", "A colleague goes on with it.", HandOverForm, "Hand over")
_BACK = _dialog("Put it back", "Everybody sees it as unassigned again.", OptionalWordsForm,
                "Put back")  # fmt: skip
_NOTE = _dialog("Write a note", "It stays in the history of the case, with your name.", WordsForm,
                "Keep it")  # fmt: skip
_LINK = _dialog("Link a payment", "Any payment that says something about this one.", LinkForm,
                "Link it")  # fmt: skip
_RAISE = _dialog("Escalate", "A senior officer goes on with it. You cannot take it back.",
                 WordsForm, "Escalate")  # fmt: skip
_CLOSE = _dialog("Decide what it was", "What you say is what the bank learns of these payments.",
                 CloseForm, "Decide")  # fmt: skip
_AGREE = _dialog("Close it as proposed", "You are the second person who answers for this.",
                 ApproveForm, "Agree and close")  # fmt: skip
_AGAIN = _dialog("Return the proposal", "The case stays open; say what is missing.", WordsForm,
                 "Return it")  # fmt: skip
_OPEN = _dialog("Reopen this case", "What was learned stands until it is closed again.", WordsForm,
                "Reopen")  # fmt: skip
_REPORT = _dialog("Draft a report", "Who, what, when and how much are added from the case. A "
                  "colleague signs it. The customer must not learn of it.", ReportForm,
                  "Draft it")  # fmt: skip


@admin.register(Case)
class CaseAdmin(FraudAdmin):
    list_display = ("what", "severity_badge", "state", "loss", "person", "officer", "due")
    list_filter = (QueueFilter, "severity", "outcome", ("opened_at", MomentRangeFilter))
    list_select_related = ("customer", "assigned_to")
    search_help_text = "A public id (cas_…, alr_…, dec_…, usr_…) or the customer's e-mail address"
    by_customer, by_decision = "customer", "entries__decision"
    actions_detail: Any = (
        "take", "close", "approve", "return_proposal", "note", "evidence",
        {
            "title": "More",
            "items": ["link", "hand_over", "put_back", "escalate", "report", "reopen"],
        },
    )  # fmt: skip
    readonly_fields = (
        "state", "severity_badge", "customer", "loss", "opened_at", "due", "officer", "escalated",
        "outcome_badge", "reason", "closed",
    )  # fmt: skip
    change_form_after_template = "admin/fraud/_case.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        first = CaseEntry.objects.filter(case=OuterRef("pk"), kind=CaseEntry.Kind.ALERT)
        found = (
            super()
            .get_queryset(request)
            .annotate(first_text=Subquery(first.order_by("id").values("text")[:1]))
        )
        return selectors.in_order(cast(Any, found))  # the list keeps this order

    def get_fields(self, request: HttpRequest, obj: Case | None = None) -> Any:
        """What has not happened takes no room above what has."""
        hidden: set[str] = set()
        if obj and not obj.escalated_at:
            hidden.add("escalated")
        if obj and not obj.outcome:
            hidden |= {"outcome_badge", "reason"}
        if obj and obj.is_open:
            hidden.add("closed")
        return [name for name in self.readonly_fields if name not in hidden]

    def _matching(self, text: str) -> Q:
        if case := id_in(Case.prefix, text):
            return Q(pk=case)
        if alert := id_in("alr", text):
            return Q(entries__alert=alert)
        if decision := id_in(Decision.prefix, text):
            return Q(pk__in=CaseEntry.objects.filter(decision=decision).values("case"))
        customer = id_in(User.prefix, text)
        return Q(customer=customer) if customer else Q(customer__email=text.lower())

    def owner_of(self, obj: Any) -> None:
        """Recorded below, as a look at the customer: that there is a case is not theirs to know."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.file)
        return [path("files/<str:file_id>/", page, name="fraud_case_file"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        response = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **_story(request, case)}
        )
        if case is not None and request.method == "GET" and response.status_code == 200:
            cast(Any, self.admin_site).record_view(case.customer, owner=case.customer)
        return response

    def file(self, request: HttpRequest, file_id: str) -> HttpResponse:
        """A file of evidence, to be saved: a browser never opens it in the bank's own name."""
        if not self.has_view_permission(request):
            raise NotFound()
        found = EvidenceFile.objects.get_public(file_id)
        cast(Any, self.admin_site).record_view(found, owner=None)
        response = HttpResponse(bytes(found.content), content_type=found.kind)
        response["Content-Disposition"] = f'attachment; filename="{found.public_id}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    # --- columns -----------------------------------------------------------------------------

    @display(description="case", ordering="id")
    def what(self, case: Case) -> str:
        """Why it was opened, in as many words as a line of the queue has room for."""
        text = Truncator(case.first_text or "").chars(_LINE)
        return format_html(
            '{}<span class="console-note console-id">{}</span>', text, case.public_id
        )

    @display(description="customer", ordering="customer__name")
    def person(self, case: Case) -> str:
        return case.customer.name

    @display(description="severity", ordering="severity", label=SEVERITIES)
    def severity_badge(self, case: Case) -> str:
        return str(Case(severity=case.severity).get_severity_display())

    @display(description="state", ordering="status", label=STATES)
    def state(self, case: Case) -> str:
        return "Late" if case.is_late else str(case.get_status_display())

    @display(description="outcome", label=OUTCOMES)
    def outcome_badge(self, case: Case) -> str:
        return str(case.get_outcome_display()) if case.outcome else "-"

    @display(description="expected loss", ordering="loss_minor")
    def loss(self, case: Case) -> str:
        return f"about {say(case.loss_minor, 'EUR')}"

    @display(description="officer", ordering="assigned_to")
    def officer(self, case: Case) -> str:
        return case.assigned_to.name if case.assigned_to else "nobody"

    @display(description="due", ordering="due_at")
    def due(self, case: Case) -> str:
        if not case.is_open:
            return "-"
        if case.is_late:
            return f"{timesince(case.due_at, depth=1)} ago"
        return f"in {timeuntil(case.due_at, depth=1)}"

    @display(description="escalated")
    def escalated(self, case: Case) -> str:
        return _by(case.escalated_by, case.escalated_at)

    @display(description="closed")
    def closed(self, case: Case) -> str:
        text = _by(case.closed_by, case.closed_at)
        if case.proposed_by:
            text += f" (proposed by {case.proposed_by.name})"
        return text

    # --- who may do what now -----------------------------------------------------------------

    def _now(self, request: HttpRequest, key: Any, right: str = "work_case", **state: Any) -> bool:
        if not request.user.has_perm(f"fraud.{right}"):
            return False
        return Case.objects.filter(pk=key, **state).exclude(customer=request.user.pk).exists()

    def has_take_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(
            request, object_id, assigned_to__isnull=True, status__in=["open", "review"]
        )

    def has_hold_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        mine = {} if request.user.has_perm("fraud.lead_case") else {"assigned_to": request.user}
        return self._now(request, object_id, status__in=["open", "review"], **mine)

    def has_pass_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        taken = self._now(request, object_id, assigned_to__isnull=False)
        return taken and self.has_hold_permission(request, object_id)

    def has_escalate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        mine = {"assigned_to": request.user, "escalated_at__isnull": True}
        return self._now(request, object_id, status="open", **mine)

    def has_close_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, status="open", assigned_to=request.user)

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        waits = self._now(request, object_id, status="review")
        return waits and not self._now(request, object_id, proposed_by=request.user)

    def has_return_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, status="review")

    def has_reopen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, status="closed")

    def has_note_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return any(self._now(request, object_id, right) for right in ("note_case", "work_case"))

    def has_report_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._now(request, object_id, "draft_suspicionreport")

    # --- the deeds ---------------------------------------------------------------------------

    @action(description="Take it", icon="back_hand", permissions=["take"], dialog=_TAKE,
            variant=ActionVariant.PRIMARY)  # fmt: skip
    def take(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        return done(self, request, form, _TAKE, services.take_case, "The case is yours.")

    @action(description="Hand over", permissions=["pass_on"], dialog=_HAND)
    def hand_over(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "Your colleague has it now."
        return done(self, request, form, _HAND, services.hand_over, said, **form.named())

    @action(description="Put back", permissions=["pass_on"], dialog=_BACK)
    def put_back(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "Nobody has it now."
        return done(self, request, form, _BACK, services.release_case, said, **form.named())

    @action(description="Note", icon="edit_note", permissions=["note"], dialog=_NOTE)
    def note(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        return done(self, request, form, _NOTE, services.add_note, "Noted.", **form.named())

    @action(description="Link a payment", icon="add_link", permissions=["hold"], dialog=_LINK)
    def link(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "The payment is linked."
        return done(self, request, form, _LINK, services.link_decision, said, **form.named())

    @action(description="Escalate", permissions=["escalate"], dialog=_RAISE)
    def escalate(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "A senior officer goes on with it."
        return done(self, request, form, _RAISE, services.escalate_case, said, **form.named())

    @action(description="Decide", icon="task_alt", permissions=["close"], dialog=_CLOSE,
            variant=ActionVariant.PRIMARY)  # fmt: skip
    def close(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "Your word is kept."
        return done(self, request, form, _CLOSE, services.close_case, said, **form.named())

    @action(description="Agree and close", icon="done_all", permissions=["approve"], dialog=_AGREE,
            variant=ActionVariant.PRIMARY)  # fmt: skip
    def approve(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "The case is closed."
        return done(self, request, form, _AGREE, services.approve_case, said, **form.named())

    @action(description="Return", icon="undo", permissions=["return"], dialog=_AGAIN,
            url_path="return")  # fmt: skip
    def return_proposal(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "The case is open again."
        return done(self, request, form, _AGAIN, services.return_case, said, **form.named())

    @action(description="Reopen", permissions=["reopen"], dialog=_OPEN)
    def reopen(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "The case is open again."
        return done(self, request, form, _OPEN, services.reopen_case, said, **form.named())

    @action(description="Draft a report", permissions=["report"], dialog=_REPORT)
    def report(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        said = "Drafted. A colleague signs it."
        return done(self, request, form, _REPORT, reports.draft_report, said, **form.named())

    @action(description="Add a file", icon="attach_file", permissions=["hold"])
    def evidence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A page of its own: dialogs carry no files."""
        case = self.get_object(request, object_id)
        if case is None:
            raise NotFound()
        form = FileForm(request.POST or None, request.FILES or None)
        if form.is_valid() and self._keep(request, case, form):
            return redirect("admin:fraud_case_change", case.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Add a file",
            "opts": self.opts,
            "original": case,
            "form": form,
            "back": reverse("admin:fraud_case_change", args=[case.pk]),
        }
        return render(
            request, "admin/fraud/evidence.html", context, status=422 if form.is_bound else 200
        )

    def _keep(self, request: HttpRequest, case: Case, form: FileForm) -> bool:
        file = form.cleaned_data["file"]
        try:
            services.add_file(
                case=case,
                by=cast(User, request.user),
                name=file.name,
                content=file.read(CASES.file_bytes_max + 1),
                text=form.cleaned_data["text"],
            )
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
            return False
        messages.success(request, "The file is kept with the case.")
        return True


def _by(who: User | None, at: Any) -> str:
    return f"{timezone.localtime(at):%-d %b %Y, %H:%M} by {who.name}" if who and at else "-"


def payments_of(case: Case) -> list[dict[str, Any]]:
    """The suspected payments as a table shows them, each with what is known of it by now."""
    found = []
    for decision in selectors.suspected(case).prefetch_related("labels"):
        facts = decision.facts_then()
        found.append(
            {
                "decision": decision,
                "amount": say(facts.amount_minor, facts.currency),
                "other": facts.counterparty or "outside",
                "labels": decision.labels.all(),
            }
        )
    return found


_OF_REPORTS = (CaseEntry.Kind.DRAFTED, CaseEntry.Kind.SIGNED)


def _story(request: HttpRequest, case: Case | None) -> dict[str, Any]:
    """What the page shows below the fields. Who may not read reports does not learn of one."""
    if case is None:
        return {}
    entries = selectors.entries_of(case)
    may_read = request.user.has_perm("fraud.view_suspicionreport")
    return {
        "payments": payments_of(case),
        "entries": entries if may_read else entries.exclude(kind__in=_OF_REPORTS),
        "reports": case.reports.order_by("-id") if may_read else [],
    }


# --- reports --------------------------------------------------------------------------------

_SIGN = _dialog("Sign this report", "You answer for it beside its author, and nothing of it "
                "changes any more.", CaseForm, "Sign it")  # fmt: skip


@admin.register(SuspicionReport)
class SuspicionReportAdmin(FraudAdmin):
    list_display = ("name", "state", "about", "drafted_by", "drafted_at", "signed_by", "signed_at")
    list_filter = ("status", ("drafted_at", MomentRangeFilter))
    list_select_related = ("case__customer", "drafted_by", "signed_by")
    ordering = ("-id",)
    search_help_text = "A public id (sar_…, cas_…, usr_…) or the customer's e-mail address"
    actions_detail = ("sign", "as_json", "as_pdf", "as_goaml")
    fields = readonly_fields = (
        "name", "state", "about", "person", "totals", "narrative", "drafted_by", "drafted_at",
        "signed_by", "signed_at", "sha256",
    )  # fmt: skip

    def _matching(self, text: str) -> Q:
        for prefix, field in (("sar", "pk"), ("cas", "case"), ("usr", "case__customer")):
            if key := id_in(prefix, text):
                return Q(**{field: key})
        return Q(case__customer__email=text.lower())

    def owner_of(self, obj: Any) -> None:
        """No customer is told that somebody looked at a report about them."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        found = self.get_object(request, object_id)
        if found is not None and request.method == "GET" and response.status_code == 200:
            reports.look_at(report=found, by=cast(User, request.user))
        return response

    @display(description="report", ordering="id")
    def name(self, report: SuspicionReport) -> str:
        return report.public_id

    @display(description="state", label={"Draft": "warning", "Signed": "success"})
    def state(self, report: SuspicionReport) -> str:
        return str(report.get_status_display())

    @display(description="case")
    def about(self, report: SuspicionReport) -> str:
        page = reverse("admin:fraud_case_change", args=[report.case_id])
        return format_html('<a href="{}">{}</a>', page, report.case)

    @display(description="customer")
    def person(self, report: SuspicionReport) -> str:
        return str(report.content["customer"]["name"])

    @display(description="in all")
    def totals(self, report: SuspicionReport) -> str:
        return ", ".join(f"{total} {name}" for name, total in report.content["totals"].items())

    @display(description="narrative")
    def narrative(self, report: SuspicionReport) -> str:
        return format_html('<p class="console-prose">{}</p>', report.content["narrative"])

    def has_sign_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        waits = SuspicionReport.objects.filter(pk=object_id, status="draft")
        mine = waits.exclude(drafted_by=request.user.pk).exclude(case__customer=request.user.pk)
        return request.user.has_perm("fraud.sign_suspicionreport") and mine.exists()

    def has_goaml_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """What goes to the authority is signed."""
        signed = SuspicionReport.objects.filter(pk=object_id, status="signed").exists()
        return signed and self.has_view_permission(request)

    @action(description="Sign", icon="draw", permissions=["sign"], dialog=_SIGN,
            variant=ActionVariant.PRIMARY)  # fmt: skip
    def sign(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        return done(self, request, form, _SIGN, reports.sign_report, "The report is signed.")

    @action(description="JSON", icon="data_object", permissions=["view"], url_path="report.json")
    def as_json(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._file(request, object_id, "json")

    @action(description="PDF", icon="picture_as_pdf", permissions=["view"], url_path="report.pdf")
    def as_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._file(request, object_id, "pdf")

    @action(description="goAML", icon="send", permissions=["goaml"], url_path="report.xml")
    def as_goaml(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._file(request, object_id, "xml")

    def _file(self, request: HttpRequest, object_id: str, form: str) -> HttpResponse:
        report = self.get_object(request, object_id)
        if report is None:
            raise NotFound()
        written = reports.written(report=report, form=form, by=cast(User, request.user))
        response = HttpResponse(written.content, content_type=written.kind)
        response["Content-Disposition"] = f'attachment; filename="{written.name}"'
        return response
