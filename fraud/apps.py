from django.apps import AppConfig


class FraudConfig(AppConfig):
    name = "fraud"

    def ready(self) -> None:
        from fraud.travel import geoip

        geoip.open_configured()
