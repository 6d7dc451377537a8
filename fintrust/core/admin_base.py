"""The console's reading room: rows are looked at, and changed only through services."""

from typing import Any, Protocol, cast

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """List, search and read. No adding, changing or deleting, for nobody."""

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
