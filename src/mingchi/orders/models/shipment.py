"""Parts of an order on their way."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.merchants.models import Warehouse
from mingchi.orders.models.case import AfterSalesCase
from mingchi.orders.models.order import Order
from mingchi.orders.models.reservation import Reservation


class Shipment(models.Model):
    """What goes to the buyer in one parcel, from one warehouse. Only `orders.shipments` changes it.

    Picking, packing, weighing and the slip are noted in whatever order a merchant does them; once
    shipped the goods are out of stock, and `state` goes on by `orders.transitions`.
    """

    class State(models.TextChoices):
        PREPARING = "preparing", _("in preparation")
        SHIPPED = "shipped", _("shipped")
        HANDED_OVER = "handed_over", _("handed to the carrier")
        DELIVERED = "delivered", _("delivered")
        VOIDED = "voided", _("voided")
        CAME_BACK = "came_back", _("came back undelivered")

    MERCHANT_PATH = "order__merchant"

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="shipments", verbose_name=_("order")
    )
    case = models.ForeignKey(
        AfterSalesCase,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shipments",
        verbose_name=_("after-sales case"),
    )
    number = models.CharField(_("number"), max_length=32, unique=True)
    warehouse = models.ForeignKey(
        Warehouse,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shipments",
        verbose_name=_("warehouse"),
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.PREPARING
    )
    picked_at = models.DateTimeField(_("picked"), null=True, blank=True)
    packed_at = models.DateTimeField(_("packed"), null=True, blank=True)
    weight_g = models.IntegerField(_("weight (g)"), null=True, blank=True)
    slip = models.JSONField(_("slip"), null=True, blank=True)
    slip_printed_at = models.DateTimeField(_("slip printed"), null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    proof = models.CharField(_("proof of delivery"), max_length=200, blank=True)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["order", "state"], name="shipment_of_order"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "preparing",
                        "shipped",
                        "handed_over",
                        "delivered",
                        "voided",
                        "came_back",
                    ]
                ),
                name="shipment_state_known",
            ),
            models.CheckConstraint(
                condition=Q(weight_g__isnull=True) | Q(weight_g__gte=1, weight_g__lte=10**8),
                name="shipment_weight_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered") | (Q(delivered_at__isnull=False) & ~Q(proof="")),
                name="shipment_delivered_with_proof",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    """So many units of a reservation in a shipment."""

    MERCHANT_PATH = "shipment__order__merchant"

    shipment = models.ForeignKey(
        Shipment, models.CASCADE, related_name="lines", verbose_name=_("shipment")
    )
    reservation = models.ForeignKey(
        Reservation, models.PROTECT, related_name="+", verbose_name=_("reservation")
    )
    units = models.IntegerField(_("units"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        ordering = ["shipment_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "reservation"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(units__gte=1), name="shipment_line_units_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.reservation.sku} × {self.units}"
