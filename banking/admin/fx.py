"""What one currency is worth in another, as it was set."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.enums import ActionVariant

from banking.admin.base import set_anew
from banking.admin.forms import RateForm
from banking.fx.services import set_rate
from banking.models import FxRate
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin


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
        return set_anew(self, request, "Set a rate", RateForm(request.POST or None), set_rate)
