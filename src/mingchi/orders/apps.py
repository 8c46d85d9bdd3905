from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "mingchi.orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        """Register the steps that flows may use."""
        import_module("mingchi.orders.steps")
