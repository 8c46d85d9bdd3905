"""The back office as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    """Pages of staff."""

    name = "mingchi.backoffice"
    verbose_name = _("Back office")
