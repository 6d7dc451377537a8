"""Doors of this app."""

from django.urls import path

from fraud import api, views
from fraud.rulebook import api as rules

page_urlpatterns = [path("security/limits/", views.limits, name="limits")]
api_urlpatterns = [
    path("risk/decisions/<str:decision>", api.OneDecision.as_view(), name="api-risk-decision"),
    path("risk/policies", api.Policies.as_view(), name="api-risk-policies"),
    path("risk/rules", rules.Rules.as_view(), name="api-risk-rules"),
    path("risk/rules/<str:rule>", rules.OneRule.as_view(), name="api-risk-rule"),
]
urlpatterns = page_urlpatterns
