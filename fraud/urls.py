"""Doors of this app."""

from django.urls import path

import fraud.limits.api as limits_api
import fraud.limits.pages as limits
from fraud import api
from fraud.labels import api as labels

page_urlpatterns = [
    path("security/limits/", limits.limits, name="limits"),
    path("security/limits/now/", limits.now, name="limits-now"),
    path("security/limits/cancel/", limits.cancel, name="limits-cancel"),
]
api_urlpatterns = [
    path("risk/decisions/<str:decision>", api.OneDecision.as_view(), name="api-risk-decision"),
    path("analytics/label-age", labels.LabelAge.as_view(), name="api-label-age"),
    path("risk/policies", limits_api.Policies.as_view(), name="api-risk-policies"),
]
urlpatterns = page_urlpatterns
