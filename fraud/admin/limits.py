"""The customers' own limits, every version of them: to be read."""

from django.contrib import admin
from django.db.models import Q
from unfold.decorators import display

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.models import User
from fraud.admin.base import FraudAdmin, id_in, pretty
from fraud.models import PolicyVersion


@admin.register(PolicyVersion)
class PolicyVersionAdmin(FraudAdmin):
    list_display = ("customer", "version", "limited", "waits", "stepped_up", "at")
    list_filter = (("at", MomentRangeFilter), "stepped_up")
    list_select_related = ("customer",)
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    fields = readonly_fields = (
        "customer", "version", "at", "by", "stepped_up", "written_down", "earlier_ones",
    )  # fmt: skip

    def _matching(self, text: str) -> Q:
        customer = id_in(User.prefix, text)
        return Q(customer=customer) if customer else Q(customer__email=text.lower())

    @display(description="limits")
    def limited(self, version: PolicyVersion) -> str:
        return str(version)

    @display(description="a looser one waited", boolean=True)
    def waits(self, version: PolicyVersion) -> bool:
        return bool(version.written.pending(version.at))

    @display(description="as the customer wrote them")
    def written_down(self, version: PolicyVersion) -> str:
        return pretty(version.asked)

    @display(description="earlier ones that held on")
    def earlier_ones(self, version: PolicyVersion) -> str:
        return pretty({one["until"]: one["policies"] for one in version.earlier})
