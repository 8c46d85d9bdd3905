from django.apps import AppConfig

from mingchi.foundation import logs


class FoundationConfig(AppConfig):
    name = "mingchi.foundation"

    def ready(self) -> None:
        logs.configure()
