"""The console's site: staff sign in at the same door as everybody, second factor included."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from unfold.sites import UnfoldAdminSite

from audit import services as audit


class ConsoleSite(UnfoldAdminSite):
    index_title = "Today"

    def login(self, request: Any, extra_context: Any = None) -> Any:
        return secure_admin_login(super().login)(request, extra_context)

    def record_view(self, obj: Any, *, owner: Any) -> None:
        """Whoever looks at a customer's data is remembered, and the customer can see it."""
        audit.record(
            "core.customer.viewed",
            subject=obj,
            owner=owner,
            purpose="console",
            data={"what": obj._meta.label_lower},
        )
