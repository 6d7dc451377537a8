"""What streams brought and could not be taken; and who reads them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import Problem
from fintrust.core.models import User
from fraud.admin.base import id_in
from fraud.models import DeadLetter, StreamReader
from fraud.selectors import decision_for
from fraud.stream import selectors, services
from fraud.stream.policy import STREAM
from fraud.stream.showing import shown

REPLAYED_AT_ONCE_MAX = 500
DISCARDED_AT_ONCE_MAX = 100  # as many as somebody can have looked at; what is left out stays out
_STATES = {"Waiting": "warning", "Replayed": "success"}


class CorrectForm(forms.Form):
    corrected = forms.CharField(
        label="Corrected copy",
        max_length=STREAM.event_bytes_max,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false"}),
        help_text="One event of version 1 in JSON. What came is kept beside it; both are in the "
        "audit log with your name.",
    )


class DiscardForm(forms.Form):
    note = forms.CharField(
        label="Reason",
        min_length=services.NOTE_MIN,
        max_length=services.NOTE_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Why this payment may be left out for good.",
    )


class DiscardManyForm(DiscardForm):
    """The letters that were shown, whatever has come since."""

    action = forms.CharField(widget=forms.HiddenInput, initial="discard_chosen")

    def __init__(self, *args: Any, chosen: Sequence[UUID], **options: Any) -> None:
        super().__init__(*args, **options)
        why = "Why these payments may be left out for good. It is kept with each."
        self.fields["note"].help_text = why
        self.fields[ACTION_CHECKBOX_NAME] = forms.TypedMultipleChoiceField(
            choices=[(pk, pk) for pk in chosen],
            initial=chosen,
            widget=forms.MultipleHiddenInput,
        )


@admin.register(DeadLetter)
class DeadLetterAdmin(RecordsViews, ReadOnlyAdmin):
    nothing_yet = "Every payment that came from elsewhere was understood."
    list_display = ("reason_badge", "told", "state", "name", "attempts", "at")
    list_filter = (
        ("at", MomentRangeFilter), "status", "reason", "source", "topic",
    )  # fmt: skip
    list_filter_submit = True
    search_fields = ("pk",)  # shows the field; what it finds is `get_search_results`
    search_help_text = "A public id (dlt_…), a customer's (usr_…) or other key, or the sender's id"
    list_before_template = "admin/fraud/_stream.html"
    date_hierarchy = "at"
    ordering = ("-id",)
    actions = ("replay_chosen", "discard_chosen")  # type: ignore[assignment]  # the base class has none
    actions_detail = ("replay", "correct", "discard")
    fields = readonly_fields = (
        "public_id", "reason_badge", "error", "state", "attempts", "at", "origin", "key", "name",
        "came", "headers_shown", "copy", "corrected_by", "settled_at", "settled_by", "note",
        "judged",
    )  # fmt: skip

    # --- the list -----------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"stream": selectors.figures(), **(extra_context or {})}
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        return super().get_queryset(request).select_related("corrected_by", "settled_by", "event")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[DeadLetter], search_term: str
    ) -> tuple[QuerySet[DeadLetter], bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        letter = id_in(DeadLetter.prefix, text)
        found = Q(pk=letter) if letter else Q(key=text) | Q(name=text)
        return queryset.filter(found), False

    @display(description="reason", ordering="reason", label={"Waits behind another": "info"})
    def reason_badge(self, letter: DeadLetter) -> str:
        return letter.get_reason_display()

    @display(description="state", ordering="status", label=_STATES)
    def state(self, letter: DeadLetter) -> str:
        return letter.get_status_display()

    @display(description="what is wrong")
    def told(self, letter: DeadLetter) -> str:
        return shown(letter.error.encode(), 120)

    @display(description="origin")
    def origin(self, letter: DeadLetter) -> str:
        place = f"partition {letter.partition}, {letter.position}"
        return f"{letter.get_source_display()}, {letter.topic}, {place}"

    # --- one letter ---------------------------------------------------------------------------

    def owner_of(self, obj: DeadLetter) -> User | None:
        """The customer whose payment it is, where it says so."""
        customer = id_in(User.prefix, obj.key)
        return User.objects.filter(pk=customer).first() if customer else None

    @display(description="what came")
    def came(self, letter: DeadLetter) -> str:
        raw = bytes(letter.payload)
        cut = " (the rest was not kept)" if letter.cut else ""
        return format_html("{} bytes{}<pre>{}</pre>", f"{letter.size:,}", cut, shown(raw))

    @display(description="headers")
    def headers_shown(self, letter: DeadLetter) -> str:
        lines = (
            f"{shown(name.encode())}: {shown(bytes.fromhex(value))}"
            for name, value in letter.headers
        )
        return format_html("<pre>{}</pre>", "\n".join(lines)) if letter.headers else "-"

    @display(description="corrected copy")
    def copy(self, letter: DeadLetter) -> str:
        if letter.corrected is None:
            return "-"
        return format_html("<pre>{}</pre>", shown(bytes(letter.corrected)))

    @display(description="decision")
    def judged(self, letter: DeadLetter) -> str:
        decision = letter.event and decision_for(letter.event.public_id)
        if not decision:
            return "-"
        page = reverse("admin:fraud_decision_change", args=[decision.pk])
        return format_html('<a href="{}">{}</a>', page, decision)

    # --- deeds --------------------------------------------------------------------------------

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("fraud.replay_deadletter"):
            return False
        return object_id is None or DeadLetter.objects.waiting().filter(pk=object_id).exists()

    @action(
        description="Replay",
        icon="replay",
        variant=ActionVariant.PRIMARY,
        permissions=["replay"],
    )
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        letter = get_object_or_404(DeadLetter, pk=object_id)
        form = forms.Form(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                done = services.replay(letter=letter, by=cast(User, request.user))
            except Problem as problem:
                form.add_error(None, problem.message)
            else:
                self._say(request, done)
                return self._back(letter)
        return self._ask(request, letter, "Replay", form)

    def _say(self, request: HttpRequest, letter: DeadLetter) -> None:
        if letter.status == DeadLetter.Status.REPLAYED:
            messages.success(request, "It was judged, and what waited behind it follows.")
        else:
            messages.error(request, f"It failed again: {shown(letter.error.encode(), 300)}")

    @action(description="Correct", icon="edit", permissions=["replay"])
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        letter = get_object_or_404(DeadLetter, pk=object_id)
        form = CorrectForm(request.POST or None, initial={"corrected": _editable(letter.value)})
        if form.is_valid():
            corrected = form.cleaned_data["corrected"].encode("utf-8", "surrogatepass")
            try:
                services.correct(letter=letter, corrected=corrected, by=cast(User, request.user))
            except Problem as problem:
                form.add_error(problem.field, problem.message)
            else:
                messages.success(request, "The copy is kept beside the original. Replay it now.")
                return self._back(letter)
        return self._ask(request, letter, "Correct", form)

    @action(
        description="Discard", icon="delete", variant=ActionVariant.DANGER, permissions=["replay"]
    )
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        letter = get_object_or_404(DeadLetter, pk=object_id)
        form = DiscardForm(request.POST or None)
        if form.is_valid():
            try:
                services.discard(
                    letter=letter, by=cast(User, request.user), note=form.cleaned_data["note"]
                )
            except Problem as problem:
                form.add_error(problem.field, problem.message)
            else:
                messages.success(request, "It is left out, and what waited behind it follows.")
                return self._back(letter)
        return self._ask(request, letter, "Discard", form, calm=False)

    @admin.action(description="Replay the chosen letters", permissions=["replay"])
    def replay_chosen(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        chosen = queryset.filter(status=DeadLetter.Status.WAITING).order_by("id")
        first = chosen.values_list("pk", flat=True)[:REPLAYED_AT_ONCE_MAX]
        letters = DeadLetter.objects.filter(pk__in=list(first))
        replayed, waiting = services.replay_many(letters, by=cast(User, request.user))
        messages.success(request, f"{replayed} replayed, {waiting} still waiting.")

    @admin.action(description="Discard the chosen letters", permissions=["replay"])
    def discard_chosen(
        self, request: HttpRequest, queryset: QuerySet[DeadLetter]
    ) -> HttpResponse | None:
        waiting = queryset.filter(status=DeadLetter.Status.WAITING).order_by("id")
        letters = list(waiting[: DISCARDED_AT_ONCE_MAX + 1])
        if not letters:
            messages.warning(request, "None of these waits any more.")
            return None
        if len(letters) > DISCARDED_AT_ONCE_MAX:
            text = f"At most {DISCARDED_AT_ONCE_MAX} letters are discarded at once. Choose fewer."
            messages.error(request, text)
            return None
        chosen = [letter.pk for letter in letters]
        form = DiscardManyForm(request.POST if "note" in request.POST else None, chosen=chosen)
        if not form.is_valid():
            return self._ask_about_many(request, letters, form)
        discarded = services.discard_many(
            DeadLetter.objects.filter(pk__in=chosen),
            by=cast(User, request.user),
            note=form.cleaned_data["note"],
        )
        messages.success(request, f"{discarded} left out. What waited behind them follows.")
        return None

    def _ask_about_many(
        self, request: HttpRequest, letters: Sequence[DeadLetter], form: forms.Form
    ) -> HttpResponse:
        reasons = Counter(letter.get_reason_display() for letter in letters)
        origins = Counter(f"{one.get_source_display()}, {one.topic}" for one in letters)
        facts: Sequence[tuple[str, Any]] = [
            ("Letters", len(letters)),
            *((reason, many) for reason, many in reasons.most_common()),
            *((origin, many) for origin, many in origins.most_common()),
            ("First came", timezone.localtime(letters[0].at).strftime("%-d %b %Y, %H:%M:%S")),
            ("Last came", timezone.localtime(letters[-1].at).strftime("%-d %b %Y, %H:%M:%S")),
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Discard {len(letters)}?",
            "opts": self.opts,
            "form": form,
            "facts": facts,
            "verb": f"Discard {len(letters)}",
            "calm": False,
            "back": request.get_full_path(),
        }
        status = 422 if form.errors else 200
        return render(request, "admin/banking/deed.html", context, status=status)

    def _back(self, letter: DeadLetter) -> HttpResponse:
        return redirect("admin:fraud_deadletter_change", letter.pk)

    def _ask(
        self,
        request: HttpRequest,
        letter: DeadLetter,
        verb: str,
        form: forms.Form,
        *,
        calm: bool = True,
    ) -> HttpResponse:
        facts: Sequence[tuple[str, Any]] = [
            ("What is wrong", letter.get_reason_display()),
            ("It said", shown(letter.error.encode(), 300)),
            ("Origin", self.origin(letter)),
            ("Came", timezone.localtime(letter.at).strftime("%-d %b %Y, %H:%M:%S")),
            ("Attempts", letter.attempts),
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb}?",
            "opts": self.opts,
            "original": letter,
            "form": form,
            "facts": facts,
            "verb": verb,
            "calm": calm,
            "back": reverse("admin:fraud_deadletter_change", args=[letter.pk]),
        }
        status = 422 if form.errors else 200
        return render(request, "admin/banking/deed.html", context, status=status)


def _editable(raw: bytes) -> str:
    """What somebody could put right by hand; of anything else a copy is written from nothing."""
    try:
        return raw[: STREAM.event_bytes_max].decode("utf-8")
    except UnicodeDecodeError:
        return ""


@admin.register(StreamReader)
class StreamReaderAdmin(ReadOnlyAdmin):
    nothing_yet = "No reader runs. `manage.py stream` starts one."
    list_display = (
        "name", "alive", "source", "per_second", "waiting", "taken", "doubled", "buried",
    )  # fmt: skip
    list_filter = ("source", "topic")
    ordering = ("-seen_at",)
    list_before_template = "admin/fraud/_stream.html"
    fields = readonly_fields = (
        "name", "alive", "source", "topic", "per_second", "waiting", "taken", "doubled", "buried",
        "started_at", "seen_at",
    )  # fmt: skip

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"stream": selectors.figures(), **(extra_context or {})}
        )

    @display(description="state", label={"Reads": "success", "Silent": "warning"})
    def alive(self, reader: StreamReader) -> str:
        age = timezone.now() - reader.seen_at
        return "Reads" if age.total_seconds() < STREAM.silent_seconds else "Silent"

    @display(description="events a second", ordering="rate")
    def per_second(self, reader: StreamReader) -> str:
        return f"{reader.rate:,.0f}"
