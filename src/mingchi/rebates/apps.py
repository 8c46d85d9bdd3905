"""Rebates as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RebatesConfig(AppConfig):
    """Programmes of points."""

    name = "mingchi.rebates"
    verbose_name = _("Points")
