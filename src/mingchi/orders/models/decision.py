"""What people decided about an order: reviews, finance's word, changes of price."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import MAX_FEN
from mingchi.orders.models.order import Order, OrderLine


class OrderDecision(models.Model):
    """One decision of one person about an order; the latest of a kind counts. Never changed."""

    class Kind(models.TextChoices):
        REVIEW = "review", _("review")
        FINANCE = "finance", _("finance confirmation")

    MERCHANT_PATH = "order__merchant"

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="decisions", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    approved = models.BooleanField(_("approved"))
    actor = models.CharField(_("decided by"), max_length=40)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    key = models.CharField(_("idempotency key"), max_length=80)
    decided_at = models.DateTimeField(_("decided at"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("decision about an order")
        verbose_name_plural = _("decisions about orders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind", "key"], name="order_decision_taken_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["review", "finance"]), name="order_decision_kind_known"
            ),
            models.CheckConstraint(condition=~Q(actor=""), name="order_decision_taken_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.order}"


class PriceChange(models.Model):
    """Another unit price for a line, asked by one of staff and decided by another before the order
    is paid. Only `orders.price_changes` writes it. Actors as in the audit log, `user:7`."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    MERCHANT_PATH = "line__order__merchant"

    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="price_changes", verbose_name=_("order line")
    )
    from_fen = models.BigIntegerField(_("unit price before (fen)"))
    to_fen = models.BigIntegerField(_("unit price after (fen)"))
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.CharField(_("asked by"), max_length=40)
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(state="asked"), name="price_change_one_open_a_line"
            ),
            models.CheckConstraint(
                condition=~Q(asked_by="") & ~Q(decided_by=F("asked_by")),
                name="price_change_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by="", decided_at__isnull=True)
                | Q(state__in=["approved", "refused"], decided_at__isnull=False)
                & ~Q(decided_by=""),
                name="price_change_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(from_fen__gte=1, to_fen__gte=1, to_fen__lte=MAX_FEN),
                name="price_change_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.from_fen} → {self.to_fen}"
