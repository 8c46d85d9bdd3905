"""What a merchant earned, period by period, and its money on its way out."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, OrderLine


class MerchantAccount(models.Model):
    """Where a merchant's money is sent: a bank account, stated anew and never changed, so that a
    payout goes where it was proposed to go. Shown masked, but to who pays."""

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="bank_accounts", verbose_name=_("merchant")
    )
    holder = models.CharField(_("account holder"), max_length=80)
    bank = models.CharField(_("bank and branch"), max_length=80)
    number = models.CharField(_("account number"), max_length=32)
    set_by = models.CharField(_("stated by"), max_length=40)
    set_at = models.DateTimeField(_("stated at"))
    retired_at = models.DateTimeField(_("not used since"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("merchant's bank account")
        verbose_name_plural = _("merchants' bank accounts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant"], condition=Q(retired_at=None), name="merchant_account_one"
            ),
            models.CheckConstraint(
                condition=Q(number__regex="^[0-9]{8,32}$"), name="merchant_account_digits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.masked_number}"

    @property
    def masked_number(self) -> str:
        """The last four digits."""
        return f"**** {self.number[-4:]}"


class MerchantStatement(models.Model):
    """What moved on a merchant's account in the ledger until the end of a period; once written it
    never changes. What comes later, or late, stands in the next one."""

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        db_index=False,
        related_name="statements",
        verbose_name=_("merchant"),
    )
    number = models.PositiveIntegerField(_("number"))
    period = models.CharField(_("period"), max_length=10)
    until = models.DateTimeField(_("until"))
    opening_fen = models.BigIntegerField(_("opening balance (fen)"))
    sales_fen = models.BigIntegerField(_("earned by sales (fen)"))
    refunds_fen = models.BigIntegerField(_("taken back by refunds (fen)"))
    freight_fen = models.BigIntegerField(_("freight (fen)"), default=0)
    payouts_fen = models.BigIntegerField(_("paid out (fen)"))
    other_fen = models.BigIntegerField(_("other (fen)"))
    closing_fen = models.BigIntegerField(_("closing balance (fen)"))
    closed_by = models.CharField(_("closed by"), max_length=40)
    closed_at = models.DateTimeField(_("closed at"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("merchant's statement")
        verbose_name_plural = _("merchants' statements")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "number"], name="merchant_statement_number_once"
            ),
            models.UniqueConstraint(
                fields=["merchant", "until"], name="merchant_statement_period_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    closing_fen=F("opening_fen")
                    + F("sales_fen")
                    + F("refunds_fen")
                    + F("freight_fen")
                    + F("payouts_fen")
                    + F("other_fen")
                ),
                name="merchant_statement_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} · {self.number}"


class MerchantStatementLine(models.Model):
    """One posting on the merchant's account, explained. Of a sale: goods less what coupons took
    off, and the subsidy by which the platform pays for its own, less what was given back before
    settlement, less the platform's share (its own, the pool's and the awards') is what was earned.
    Of a refund likewise, all with the sign turned. Freight stands on lines of its own."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")
        FREIGHT = "freight", _("freight")
        PAYOUT = "payout", _("payout")
        OTHER = "other", _("other")

    MERCHANT_PATH = "statement__merchant"

    statement = models.ForeignKey(
        MerchantStatement, models.PROTECT, related_name="lines", verbose_name=_("statement")
    )
    posting = models.BigIntegerField(_("posting"), unique=True)
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="+", verbose_name=_("order")
    )
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, related_name="+", verbose_name=_("order line")
    )
    goods_fen = models.BigIntegerField(_("goods (fen)"), default=0)
    coupons_fen = models.BigIntegerField(_("taken off by coupons (fen)"), default=0)
    subsidy_fen = models.BigIntegerField(_("paid by the platform's coupons (fen)"), default=0)
    returned_fen = models.BigIntegerField(_("refunded (fen)"), default=0)
    share_fen = models.BigIntegerField(_("platform's share (fen)"), default=0)
    amount_fen = models.BigIntegerField(_("on the account (fen)"))
    note = models.CharField(_("what for"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("line of a merchant's statement")
        verbose_name_plural = _("lines of merchants' statements")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["freight", "payout", "other"], goods_fen=0, share_fen=0)
                & Q(coupons_fen=0, subsidy_fen=0, returned_fen=0)
                | Q(
                    kind__in=["sale", "refund"],
                    amount_fen=F("goods_fen")
                    - F("coupons_fen")
                    + F("subsidy_fen")
                    - F("returned_fen")
                    - F("share_fen"),
                ),
                name="merchant_statement_line_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen}"


class MerchantPayout(models.Model):
    """Money sent to a merchant: reserved when one proposes it, booked when another approves, paid
    by a bank transfer that somebody made."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="payouts", verbose_name=_("merchant")
    )
    account = models.ForeignKey(
        MerchantAccount, models.PROTECT, related_name="payouts", verbose_name=_("bank account")
    )
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.CharField(_("asked by"), max_length=40)
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    transfer_no = models.CharField(_("transfer number"), max_length=40, unique=True, null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("payout to a merchant")
        verbose_name_plural = _("payouts to merchants")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1, amount_fen__lte=10**12),
                name="merchant_payout_in_range",
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("asked_by")),
                name="merchant_payout_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by="")
                | Q(state__in=["approved", "refused", "paid", "failed"]) & ~Q(decided_by=""),
                name="merchant_payout_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"mp{self.pk}"
