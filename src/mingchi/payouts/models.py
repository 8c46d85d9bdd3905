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
    staff (the proposal), paid by the bank."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
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
                condition=Q(state__in=["asked", "approved", "refused", "paid", "failed"]),
                name="withdrawal_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(decided_at__isnull=False),
                name="withdrawal_decided_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"w{self.pk}"
