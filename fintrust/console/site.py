"""The console's site: staff sign in at the same door as everybody, second factor included."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from audit import services as audit


class ConsoleSite(UnfoldAdminSite):
    index_title = "Today"

    def login(self, request: Any, extra_context: Any = None) -> Any:
        return secure_admin_login(super().login)(request, extra_context)

    def extra_urls(self) -> list[URLPattern]:
        """Unfold's hook: pages about all of the bank, not about one table."""
        # Here, because models are not loaded yet when the site is made.
        from fintrust.console import books, fairness, integrity, label_age, monitoring, whatif

        return [
            path("books/", self._page(books.books, "Books"), name="books"),
            path("books/csv/", self._page(books.books_file, "Books"), name="books-file"),
            path("label-age/", self._page(label_age.label_age, "Label age"), name="label-age"),
            path("monitoring/", self._page(monitoring.monitoring, "Monitoring"), name="monitoring"),
            path("fairness/", self._page(fairness.fairness_page, "Fairness"), name="fairness"),
            path(
                "fairness/csv/",
                self._page(fairness.fairness_file, "Fairness"),
                name="fairness-file",
            ),
            path("what-if/", self._page(whatif.what_if, "What if"), name="what-if"),
            path("integrity/", self._page(integrity.integrity, "Integrity"), name="integrity"),
        ]

    def _page(self, view: Callable[..., HttpResponse], title: str) -> Any:
        def page(request: HttpRequest) -> HttpResponse:
            return view(request, {**self.each_context(request), "title": title})

        return self.admin_view(page)

    def record_view(self, obj: Any, *, owner: Any, **facts: Any) -> None:
        """Whoever looks at a customer's data is remembered, and the customer can see it."""
        audit.record(
            "core.customer.viewed",
            subject=obj,
            owner=owner,
            purpose="console",
            data={"what": obj._meta.label_lower, **facts},
        )
