"""A case with its whole story, and every deed as a dialog."""

from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from fintrust.core.errors import NotFound, Problem
from fintrust.core.models import User
from fraud.admin.cases.dialogs import (
    ApproveForm,
    CaseForm,
    CloseForm,
    FileForm,
    HandOverForm,
    LinkForm,
    OptionalWordsForm,
    ReportForm,
    WordsForm,
    dialog,
    done,
    payments_of,
)
from fraud.admin.cases.queue import QueueAdmin
from fraud.admin.cases.rights import CaseRights
from fraud.cases import reports, selectors, services
from fraud.models import Case, CaseEntry, EvidenceFile
from fraud.policy import CASES

_TAKE = dialog("Work on this case", "It is yours until you close it, hand it over or put it back.",
               CaseForm, "Take it")  # fmt: skip
_HAND = dialog("Hand it over", "A colleague goes on with it.", HandOverForm, "Hand over")
_BACK = dialog("Put it back", "Everybody sees it as unassigned again.", OptionalWordsForm,
               "Put back")  # fmt: skip
_NOTE = dialog("Write a note", "It stays in the history of the case, with your name.", WordsForm,
               "Keep it")  # fmt: skip
_LINK = dialog("Link a payment", "Any payment that says something about this one.", LinkForm,
               "Link it")  # fmt: skip
_RAISE = dialog("Escalate", "A senior officer goes on with it. You cannot take it back.",
                WordsForm, "Escalate")  # fmt: skip
_CLOSE = dialog("Decide what it was", "What you say is what the bank learns of these payments.",
                CloseForm, "Decide")  # fmt: skip
_AGREE = dialog("Close it as proposed", "You are the second person who answers for this.",
                ApproveForm, "Agree and close")  # fmt: skip
_AGAIN = dialog("Return the proposal", "The case stays open; say what is missing.", WordsForm,
                "Return it")  # fmt: skip
_OPEN = dialog("Reopen this case", "What was learned stands until it is closed again.", WordsForm,
               "Reopen")  # fmt: skip
_REPORT = dialog("Draft a report", "Who, what, when and how much are added from the case. A "
                 "colleague signs it. The customer must not learn of it.", ReportForm,
                 "Draft it")  # fmt: skip


@admin.register(Case)
class CaseAdmin(CaseRights, QueueAdmin):
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


_OF_REPORTS = (CaseEntry.Kind.DRAFTED, CaseEntry.Kind.SIGNED)


def _story(request: HttpRequest, case: Case | None) -> dict[str, Any]:
    """What the page shows below the fields. Who may not read reports does not learn of one."""
    if case is None:
        return {}
    entries = selectors.entries_of(case)
    may_read = request.user.has_perm("fraud.view_suspicionreport")
    return {
        "payments": payments_of(case),
        "may_list": request.user.has_perm("fraud.write_listentry"),
        "entries": entries if may_read else entries.exclude(kind__in=_OF_REPORTS),
        "reports": case.reports.order_by("-id") if may_read else [],
    }
