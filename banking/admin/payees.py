"""The customers' address books: to be read."""

from django.contrib import admin
from unfold.decorators import display

from banking.deeds import account_link
from banking.models import Payee
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews


@admin.register(Payee)
class PayeeAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("customer", "name", "pays", "check_result", "created_at")
    list_filter = ("check_result", ("created_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("customer", "account")
    search_fields = ("customer__email", "customer__name", "name")
    ordering = ("-id",)
    owner_field = "customer"
    fields = readonly_fields = (
        "public_id", "customer", "name", "nickname", "pays", "check_result", "checked_at",
        "created_at",
    )  # fmt: skip

    @display(description="account")
    def pays(self, payee: Payee) -> str:
        return account_link(payee.account)
