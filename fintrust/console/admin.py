"""People and roles in the console. Not in core: a change is told to the audit log above it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from fintrust.console import people
from fintrust.core import roles
from fintrust.core.admin_base import ReadOnlyAdmin, RecordsViews
from fintrust.core.models import User


class RoleFilter(admin.SimpleListFilter):
    title, parameter_name = "role", "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role, role.capitalize()) for role in roles.ALL]

    def queryset(self, request: HttpRequest, rows: QuerySet[User]) -> QuerySet[User]:
        return rows.filter(groups__name=self.value()) if self.value() else rows


class PersonForm(forms.ModelForm):
    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label="Roles",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Support, auditor, compliance and administrator may enter the console.",
    )
    reason = forms.CharField(
        min_length=people.REASON_MIN,
        max_length=people.REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Why. It is kept in the audit log.",
    )

    class Meta:
        model = User
        fields = ("kyc", "is_active", "groups")


@admin.register(User)
class PersonAdmin(RecordsViews, ReadOnlyAdmin):
    form = PersonForm
    list_display = ("name", "email", "in_roles", "kyc_state", "is_active", "date_joined")
    list_filter = (RoleFilter, "kyc", "is_active", "date_joined")
    search_fields = ("email", "name")
    search_help_text = "Name or e-mail address"
    ordering = ("-id",)
    readonly_fields = (
        "public_id",
        "name",
        "email",
        "phone",
        "timezone",
        "date_joined",
        "last_login",
    )
    warn_unsaved_form = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An administrator, and nobody on themselves."""
        return request.user.has_perm("core.change_user") and obj != request.user

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        access = ["kyc", "is_active", "in_roles"]
        if self.has_change_permission(request, obj):
            access = ["kyc", "is_active", "groups", "reason"]
        return [
            ("Person", {"fields": self.readonly_fields}),
            ("Access", {"fields": access}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj):
            return self.readonly_fields
        return (*self.readonly_fields, "kyc", "is_active", "in_roles")

    def owner_of(self, obj: User) -> User | None:
        """Customers own their data; colleagues do not need to know who looked at their badge."""
        return obj if roles.has(obj, roles.CUSTOMER) else None

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        people.change_person(
            person=obj,
            by=request.user,
            kyc=form.cleaned_data["kyc"],
            is_active=form.cleaned_data["is_active"],
            role_names=[group.name for group in form.cleaned_data["groups"]],
            reason=form.cleaned_data["reason"],
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has saved everything."""

    @display(description="roles")
    def in_roles(self, person: User) -> str:
        return ", ".join(group.name for group in person.groups.all()) or "-"

    @display(
        description="KYC",
        label={
            User.Kyc.VERIFIED.label: "success",
            User.Kyc.PENDING.label: "warning",
            User.Kyc.REJECTED.label: "danger",
        },
    )
    def kyc_state(self, person: User) -> str:
        return person.get_kyc_display()


admin.site.unregister(Group)  # Django's own would edit what `core.setup` decides


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """Roles are written in `core.setup`; here they can be read, with who has them."""

    list_display = ("name", "people")
    ordering = ("name",)
    fields = readonly_fields = ("name", "people", "may")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(members=Count("user"))

    @display(description="people", ordering="members")
    def people(self, role: Any) -> int:
        return int(role.members)

    @display(description="may")
    def may(self, role: Group) -> str:
        names = role.permissions.order_by("content_type__app_label", "codename").values_list(
            "content_type__app_label", "codename"
        )
        return ", ".join(f"{app}.{name}" for app, name in names) or "-"
