from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "mingchi.payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Have the checks known."""
        from mingchi.payments import checks  # noqa: F401
