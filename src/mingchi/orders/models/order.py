"""Orders and their lines."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import MAX_FEN, Sku
from mingchi.members.models import REGION, Member
from mingchi.merchants.models import Merchant


class Checkout(models.Model):
    """What a member bought at once: an order of each merchant, paid together. Its coupons are kept
    under `orders.checkouts.key`; its state is that of its orders."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="checkouts", verbose_name=_("member")
    )
    placed_at = models.DateTimeField(_("placed"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class Order(models.Model):
    """What a member bought of one merchant, as a part of a checkout. Only `orders.services.move`
    changes `state`.

    `goods_fen`, `shipping_fen` and `total_fen` are what the member pays; `subsidy_fen` is what the
    platform adds in the member's place. The coupons are named as they were when it was placed: an
    order that is given up gives them back.
    """

    class State(models.TextChoices):
        CREATED = "created", _("to be paid")
        PAID = "paid", _("paid")
        SHIPPED = "shipped", _("shipped")
        RECEIVED = "received", _("received")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")
        REFUNDED = "refunded", _("refunded")

    class PaymentMethod(models.TextChoices):
        ONLINE = "online", _("online")
        COD = "cod", _("cash on delivery")

    class DeliveryMethod(models.TextChoices):
        EXPRESS = "express", _("by carrier")
        PICKUP = "pickup", _("picked up in store")
        VIRTUAL = "virtual", _("nothing to carry")

    MERCHANT_PATH = "merchant"

    checkout = models.ForeignKey(
        Checkout, models.PROTECT, related_name="orders", verbose_name=_("checkout")
    )
    number = models.CharField(_("number"), max_length=24, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, db_index=False, related_name="orders", verbose_name=_("member")
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, db_index=False, related_name="orders", verbose_name=_("merchant")
    )
    region = models.CharField(_("region code"), max_length=6, null=True, blank=True)
    recipient = models.CharField(_("recipient"), max_length=60, blank=True)
    recipient_phone = models.CharField(_("recipient's phone"), max_length=20, blank=True)
    address = models.CharField(_("address"), max_length=240, blank=True)
    note = models.CharField(_("buyer's note"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CREATED
    )
    payment_method = models.CharField(
        _("payment method"),
        max_length=10,
        choices=PaymentMethod.choices,
        default=PaymentMethod.ONLINE,
    )
    delivery_method = models.CharField(
        _("delivery method"),
        max_length=10,
        choices=DeliveryMethod.choices,
        default=DeliveryMethod.EXPRESS,
    )
    channel = models.CharField(_("channel"), max_length=20, default="web")
    goods_fen = models.BigIntegerField(_("goods (fen)"))
    shipping_fen = models.BigIntegerField(_("shipping (fen)"), default=0)
    total_fen = models.BigIntegerField(_("total (fen)"))
    subsidy_fen = models.BigIntegerField(_("paid by the platform (fen)"), default=0)
    merchant_coupon = models.CharField(_("shop's coupon"), max_length=60, blank=True)
    platform_coupon = models.CharField(_("platform's coupon"), max_length=60, blank=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    placed_at = models.DateTimeField(_("placed"))
    pay_by = models.DateTimeField(_("to be paid by"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    receive_by = models.DateTimeField(_("counts as received from"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    complete_due_at = models.DateTimeField(_("completes from"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    refunded_at = models.DateTimeField(_("refunded at"), null=True, blank=True)
    is_demo = models.BooleanField(_("demo order"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member", "-id"]),
            models.Index(fields=["merchant", "-id"]),
            models.Index(fields=["pay_by"], condition=Q(state="created"), name="order_unpaid"),
            models.Index(
                fields=["complete_due_at"], condition=Q(state="received"), name="order_due"
            ),
            models.Index(
                fields=["receive_by"], condition=Q(state="shipped"), name="order_under_way"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(goods_fen__gte=0, shipping_fen__gte=0, total_fen__lte=MAX_FEN)
                & Q(subsidy_fen__gte=0, total_fen__gte=1 - F("subsidy_fen"))
                & Q(total_fen=F("goods_fen") + F("shipping_fen")),
                name="order_total_is_the_sum",
            ),
            models.CheckConstraint(
                condition=Q(region__isnull=True) | Q(region__regex=REGION),
                name="order_region_six_digits",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["created", "cancelled"])
                | Q(paid_at__isnull=False)
                | Q(payment_method="cod", state__in=["shipped", "received"]),
                name="order_goes_on_only_when_paid",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | Q(paid_at__isnull=True),
                name="order_cancelled_is_not_paid",
            ),
            models.CheckConstraint(
                condition=Q(payment_method__in=["online", "cod"])
                & Q(delivery_method__in=["express", "pickup", "virtual"]),
                name="order_methods_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="completed")
                | Q(received_at__isnull=False, completed_at__isnull=False),
                name="order_completes_only_when_received",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "created",
                        "paid",
                        "shipped",
                        "received",
                        "completed",
                        "cancelled",
                        "refunded",
                    ]
                ),
                name="order_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def key(self) -> str:
        """The order's id in the engine's events."""
        return f"o{self.pk}"


class OrderLine(models.Model):
    """One SKU of an order, with what it cost at the moment of buying.

    `amount_fen` is its price in settlement: quantity times unit price less the merchant's coupon.
    Of that the member pays `goods_fen`, of `freight_fen` (what the merchant has for sending it)
    `delivery_fen`; the platform's coupon pays the rest. What is refunded goes back first from the
    goods, then from the delivery; `price_back_fen` is how much of `amount_fen` was taken back.

    `list_fen` is what all units cost by the price struck through (their own where none was) and
    `charge_fen` what sending them would have cost, both before coupons; by `lowered_fen` the shop
    lowered the price after it was placed. `orders.stages` tells with them how the price came about.

    `cost_fen`, `distribution_fen` and `pool_fen` are totals of the line; `cost_fen` is what the
    merchant gets, after what its coupon took off and what it lowered. `engine_line` is its
    place in the engine's order: lines refunded in full before settlement are not in it.
    `refunding_fen` is asked for and not decided, `refunded_fen` is approved.
    """

    MERCHANT_PATH = "order__merchant"

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    position = models.PositiveSmallIntegerField(_("position"))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    title = models.CharField(_("title"), max_length=210)
    qty = models.IntegerField(_("quantity"))
    price_fen = models.BigIntegerField(_("unit price (fen)"))
    list_fen = models.BigIntegerField(_("list price of all units (fen)"))
    lowered_fen = models.BigIntegerField(_("lowered by the shop (fen)"), default=0)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    goods_fen = models.BigIntegerField(_("paid for the goods (fen)"))
    charge_fen = models.BigIntegerField(_("shipping before coupons (fen)"), default=0)
    freight_fen = models.BigIntegerField(_("freight (fen)"), default=0)
    delivery_fen = models.BigIntegerField(_("paid for delivery (fen)"), default=0)
    cost_fen = models.BigIntegerField(_("cost (fen)"))
    distribution_fen = models.BigIntegerField(_("distribution (fen)"), null=True, blank=True)
    pool_fen = models.BigIntegerField(_("pool (fen)"), null=True, blank=True)
    refunding_fen = models.BigIntegerField(_("refund asked (fen)"), default=0)
    refunded_fen = models.BigIntegerField(_("refunded (fen)"), default=0)
    price_back_fen = models.BigIntegerField(_("of the amount taken back (fen)"), default=0)
    restocked = models.IntegerField(_("units put back"), default=0)
    engine_line = models.PositiveSmallIntegerField(_("line in settlement"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_place_once"),
            models.CheckConstraint(
                condition=Q(qty__gte=1, qty__lte=10**6, price_fen__gte=1, amount_fen__gte=0)
                & Q(amount_fen__lte=F("qty") * F("price_fen")),
                name="order_line_amount_within_qty_times_price",
            ),
            models.CheckConstraint(
                condition=Q(goods_fen__gte=0, goods_fen__lte=F("amount_fen"))
                & Q(delivery_fen__gte=0, delivery_fen__lte=F("freight_fen")),
                name="order_line_paid_within_price",
            ),
            models.CheckConstraint(
                condition=Q(lowered_fen__gte=0, charge_fen__gte=F("freight_fen"))
                & Q(list_fen__gte=F("qty") * F("price_fen") + F("lowered_fen")),
                name="order_line_price_came_down",
            ),
            models.CheckConstraint(
                condition=Q(refunding_fen__gte=0, refunded_fen__gte=0)
                & Q(refunded_fen__lte=F("goods_fen") + F("delivery_fen") - F("refunding_fen"))
                & Q(price_back_fen__gte=0, price_back_fen__lte=F("amount_fen")),
                name="order_line_refund_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(restocked__gte=0, restocked__lte=F("qty")),
                name="order_line_restocked_within_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} × {self.qty}"

    @property
    def refundable_fen(self) -> int:
        """What may still be asked back, delivery in it."""
        return self.paid_fen - self.refunded_fen - self.refunding_fen

    @property
    def paid_fen(self) -> int:
        """What the member pays for it, delivery in it."""
        return self.goods_fen + self.delivery_fen

    @property
    def is_given_back(self) -> bool:
        """Whether nothing of its price is left."""
        return self.price_back_fen == self.amount_fen
