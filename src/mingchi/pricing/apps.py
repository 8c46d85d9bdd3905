from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PricingConfig(AppConfig):
    """Shipping templates, coupons, and what a price is made of."""

    name = "mingchi.pricing"
    verbose_name = _("Pricing")
