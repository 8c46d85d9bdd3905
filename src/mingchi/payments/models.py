"""Payments by attempt, the gateway's notices as they came, and money sent back."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.orders.models import Order, Refund


class Payment(models.Model):
    """One attempt to pay an order. `refunded_fen` counts refunds in transit too."""

    class State(models.TextChoices):
        CREATED = "created", _("waiting")
        PAID = "paid", _("paid")

    MERCHANT_PATH = "order__merchant"

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="payments", verbose_name=_("order")
    )
    gateway = models.CharField(_("gateway"), max_length=20)
    out_trade_no = models.CharField(_("our number"), max_length=40, unique=True)
    gateway_no = models.CharField(_("gateway's number"), max_length=80, blank=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    refunded_fen = models.BigIntegerField(_("sent back (fen)"), default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CREATED
    )
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1, refunded_fen__gte=0)
                & Q(refunded_fen__lte=F("amount_fen")),
                name="payment_refunds_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="created", paid_at__isnull=True, refunded_fen=0)
                | Q(state="paid", paid_at__isnull=False),
                name="payment_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.out_trade_no


class GatewayNotice(models.Model):
    """What came in at the gateway's callback, kept as it came, believed or not."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("applied")
        DUPLICATE = "duplicate", _("came before")
        SENT_BACK = "sent_back", _("money sent back")
        REFUSED = "refused", _("refused")

    gateway = models.CharField(_("gateway"), max_length=20)
    body = models.TextField(_("body"))
    headers = models.JSONField(_("headers"), default=dict)
    verified = models.BooleanField(_("signature holds"), default=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    error = models.CharField(_("error"), max_length=60, blank=True)
    payment = models.ForeignKey(
        Payment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("payment"),
    )
    received_at = models.DateTimeField(_("received"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("gateway notice")
        verbose_name_plural = _("gateway notices")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.gateway} {self.pk}"


class PaymentRefund(models.Model):
    """Money of a payment on its way back: for a refund, or because nobody owed it."""

    class State(models.TextChoices):
        PENDING = "pending", _("under way")
        PAID = "paid", _("sent back")
        FAILED = "failed", _("failed")

    MERCHANT_PATH = "payment__order__merchant"

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    refund = models.ForeignKey(
        Refund,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payment_refunds",
        verbose_name=_("refund"),
    )
    out_refund_no = models.CharField(_("our number"), max_length=40, unique=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    reason = models.CharField(_("reason"), max_length=60)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    tries = models.IntegerField(_("times asked of the gateway"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)
    paid_at = models.DateTimeField(_("sent back at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("money sent back")
        verbose_name_plural = _("money sent back")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state="pending"), name="payment_refund_to_send"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1), name="payment_refund_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "paid", "failed"]),
                name="payment_refund_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.out_refund_no


class SandboxDeal(models.Model):
    """The sandbox gateway's own book: what it took and gave back, under our numbers. It answers
    questions about them as a real gateway would."""

    number = models.CharField(_("our number"), max_length=40, unique=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("deal of the sandbox")
        verbose_name_plural = _("deals of the sandbox")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number
