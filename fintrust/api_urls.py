"""The addresses of the API. Each app brings its own; what none of them knows is a problem too."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import audit.api_urls
import banking.api_urls
import biometrics.urls
import consent.urls
import fraud.urls
from fintrust import api

v1 = [
    path("auth/register", api.Register.as_view(), name="api-register"),
    path("auth/confirm-email", api.ConfirmEmail.as_view(), name="api-confirm-email"),
    path("auth/login", api.Login.as_view(), name="api-login"),
    path("auth/refresh", api.Refresh.as_view(), name="api-refresh"),
    path("auth/logout", api.Logout.as_view(), name="api-logout"),
    path("auth/me", api.Me.as_view(), name="api-me"),
    path("users/me", api.MyProfile.as_view(), name="api-profile"),
    *banking.api_urls.urlpatterns,
    *audit.api_urls.urlpatterns,
    *biometrics.urls.api_urlpatterns,
    *fraud.urls.api_urlpatterns,
    *consent.urls.api_urlpatterns,
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema"),
        name="api-docs",
    ),
]

urlpatterns = [
    path(".well-known/jwks.json", api.jwks, name="jwks"),
    path("api/v1/", include(v1)),
    re_path(r"^api/(?P<rest>.*)$", api.unknown),
]
