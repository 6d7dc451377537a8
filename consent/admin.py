"""The reading room of shared data. Partners are edited, through the service."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from consent import services
from consent.models import Consent, ConsentEvent, Disclosure, Partner, Refusal, Scope
from fintrust.core.admin_base import ReadOnlyAdmin
from fintrust.core.models import User


class PartnerForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label="May receive", choices=Scope.choices, widget=UnfoldAdminSelectMultipleWidget
    )

    class Meta:
        model = Partner
        fields = ("user", "name", "trading_name", "contact", "status", "scopes")


@admin.register(Partner)
class PartnerAdmin(ModelAdmin):
    nothing_yet = "No partner may ask for customers' data yet. Who adds one lets the first one in."
    form = PartnerForm
    fields = ("user", "name", "trading_name", "contact", "status", "scopes")
    list_display = ("trading_name", "name", "status", "scopes", "contact", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "trading_name", "user__email")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        """Logins that are nobody else's: the service refuses the others."""
        unused = User.objects.filter(is_staff=False, accounts=None, partner=None)
        return super().formfield_for_foreignkey(
            db_field, request, queryset=unused.order_by("email"), **options
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # disclosures name them

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        names = ("name", "trading_name", "contact", "status", "scopes")
        values = {name: form.cleaned_data[name] for name in names}
        if change:
            services.change_partner(partner=obj, by=request.user, **values)
        else:
            made = services.onboard_partner(
                user=form.cleaned_data["user"], by=request.user, **values
            )
            obj.pk = made.pk


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "customer", "partner", "clusters", "purpose", "ends_at", "state")
    list_filter = ("status", "purpose", "partner")
    list_select_related = ("customer", "partner")
    search_fields = ("customer__email", "partner__trading_name")
    ordering = ("-id",)


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ("consent", "kind", "by", "at")
    list_filter = ("kind", "at")
    list_select_related = ("consent", "by")
    ordering = ("-id",)


@admin.register(Disclosure)
class DisclosureAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "partner", "consent", "scope", "rows", "at")
    list_filter = ("scope", "partner", "at")
    list_select_related = ("partner", "consent")
    search_fields = ("request_id", "partner__trading_name", "consent__customer__email")
    ordering = ("-id",)


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "partner", "consent", "scope", "code", "at")
    list_filter = ("code", "scope", "partner", "at")
    list_select_related = ("partner", "consent")
    search_fields = ("request_id", "partner__trading_name")
    ordering = ("-id",)
