"""Doors of this app."""

from django.urls import path

from fraud import api, views
from fraud.labels import api as labels

page_urlpatterns = [path("security/limits/", views.limits, name="limits")]
api_urlpatterns = [
    path("risk/decisions/<str:decision>", api.OneDecision.as_view(), name="api-risk-decision"),
    path("analytics/label-age", labels.LabelAge.as_view(), name="api-label-age"),
    path("risk/policies", api.Policies.as_view(), name="api-risk-policies"),
]
urlpatterns = page_urlpatterns
