"""What is on offer, and its pictures."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.brand import Brand
from mingchi.catalogue.models.category import Category
from mingchi.catalogue.models.image import Image
from mingchi.merchants.models import Merchant


class Product(models.Model):
    """A thing a merchant sells, in one or more variants (SKUs).

    `detail` is HTML that `catalogue.detail` let through. `parameters` is a list of
    `{"name": …, "value": …}`. While its status says so it is on sale, where `on_sale_at` is given
    from then on. `version` counts the edits of the product and all that hangs on it.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ON_SALE = "on_sale", _("on sale")
        OFF = "off", _("off the shelf")

    class GoodsType(models.TextChoices):
        PHYSICAL = "physical", _("physical")
        VIRTUAL = "virtual", _("virtual")
        PRE_ORDER = "pre_order", _("pre-order")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="products", verbose_name=_("merchant")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="products", verbose_name=_("category")
    )
    brand = models.ForeignKey(
        Brand,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("brand"),
    )
    title = models.CharField(_("title"), max_length=120)
    subtitle = models.CharField(_("subtitle"), max_length=120, blank=True)
    description = models.TextField(_("description"), blank=True)
    detail = models.TextField(_("detail (HTML)"), blank=True)
    keywords = models.CharField(_("search words"), max_length=200, blank=True)
    parameters = models.JSONField(_("parameters"), default=list, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    goods_type = models.CharField(
        _("goods type"), max_length=10, choices=GoodsType.choices, default=GoodsType.PHYSICAL
    )
    on_sale_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    limit_per_member = models.PositiveIntegerField(
        _("purchase limit per member"), null=True, blank=True
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    is_demo = models.BooleanField(_("demo product"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-id"]
        indexes = [models.Index(fields=["category", "status", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "on_sale", "off"]), name="product_status_known"
            ),
            models.CheckConstraint(
                condition=Q(goods_type__in=["physical", "virtual", "pre_order"]),
                name="product_goods_type_known",
            ),
            models.CheckConstraint(
                condition=Q(limit_per_member__isnull=True) | Q(limit_per_member__gte=1),
                name="product_limit_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ProductImage(models.Model):
    """A picture of a product, in its place; the first is its cover."""

    MERCHANT_PATH = "product__merchant"

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="images", verbose_name=_("product")
    )
    image = models.ForeignKey(Image, models.PROTECT, related_name="+", verbose_name=_("picture"))
    position = models.PositiveSmallIntegerField(_("position"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("product picture")
        verbose_name_plural = _("product pictures")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "image"], name="product_image_once"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} · {self.position}"
