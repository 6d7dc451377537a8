"""The console's reading room: rows are looked at, and changed only through services."""

from datetime import datetime
from typing import Any, Protocol, cast

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import get_format
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter


class ReadOnlyAdmin(ModelAdmin):
    """List, search and read. No adding, changing or deleting, for nobody."""

    nothing_yet = "It fills by itself, as soon as there is something to show."  # an empty list
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RemembersViews(Protocol):
    """What the console's site offers: it knows the audit log, which is no business of `core`."""

    def record_view(self, obj: Any, *, owner: Any) -> None: ...


class RecordsViews(ModelAdmin):
    """Looking at a customer's detail leaves an audit record with the customer as its owner.

    Name the way to the customer from a row, as Django spells it: `owner_field = "account__owner"`.
    Rows without a customer (the bank's own accounts) are not recorded.
    """

    owner_field = ""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        # Only what was really shown; a refusal or a missing row shows nothing.
        if request.method == "GET" and response.status_code == 200:
            shown = self.get_object(request, object_id)
            owner = self.owner_of(shown)
            if owner is not None:
                site = cast(RemembersViews, self.admin_site)
                site.record_view(shown, owner=owner)
        return response

    def owner_of(self, obj: Any) -> Any:
        """The customer whose data this row is, or None."""
        if not self.owner_field:
            raise ImproperlyConfigured(f"{type(self).__name__} names no owner_field")
        for step in self.owner_field.split("__"):
            obj = getattr(obj, step, None)
        return obj


class MomentRangeFilter(RangeDateTimeFilter):
    """From and to, on the officer's own clock and in their way of writing a date.

    Unfold's own reads 5/11/2026 as in America and takes the time for the server's. A day without
    a time counts from its first moment to its last.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        bounds = {
            f"{self.parameter_name}__gte": self._moment("from", "00:00"),
            f"{self.parameter_name}__lte": self._moment("to", "23:59:59.999999"),
        }
        return queryset.filter(**{name: value for name, value in bounds.items() if value})

    def _moment(self, side: str, otherwise: str) -> datetime | None:
        day = self.used_parameters.get(f"{self.parameter_name}_{side}_0")
        clock = self.used_parameters.get(f"{self.parameter_name}_{side}_1") or otherwise
        return _moment(f"{day} {clock}") if day else None


def _moment(text: str) -> datetime | None:
    for form in get_format("DATETIME_INPUT_FORMATS"):
        try:
            return timezone.make_aware(datetime.strptime(text, form))  # noqa: DTZ007 - made aware here
        except ValueError:  # another way of writing it, or no moment at all
            continue
    return None
