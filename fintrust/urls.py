"""Every door of the bank."""

from typing import Any

from django.contrib import admin
from django.urls import include, path

import audit.urls
import banking.urls
import biometrics.urls
import consent.urls
import fraud.urls
from fintrust import api_urls, pages
from fintrust.live import urls as live

handler400 = "fintrust.problems.bad_request"
handler403 = "fintrust.problems.forbidden"
handler404 = "fintrust.problems.not_found"
handler500 = "fintrust.problems.server_error"

urlpatterns: list[Any] = [
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
    path("errors/", pages.error_catalogue, name="errors"),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    *api_urls.urlpatterns,
    *live.urlpatterns,
    *biometrics.urls.page_urlpatterns,
    *fraud.urls.page_urlpatterns,
    *audit.urls.urlpatterns,
    *consent.urls.page_urlpatterns,
    *banking.urls.urlpatterns,
]
websocket_urlpatterns: list[Any] = live.websocket_urlpatterns
