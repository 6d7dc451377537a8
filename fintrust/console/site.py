"""The console's site: staff sign in at the same door as everybody, second factor included."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):
    def login(self, request: Any, extra_context: Any = None) -> Any:
        return secure_admin_login(super().login)(request, extra_context)
