"""Plans of payments: to be read."""

from django.contrib import admin
from django.utils.html import format_html_join
from unfold.decorators import display

from banking.deeds import account_link
from banking.models import Schedule
from banking.schedules.words import in_words, reason_of
from fintrust.core.admin_base import ReadOnlyAdmin, RecordsViews

DATES_SHOWN_MAX = 20


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
