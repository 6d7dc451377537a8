"""Doors of this app."""

from django.urls import path

from fraud import api, views
from fraud.monitoring.api import RiskScoreHistory
from fraud.profile import api as profile_api
from fraud.profile import pages as profile

page_urlpatterns = [
    path("security/limits/", views.limits, name="limits"),
    path("security/profile/", profile.habits, name="habits"),
    path("security/profile/keep/", profile.keep, name="habits-keep"),
]
api_urlpatterns = [
    path("risk/decisions/<str:decision>", api.OneDecision.as_view(), name="api-risk-decision"),
    path("risk/policies", api.Policies.as_view(), name="api-risk-policies"),
    path("risk/profile", profile_api.OwnProfile.as_view(), name="api-risk-profile"),
    path("analytics/risk-scores", RiskScoreHistory.as_view(), name="api-risk-scores"),
]
urlpatterns = page_urlpatterns
