"""Brands."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.image import Image


class Brand(models.Model):
    """Under which name something is made; the same for all merchants. `letter` is where it stands
    in an index: A to Z, or # for what has no letter."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    letter = models.CharField(_("letter"), max_length=1)
    logo = models.ForeignKey(
        Image, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("logo")
    )
    story = models.TextField(_("story"), blank=True)
    position = models.IntegerField(_("position"), default=0)
    is_hidden = models.BooleanField(_("hidden"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["letter", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(letter__regex="^[A-Z#]$"), name="brand_letter"),
        ]

    def __str__(self) -> str:
        return self.name
