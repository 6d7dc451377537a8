from django.urls import path

from audit import views

urlpatterns = [
    path("log/checkpoint", views.checkpoint, name="log-checkpoint"),
    path("log/key", views.key, name="log-key"),
    path("log/tile/<path:path>", views.tile, name="log-tile"),
    path("log/proof/<str:record_id>", views.proof, name="log-proof"),
]
