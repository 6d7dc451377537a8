"""Doors of this app."""

from django.urls import path

from biometrics import api, views

page_urlpatterns = [
    path("security/pin/", views.pin, name="pin"),
    path("security/rhythm/", views.rhythm_notice, name="rhythm-notice"),
    path("security/rhythm/capture/", views.rhythm, name="rhythm"),
]
api_urlpatterns = [path("users/me/pin", api.PinView.as_view(), name="api-pin")]
urlpatterns = page_urlpatterns
