"""What customers have chosen about learning: to be read."""

from django.contrib import admin
from django.db.models import Q

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.models import User
from fraud.admin.base import FraudAdmin, id_in
from fraud.models import LearningChoice


@admin.register(LearningChoice)
class LearningChoiceAdmin(FraudAdmin):
    list_display = ("customer", "learns", "since", "effective_at", "at")
    list_filter = (("at", MomentRangeFilter), "learns")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = readonly_fields = ("customer", "learns", "since", "effective_at", "at")

    def _matching(self, text: str) -> Q:
        customer = id_in(User.prefix, text)
        return Q(customer=customer) if customer else Q(customer__email=text.lower())
