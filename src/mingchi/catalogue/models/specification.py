"""Specifications: the named attributes whose values, combined, make the SKUs of a product."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.image import Image
from mingchi.catalogue.models.product import Product


class Specification(models.Model):
    """An attribute that a shopper chooses by: colour, size. Retired ones are kept for the SKUs
    that were sold."""

    MERCHANT_PATH = "product__merchant"

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="specifications", verbose_name=_("product")
    )
    name = models.CharField(_("name"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"))
    is_retired = models.BooleanField(_("retired"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("specification")
        verbose_name_plural = _("specifications")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name"], name="specification_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SpecificationValue(models.Model):
    """A value of a specification: red, XL; with a picture of its own, if it has one."""

    MERCHANT_PATH = "specification__product__merchant"

    specification = models.ForeignKey(
        Specification, models.CASCADE, related_name="values", verbose_name=_("specification")
    )
    name = models.CharField(_("name"), max_length=30)
    image = models.ForeignKey(
        Image, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    is_retired = models.BooleanField(_("retired"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("specification value")
        verbose_name_plural = _("specification values")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["specification", "name"], name="specification_value_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
