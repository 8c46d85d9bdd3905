from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    """What members say of what they bought."""

    name = "mingchi.reviews"
    verbose_name = _("Reviews")
