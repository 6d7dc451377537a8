"""Doors of this app."""

from django.urls import path

from consent import api, views

page_urlpatterns = [
    path("shared-data/", views.shared_data, name="shared-data"),
    path("shared-data/grant/", views.grant, name="consent-grant"),
    path("shared-data/<str:consent_id>/", views.consent, name="consent"),
    path("shared-data/<str:consent_id>/stop/", views.stop, name="consent-stop"),
]
api_urlpatterns = [
    path("shared/accounts/", api.SharedAccounts.as_view(), name="api-shared"),
    path("shared/accounts/<str:account>", api.SharedDetails.as_view(), name="api-shared-details"),
    path(
        "shared/accounts/<str:account>/balance",
        api.SharedBalance.as_view(),
        name="api-shared-balance",
    ),
    path(
        "shared/accounts/<str:account>/transactions",
        api.SharedTransactions.as_view(),
        name="api-shared-transactions",
    ),
]
urlpatterns = page_urlpatterns
