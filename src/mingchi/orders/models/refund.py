"""Refunds asked of an order's lines."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.orders.models.order import Order, OrderLine


class Refund(models.Model):
    """Money asked back for one line. After settlement it is event `r<pk>`, and the money goes out
    when that event is settled. `automatic`: a rule asked and decided (an order
    given up after it was paid), so that nobody's judgement was needed.

    Once approved it says what `amount_fen`, the member's money, is made of: `goods_fen` and
    `delivery_fen`; and how much of the line's price and freight that takes back, the platform's
    part in it. Of a line that the platform paid for whole the amount is 0."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        PAID = "paid", _("paid back")

    MERCHANT_PATH = "order__merchant"

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="refunds", verbose_name=_("order")
    )
    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="refunds", verbose_name=_("order line")
    )
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    goods_fen = models.BigIntegerField(_("of the goods (fen)"), default=0)
    price_fen = models.BigIntegerField(_("of the price taken back (fen)"), default=0)
    delivery_fen = models.BigIntegerField(_("of the delivery (fen)"), default=0)
    freight_fen = models.BigIntegerField(_("of the freight taken back (fen)"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.REQUESTED
    )
    before_settlement = models.BooleanField(_("before settlement"), null=True, blank=True)
    restock = models.IntegerField(_("units put back"), default=0)
    asked_by_member = models.BooleanField(_("asked by the member"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    automatic = models.BooleanField(_("by rule, without a person"), default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decision_reason = models.CharField(_("reason of the decision"), max_length=200, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid back at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="approved"), name="refund_to_pay"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1)
                | Q(amount_fen=0, automatic=True, price_fen__gte=1 - F("freight_fen")),
                name="refund_amount_positive",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "refused"], price_fen=0, freight_fen=0)
                | Q(state__in=["approved", "paid"], amount_fen=F("goods_fen") + F("delivery_fen")),
                name="refund_says_what_it_is_of",
            ),
            models.CheckConstraint(
                condition=Q(goods_fen__gte=0, goods_fen__lte=F("price_fen"))
                & Q(delivery_fen__gte=0, delivery_fen__lte=F("freight_fen")),
                name="refund_within_what_is_taken_back",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "approved", "refused", "paid"]),
                name="refund_state_known",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(asked_by__isnull=True)
                | ~Q(decided_by=F("asked_by")),
                name="refund_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(asked_by_member=True) | Q(asked_by__isnull=False) | Q(automatic=True),
                name="refund_asked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="requested")
                | Q(decided_at__isnull=False) & (Q(decided_by__isnull=False) | Q(automatic=True)),
                name="refund_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"r{self.pk}"

    @property
    def subsidy_fen(self) -> int:
        """What goes back to the platform."""
        return self.price_fen - self.goods_fen + self.freight_fen - self.delivery_fen

    @property
    def key(self) -> str:
        """The refund's id in the engine's events."""
        return f"r{self.pk}"
