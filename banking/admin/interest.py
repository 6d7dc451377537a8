"""Interest: its terms as they were set, and each run that counted or paid it."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from banking.admin.base import set_anew
from banking.admin.forms import TermsForm
from banking.interest.services import set_terms
from banking.models import AccrualRun, InterestMonth, InterestTerms
from fintrust.core.admin_base import ReadOnlyAdmin
from fintrust.core.money import Money


@admin.register(InterestTerms)
class InterestTermsAdmin(ReadOnlyAdmin):
    list_display = ("valid_from", "product", "currency", "day_count", "rates", "set_by")
    list_filter = ("product", "currency")
    list_select_related = ("set_by",)
    ordering = ("-valid_from", "-id")
    actions_list = ("set_terms",)

    def has_set_terms_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("banking.add_interestterms"))

    @action(
        description="Set terms", icon="add", variant=ActionVariant.PRIMARY,
        permissions=["set_terms"],
    )  # fmt: skip
    def set_terms(self, request: HttpRequest) -> HttpResponse:
        return set_anew(self, request, "Set terms", TermsForm(request.POST or None), set_terms)

    @display(description="from, rate")
    def rates(self, terms: InterestTerms) -> str:
        tiers = ((Money(start, terms.currency).format(), rate) for start, rate in terms.tiers)
        return format_html_join(", ", "{}: {}", tiers)


@admin.register(AccrualRun)
class AccrualRunAdmin(ReadOnlyAdmin):
    list_display = ("first", "last", "accruals", "corrections", "at")
    ordering = ("-last",)


@admin.register(InterestMonth)
class InterestMonthAdmin(ReadOnlyAdmin):
    list_display = ("through", "payments", "fees", "at")
    ordering = ("-through",)
