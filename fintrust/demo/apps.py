from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A bank to try out: people, months of history, and something for everybody to do."""

    name = "fintrust.demo"
