from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Django's admin with our own site: the compliance console."""

    default_site = "fintrust.console.site.ConsoleSite"

    def ready(self) -> None:
        super().ready()
        from fintrust.console import admin  # noqa: F401 - registers people and roles
