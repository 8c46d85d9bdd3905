"""Stock set aside for an order line."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.merchants.models import Warehouse
from mingchi.orders.models.case import AfterSalesCase
from mingchi.orders.models.order import OrderLine


class Reservation(models.Model):
    """Units of a SKU that are kept for a line: of `units`, some were released, some shipped, the
    rest is held. Only `orders.reservations` changes it, along with the stock itself.

    `warehouse`: where they are kept once that is allocated, else anywhere. `expires_at`: from then
    on they may be given to others, unless the order is paid. `case`: kept as the replacement of an
    exchange, beside the line's own.
    """

    MERCHANT_PATH = "line__order__merchant"

    line = models.ForeignKey(
        OrderLine, models.CASCADE, related_name="reservations", verbose_name=_("order line")
    )
    case = models.ForeignKey(
        AfterSalesCase,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reservations",
        verbose_name=_("after-sales case"),
    )
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    warehouse = models.ForeignKey(
        Warehouse,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reservations",
        verbose_name=_("warehouse"),
    )
    units = models.IntegerField(_("units"))
    released = models.IntegerField(_("released"), default=0)
    shipped = models.IntegerField(_("shipped"), default=0)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(units__gt=F("released") + F("shipped")),
                name="reservation_expiring",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "case"], name="reservation_once_a_line", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(units__gte=1, released__gte=0, shipped__gte=0)
                & Q(units__gte=F("released") + F("shipped")),
                name="reservation_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} × {self.held}"

    @property
    def article(self) -> str:
        """What is kept: as it was bought, or the variant that it is exchanged for."""
        return self.line.title if self.sku_id == self.line.sku_id else self.sku.article

    @property
    def held(self) -> int:
        """Units that are kept now."""
        return self.units - self.released - self.shipped
