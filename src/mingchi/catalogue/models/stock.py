"""What of a SKU lies in which warehouse."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.sku import Sku
from mingchi.merchants.models import Warehouse


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
