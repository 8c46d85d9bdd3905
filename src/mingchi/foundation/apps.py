from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import logs


class FoundationConfig(AppConfig):
    name = "mingchi.foundation"
    verbose_name = _("Administration")

    def ready(self) -> None:
        logs.configure()
