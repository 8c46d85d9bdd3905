"""What is on sale, at which price, and how much of it there is."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.merchants.models import Merchant, Warehouse

MAX_FEN = 10**12
"""Amounts above this are refused at the door."""


class Category(models.Model):
    """A shelf of the shop; shelves stand in a tree."""

    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    name = models.CharField(_("name"), max_length=60)
    position = models.IntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="category_not_own_parent"),
            models.UniqueConstraint(
                fields=["parent", "name"], name="category_name_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A thing a merchant sells, in one or more variants (SKUs)."""

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
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    goods_type = models.CharField(
        _("goods type"), max_length=10, choices=GoodsType.choices, default=GoodsType.PHYSICAL
    )
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
        ]

    def __str__(self) -> str:
        return self.title


class Sku(models.Model):
    """One variant of a product. Stock changes in `catalogue.stock` only.

    `distribution_fen` and `pool_fen` per unit stand in place of the plan's rates where given.
    Of `on_hand` units `placed` lie in warehouses, of `reserved` ones `allocated` are kept there;
    the rest lies wherever a merchant without warehouses keeps its goods.
    """

    MERCHANT_PATH = "product__merchant"

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="skus", verbose_name=_("product")
    )
    code = models.CharField(_("code"), max_length=40)
    title = models.CharField(_("variant"), max_length=80, blank=True)
    price_fen = models.BigIntegerField(_("price (fen)"))
    cost_fen = models.BigIntegerField(_("cost (fen)"))
    distribution_fen = models.BigIntegerField(
        _("distribution per unit (fen)"), null=True, blank=True
    )
    pool_fen = models.BigIntegerField(_("pool per unit (fen)"), null=True, blank=True)
    on_hand = models.BigIntegerField(_("on hand"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0)
    placed = models.BigIntegerField(_("in warehouses"), default=0)
    allocated = models.BigIntegerField(_("reserved in warehouses"), default=0)
    weight_g = models.IntegerField(_("weight (g)"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="sku_code_once"),
            models.CheckConstraint(
                condition=Q(price_fen__gte=1, price_fen__lte=MAX_FEN), name="sku_price_in_range"
            ),
            models.CheckConstraint(
                condition=Q(cost_fen__gte=0, cost_fen__lte=F("price_fen")),
                name="sku_cost_within_price",
            ),
            models.CheckConstraint(
                condition=Q(distribution_fen__isnull=True)
                | Q(distribution_fen__gte=0, distribution_fen__lte=F("price_fen")),
                name="sku_distribution_within_price",
            ),
            models.CheckConstraint(
                condition=Q(pool_fen__isnull=True)
                | Q(pool_fen__gte=0, pool_fen__lte=F("price_fen")),
                name="sku_pool_within_price",
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("on_hand"), on_hand__lte=10**12),
                name="sku_reserved_within_stock",
            ),
            models.CheckConstraint(
                condition=Q(placed__gte=0, placed__lte=F("on_hand"))
                & Q(allocated__gte=0, allocated__lte=F("reserved")),
                name="sku_warehouses_within_stock",
            ),
            models.CheckConstraint(
                condition=Q(weight_g__gte=0, weight_g__lte=10**7), name="sku_weight_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}".strip()

    @property
    def available(self) -> int:
        """Units that can still be sold."""
        return self.on_hand - self.reserved


class WarehouseStock(models.Model):
    """What of a SKU lies in one warehouse. Over all warehouses `on_hand` sums to the SKU's
    `placed`, `reserved` to its `allocated`. Changes in `catalogue.stock` only."""

    MERCHANT_PATH = "warehouse__merchant"

    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, related_name="stock", verbose_name=_("warehouse")
    )
    sku = models.ForeignKey(
        Sku, models.PROTECT, related_name="warehouse_stock", verbose_name=_("SKU")
    )
    on_hand = models.BigIntegerField(_("on hand"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("stock of a warehouse")
        verbose_name_plural = _("stock of warehouses")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="warehouse_stock_once"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("on_hand")),
                name="warehouse_stock_reserved_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse}: {self.sku}"
