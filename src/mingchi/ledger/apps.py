"""The ledger as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    """Double entry over money and points."""

    name = "mingchi.ledger"
    verbose_name = _("Ledger")
