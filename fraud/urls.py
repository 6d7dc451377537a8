"""Doors of this app."""

from django.urls import path

from fraud import api, views

page_urlpatterns = [path("security/limits/", views.limits, name="limits")]
api_urlpatterns = [
    path("risk/decisions/<str:decision>", api.OneDecision.as_view(), name="api-risk-decision"),
    path("risk/policies", api.Policies.as_view(), name="api-risk-policies"),
]
urlpatterns = page_urlpatterns
