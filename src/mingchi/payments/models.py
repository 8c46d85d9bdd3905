"""Payments by attempt, the gateway's notices as they came, and money sent back."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.orders.models import Checkout, Order, Refund


class Payment(models.Model):
    """One attempt to pay the orders of a checkout that wait for their money, each with its part.
    `refunded_fen` counts refunds in transit too. It may be of several merchants, each of whom sees
    its part.

    An attempt that nobody may pay any more is closed at the gateway; should the gateway say later
    that it was paid all the same, it counts as paid. `watch_at`: when the worker looks next at
    one that is open; `paid_at` is our time, `gateway_at` the gateway's.
    """

    class State(models.TextChoices):
        CREATED = "created", _("waiting")
        PAID = "paid", _("paid")
        CLOSED = "closed", _("closed")

    checkout = models.ForeignKey(
        Checkout, models.PROTECT, related_name="payments", verbose_name=_("checkout")
    )
    gateway = models.CharField(_("gateway"), max_length=20)
    out_trade_no = models.CharField(_("our number"), max_length=40, unique=True)
    gateway_no = models.CharField(_("gateway's number"), max_length=80, blank=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    refunded_fen = models.BigIntegerField(_("sent back (fen)"), default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CREATED
    )
    channel = models.CharField(_("channel"), max_length=16, blank=True)
    expires_at = models.DateTimeField(_("may be paid until"), null=True, blank=True)
    watch_at = models.DateTimeField(_("looked at next"), null=True, blank=True)
    looks = models.IntegerField(_("times asked of the gateway"), default=0)
    closing = models.BooleanField(_("being closed"), default=False)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    gateway_at = models.DateTimeField(_("paid, by the gateway's clock"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

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
                condition=Q(state__in=["created", "closed"], paid_at__isnull=True, refunded_fen=0)
                | Q(state="paid", paid_at__isnull=False),
                name="payment_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="created"), name="payment_open"),
            models.Index(fields=["gateway", "paid_at"], name="payment_of_day"),
        ]

    def __str__(self) -> str:
        return self.out_trade_no


class PaymentPart(models.Model):
    """What of a payment is for one order. Once paid it is kept, where the order waited for just
    this amount, or sent back; an order is paid by one part."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        KEPT = "kept", _("kept")
        SENT_BACK = "sent_back", _("money sent back")

    MERCHANT_PATH = "order__merchant"

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="parts", verbose_name=_("payment")
    )
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="payment_parts", verbose_name=_("order")
    )
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("part of a payment")
        verbose_name_plural = _("parts of payments")
        ordering = ["payment_id", "order_id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "order"], name="payment_part_once"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="kept"), name="payment_part_pays_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=0, state__in=["open", "kept", "sent_back"]),
                name="payment_part_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment} · {self.order}"


class GatewayNotice(models.Model):
    """What came in at the gateway's callback, kept as it came, believed or not."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("applied")
        DUPLICATE = "duplicate", _("came before")
        SENT_BACK = "sent_back", _("money sent back")
        REFUSED = "refused", _("refused")
        NOTHING = "nothing", _("told nothing new")

    gateway = models.CharField(_("gateway"), max_length=20)
    body = models.TextField(_("body"))
    headers = models.JSONField(_("headers"), default=dict)
    verified = models.BooleanField(_("signature holds"), default=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    number = models.CharField(_("our number"), max_length=64, blank=True)
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
    """Money of a payment on its way back: for a refund, or because nobody owed an order's part."""

    class State(models.TextChoices):
        PENDING = "pending", _("under way")
        PAID = "paid", _("sent back")
        FAILED = "failed", _("failed")

    MERCHANT_PATH = "order__merchant"

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="payment_refunds", verbose_name=_("order")
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
    try_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    gateway_no = models.CharField(_("gateway's number"), max_length=80, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    paid_at = models.DateTimeField(_("sent back at"), null=True, blank=True)
    gateway_at = models.DateTimeField(_("sent back, by the gateway's clock"), null=True, blank=True)
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

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("payment")
        REFUND = "refund", _("refund")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PAYMENT)
    number = models.CharField(_("our number"), max_length=40, unique=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    dealt_at = models.DateTimeField(_("done at"), default=clock.now)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("deal of the sandbox")
        verbose_name_plural = _("deals of the sandbox")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class BillDay(models.Model):
    """What a gateway said of a day (Asia/Shanghai), compared with our books. Compared again, it
    is filled anew; what staff noted at its differences stays."""

    gateway = models.CharField(_("gateway"), max_length=20)
    day = models.DateField(_("day"))
    balanced = models.BooleanField(_("balanced"))
    lines = models.IntegerField(_("lines"), default=0)
    payments_fen = models.BigIntegerField(_("payments (fen)"), default=0)
    refunds_fen = models.BigIntegerField(_("refunds (fen)"), default=0)
    transfers_fen = models.BigIntegerField(_("transfers (fen)"), default=0)
    fee_fen = models.BigIntegerField(_("fees kept (fen)"), default=0)
    fee_entries = models.IntegerField(_("entries of fees"), default=0)
    fee_booked_fen = models.BigIntegerField(_("fees booked (fen)"), default=0)
    compared_at = models.DateTimeField(_("compared at"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("gateway bill")
        verbose_name_plural = _("gateway bills")
        ordering = ["-day", "gateway"]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "day"], name="bill_one_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.day}"


class BillLine(models.Model):
    """One payment, refund or transfer of a bill, as the gateway gave it."""

    bill = models.ForeignKey(
        BillDay, models.CASCADE, related_name="rows", verbose_name=_("gateway bill")
    )
    kind = models.CharField(_("kind"), max_length=10)
    number = models.CharField(_("our number"), max_length=64, db_index=True)
    gateway_no = models.CharField(_("gateway's number"), max_length=80)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    fee_fen = models.BigIntegerField(_("fee (fen)"))
    at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        verbose_name = _("line of a bill")
        verbose_name_plural = _("lines of bills")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class BillDifference(models.Model):
    """Where a bill and our books differ. `row` names ours (`payment:12`); `gone_at`: a later
    comparison no longer found it."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("not in our books")
        MISSING_THERE = "missing_there", _("not in the bill")
        AMOUNT = "amount", _("amounts differ")
        UNBOOKED = "unbooked", _("done there, not here")
        UNOWED = "unowed", _("not owed, or not all of it; sent back")
        TWICE = "twice", _("twice in the bill")
        SUMS = "sums", _("the bill's own sums are wrong")

    class About(models.TextChoices):
        PAYMENT = "payment", _("payment")
        REFUND = "refund", _("refund")
        TRANSFER = "transfer", _("transfer")
        FEE = "fee", _("fee")

    bill = models.ForeignKey(
        BillDay, models.PROTECT, related_name="differences", verbose_name=_("gateway bill")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    about = models.CharField(_("about"), max_length=10, choices=About.choices)
    number = models.CharField(_("our number"), max_length=64, blank=True)
    gateway_no = models.CharField(_("gateway's number"), max_length=80, blank=True)
    gateway_fen = models.BigIntegerField(_("by the gateway (fen)"), null=True)
    our_fen = models.BigIntegerField(_("by our books (fen)"), null=True)
    row = models.CharField(_("our row"), max_length=40, blank=True)
    looked_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("looked at by"),
    )
    looked_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    gone_at = models.DateTimeField(_("gone since"), null=True, blank=True)
    created_at = models.DateTimeField(_("found at"), auto_now_add=True)

    class Meta:
        verbose_name = _("difference to a bill")
        verbose_name_plural = _("differences to bills")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(looked_at__isnull=True, gone_at__isnull=True),
                name="difference_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "kind", "about", "number"], name="difference_listed_once"
            ),
            models.CheckConstraint(
                condition=Q(looked_by__isnull=True, looked_at__isnull=True, note="")
                | Q(looked_by__isnull=False, looked_at__isnull=False) & ~Q(note=""),
                name="difference_looked_at_with_note",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}".strip()
