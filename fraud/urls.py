"""Doors of this app."""

from django.urls import path

import fraud.limits.api as limits_api
import fraud.limits.pages as limits
from fraud import api
from fraud.labels import api as labels
from fraud.monitoring.api import RiskScoreHistory
from fraud.profile import api as profile_api
from fraud.profile import pages as profile
from fraud.rulebook import api as rules

page_urlpatterns = [
    path("security/limits/", limits.limits, name="limits"),
    path("security/limits/now/", limits.now, name="limits-now"),
    path("security/limits/cancel/", limits.cancel, name="limits-cancel"),
    path("security/profile/", profile.habits, name="habits"),
    path("security/profile/keep/", profile.keep, name="habits-keep"),
]
api_urlpatterns = [
    path("risk/decisions/<str:decision>", api.OneDecision.as_view(), name="api-risk-decision"),
    path("analytics/label-age", labels.LabelAge.as_view(), name="api-label-age"),
    path("analytics/risk-scores", RiskScoreHistory.as_view(), name="api-risk-scores"),
    path("risk/policies", limits_api.Policies.as_view(), name="api-risk-policies"),
    path("risk/profile", profile_api.OwnProfile.as_view(), name="api-risk-profile"),
    path("risk/rules", rules.Rules.as_view(), name="api-risk-rules"),
    path("risk/rules/<str:rule>", rules.OneRule.as_view(), name="api-risk-rule"),
]
urlpatterns = page_urlpatterns
