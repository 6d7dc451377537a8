from django.urls import path

from fintrust.live import consumers, views, wakes

urlpatterns = [
    path("live/", views.index, name="live"),
    path("live/figures/", views.numbers, name="live-figures"),
    path("live/events/<int:event_id>/", views.event, name="live-event"),
    path("live/alerts/<str:alert_id>/acknowledge/", views.acknowledge, name="live-acknowledge"),
]
websocket_urlpatterns = [
    path("ws/live/", consumers.LiveConsumer.as_asgi()),
    path("ws/mine/", wakes.WakeConsumer.as_asgi()),
]
