"""The reading room: who has a PIN, which are locked, and whose codes; how sessions were typed."""

from django.contrib import admin

from biometrics.models import CodeTries, Pin, Rhythm
from fintrust.core.admin_base import ReadOnlyAdmin


@admin.register(Pin)
class PinAdmin(ReadOnlyAdmin):
    list_display = ("user", "updated_at", "failures", "locked_until")
    list_filter = ("locked_until",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    fields = ("user", "updated_at", "failures", "locked_until")  # not the hash, though it is sealed


@admin.register(CodeTries)
class CodeTriesAdmin(ReadOnlyAdmin):
    list_display = ("user", "failures", "locked_until")
    list_filter = ("locked_until",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    fields = ("user", "failures", "locked_until")


@admin.register(Rhythm)
class RhythmAdmin(ReadOnlyAdmin):
    list_display = ("at", "user", "form", "keys", "distance", "risk")
    list_filter = ("form", "touch", "at")
    list_select_related = ("user",)
    search_fields = ("user__email", "session_hash")
    ordering = ("-id",)
    fields = (
        "public_id",
        "user",
        "session_hash",
        "form",
        "touch",
        "keys",
        "pointers",
        "features",
        "distance",
        "risk",
        "at",
    )

    @admin.display(description="keys")
    def keys(self, rhythm: Rhythm) -> int:
        return len(rhythm.zones)
