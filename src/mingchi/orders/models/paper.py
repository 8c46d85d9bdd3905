"""What is written for the buyer: invoices asked for, messages sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.members.models import Member
from mingchi.orders.models.order import Order


class InvoiceRequest(models.Model):
    """An invoice (fapiao) that the buyer wants: a record for finance, who issue it elsewhere."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        ISSUED = "issued", _("issued")
        WITHDRAWN = "withdrawn", _("withdrawn")

    MERCHANT_PATH = "order__merchant"

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="invoice_request", verbose_name=_("order")
    )
    title = models.CharField(_("invoice title"), max_length=100)
    tax_number = models.CharField(_("taxpayer number"), max_length=20, blank=True)
    email = models.CharField(_("e-mail"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    number = models.CharField(_("invoice number"), max_length=40, blank=True)
    issued_by = models.CharField(_("issued by"), max_length=40, blank=True)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("invoice request")
        verbose_name_plural = _("invoice requests")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "withdrawn"])
                | Q(state="issued", issued_at__isnull=False) & ~Q(number=""),
                name="invoice_request_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Notification(models.Model):
    """A message to a member, about an order as a rule; the sandbox writes down that it was sent, no
    more."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")

    MERCHANT_PATH = "order__merchant"

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="notifications", verbose_name=_("member")
    )
    order = models.ForeignKey(
        Order,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notifications",
        verbose_name=_("order"),
    )
    text = models.CharField(_("text"), max_length=300)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    key = models.CharField(_("idempotency key"), max_length=80)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="notification_to_send"),
            models.Index(fields=["member", "-id"], name="notification_of_member"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "member", "key"],
                name="notification_written_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", sent_at__isnull=True)
                | Q(state="sent", sent_at__isnull=False),
                name="notification_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.text
