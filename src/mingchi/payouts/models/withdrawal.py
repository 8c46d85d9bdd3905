"""Points turned into money, and money on its way out."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.models import Proposal
from mingchi.members.models import Member


class Redemption(models.Model):
    """A member's wish to redeem points: event `d<pk>`. What came of it stands in the event's
    result; `points_upt` null means all. `quoted_net_fen` is what the member was shown: nobody
    gets less."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="redemptions", db_index=False, verbose_name=_("member")
    )
    points_upt = models.BigIntegerField(_("points (micro-points)"), null=True, blank=True)
    quoted_net_fen = models.BigIntegerField(_("quoted net (fen)"))
    asked_at = models.DateTimeField(_("asked at"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(points_upt__isnull=True) | Q(points_upt__gte=1),
                name="redemption_points_positive",
            ),
            models.CheckConstraint(
                condition=Q(quoted_net_fen__gte=0), name="redemption_quote_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"d{self.pk}"

    @property
    def key(self) -> str:
        """The redemption's id in the engine's events."""
        return f"d{self.pk}"


class Withdrawal(models.Model):
    """Money a member takes out of the wallet: reserved when asked for, booked when approved by
    staff (the proposal), paid by the bank, or through a payment gateway (`gateway`, `payee` the
    member's id there, at one of our apps where there are several) by a transfer."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        SENDING = "sending", _("on its way")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="withdrawals", db_index=False, verbose_name=_("member")
    )
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    proposal = models.OneToOneField(
        Proposal, models.PROTECT, related_name="withdrawal", verbose_name=_("proposal")
    )
    gateway = models.CharField(_("gateway"), max_length=20, blank=True)
    payee = models.CharField(_("payee's account there"), max_length=100, blank=True)
    payee_app = models.CharField(_("app at WeChat"), max_length=32, blank=True)
    payee_name = models.CharField(_("payee's name"), max_length=60, blank=True)
    transfer_no = models.CharField(_("transfer number"), max_length=40, unique=True, null=True)
    asked_at = models.DateTimeField(_("asked at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member", "-id"]),
            models.Index(fields=["id"], condition=Q(state="approved"), name="withdrawal_to_pay"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1, amount_fen__lte=10**12),
                name="withdrawal_amount_in_range",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["asked", "approved", "refused", "sending", "paid", "failed"]
                ),
                name="withdrawal_state_known",
            ),
            models.CheckConstraint(
                condition=Q(gateway="", payee="") | ~Q(gateway="") & ~Q(payee=""),
                name="withdrawal_payee_at_a_gateway",
            ),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(decided_at__isnull=False),
                name="withdrawal_decided_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"w{self.pk}"

    @property
    def masked_payee(self) -> str:
        """The payee's account as lists and pages may show it: its first and last two signs."""
        return f"{self.payee[:2]}****{self.payee[-2:]}" if self.payee else ""


class Transfer(models.Model):
    """One try to pay a withdrawal through a gateway, under a number of its own.

    Created, then sent (the gateway has it) or waiting (its receiver has to confirm, with what
    `confirm` holds); it ends as paid, expired (not taken in time: the money is in the wallet
    again) or failed (refused for good: staff decide what next).
    """

    class State(models.TextChoices):
        CREATED = "created", _("to be sent")
        SENT = "sent", _("under way")
        WAITING = "waiting", _("waits for the receiver")
        PAID = "paid", _("paid")
        EXPIRED = "expired", _("not taken")
        FAILED = "failed", _("failed")

    OPEN = (State.CREATED, State.SENT, State.WAITING)

    withdrawal = models.ForeignKey(
        Withdrawal, models.PROTECT, related_name="transfers", verbose_name=_("withdrawal")
    )
    gateway = models.CharField(_("gateway"), max_length=20)
    out_transfer_no = models.CharField(_("our number"), max_length=32, unique=True)
    gateway_no = models.CharField(_("gateway's number"), max_length=80, blank=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CREATED
    )
    confirm = models.JSONField(_("what the receiver's device needs"), default=dict, blank=True)
    error = models.CharField(_("error"), max_length=60, blank=True)
    tries = models.IntegerField(_("times asked of the gateway"), default=0)
    try_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    gateway_at = models.DateTimeField(_("ended, by the gateway's clock"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["created", "sent", "waiting"]),
                name="transfer_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["withdrawal"],
                condition=Q(state__in=["created", "sent", "waiting", "paid"]),
                name="transfer_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["created", "sent", "waiting"], ended_at__isnull=True)
                | Q(state__in=["paid", "expired", "failed"], ended_at__isnull=False),
                name="transfer_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.out_transfer_no
