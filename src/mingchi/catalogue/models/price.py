"""At which price what was on offer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.sku import Sku


class PriceRecord(models.Model):
    """From this moment on a SKU was offered at this price; null: not offered. Append-only, written
    by `catalogue.prices`: it is what proves a price struck through."""

    MERCHANT_PATH = "sku__product__merchant"

    sku = models.ForeignKey(
        Sku, models.PROTECT, db_index=False, related_name="price_records", verbose_name=_("SKU")
    )
    price_fen = models.BigIntegerField(_("price (fen)"), null=True)
    at = models.DateTimeField(_("from"))

    class Meta:
        verbose_name = _("price record")
        verbose_name_plural = _("price records")
        ordering = ["sku_id", "id"]
        indexes = [models.Index(fields=["sku", "-id"], name="price_record_latest")]

    def __str__(self) -> str:
        return f"{self.sku_id}: {self.price_fen}"
