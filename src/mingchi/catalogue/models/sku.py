"""Variants of a product: price, cost and stock."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.product import Product

MAX_FEN = 10**12
"""Amounts above this are refused at the door."""


class Sku(models.Model):
    """One variant of a product. Stock changes in `catalogue.stock` only.

    `distribution_fen` and `pool_fen` per unit stand in place of the plan's rates where given.
    Of `on_hand` units `placed` lie in warehouses, of `reserved` ones `allocated` are kept there;
    the rest lies wherever a merchant without warehouses keeps its goods.

    `value_ids` are the specification values it combines, in the order of the specifications;
    empty for a product without. A retired SKU is not sold any more, and may come back.
    `market_price_fen` is shown struck through until `market_until`: see `catalogue.prices`.
    """

    MERCHANT_PATH = "product__merchant"

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="skus", verbose_name=_("product")
    )
    code = models.CharField(_("code"), max_length=40)
    title = models.CharField(_("variant"), max_length=80, blank=True)
    value_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("specification values"), default=list, blank=True
    )
    price_fen = models.BigIntegerField(_("price (fen)"))
    cost_fen = models.BigIntegerField(_("cost (fen)"))
    market_price_fen = models.BigIntegerField(_("market price (fen)"), null=True, blank=True)
    market_until = models.DateTimeField(_("market price until"), null=True, blank=True)
    distribution_fen = models.BigIntegerField(
        _("distribution per unit (fen)"), null=True, blank=True
    )
    pool_fen = models.BigIntegerField(_("pool per unit (fen)"), null=True, blank=True)
    on_hand = models.BigIntegerField(_("on hand"), default=0)
    reserved = models.BigIntegerField(_("reserved"), default=0)
    placed = models.BigIntegerField(_("in warehouses"), default=0)
    allocated = models.BigIntegerField(_("reserved in warehouses"), default=0)
    weight_g = models.IntegerField(_("weight (g)"), default=0)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="sku_code_once"),
            models.UniqueConstraint(
                fields=["product", "value_ids"],
                condition=~Q(value_ids=[]),
                name="sku_combination_once",
            ),
            models.CheckConstraint(
                condition=Q(market_price_fen__isnull=True, market_until__isnull=True)
                | Q(market_price_fen__gte=1, market_price_fen__lte=MAX_FEN)
                & Q(market_until__isnull=False),
                name="sku_market_price_has_an_end",
            ),
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
    def article(self) -> str:
        """Product and variant, as an order calls them."""
        return " · ".join(filter(None, (self.product.title, self.title)))

    @property
    def available(self) -> int:
        """Units that can still be sold."""
        return self.on_hand - self.reserved
