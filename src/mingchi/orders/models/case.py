"""After-sales cases: goods or money back, or other goods, for one line."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.orders.models.order import Order, OrderLine
from mingchi.orders.models.refund import Refund

OPEN_CASE = [
    "opened",
    "asked",
    "declined",
    "appealed",
    "authorised",
    "goods_back",
    "inspected",
    "settled",
]


class AfterSalesCase(models.Model):
    """What a buyer wants after buying, for units of one line. Only `orders.cases` changes it, by
    the table in `orders.transitions`. Actors as in the audit log, `member:3` or `user:7`.

    Refund only: opened → authorised → settled → closed. With goods: authorised → goods back →
    inspected → settled. `settled`: the refund is on its way, or the replacement shipped. `asked`:
    the merchant wants to know more; `declined`: it said no, and the buyer may appeal; `appealed`:
    the platform decides. What each of them said is in `CaseEntry`.
    """

    class Kind(models.TextChoices):
        REFUND_ONLY = "refund_only", _("refund only")
        RETURN = "return", _("return and refund")
        EXCHANGE = "exchange", _("exchange")

    class State(models.TextChoices):
        OPENED = "opened", _("opened")
        ASKED = "asked", _("more is asked of the buyer")
        DECLINED = "declined", _("declined by the merchant")
        APPEALED = "appealed", _("the platform decides")
        AUTHORISED = "authorised", _("authorised")
        GOODS_BACK = "goods_back", _("goods are back")
        INSPECTED = "inspected", _("inspected")
        SETTLED = "settled", _("refunded or exchanged")
        CLOSED = "closed", _("case closed")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Cause(models.TextChoices):
        NO_REASON = "no_reason", _("seven days' return without a reason")
        CHANGED_MIND = "changed_mind", _("not wanted any more")
        NOT_RECEIVED = "not_received", _("never arrived")
        SHORT = "short", _("something is missing")
        WRONG_ITEM = "wrong_item", _("other goods than ordered")
        WRONG_SIZE = "wrong_size", _("does not fit")
        DAMAGED = "damaged", _("damaged on arrival")
        QUALITY = "quality", _("faulty")
        NOT_AS_DESCRIBED = "not_as_described", _("not as described")
        OTHER = "other", _("another reason")

    MERCHANT_PATH = "order__merchant"

    order = models.ForeignKey(Order, models.PROTECT, related_name="cases", verbose_name=_("order"))
    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="cases", verbose_name=_("order line")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPENED)
    units = models.IntegerField(_("units"))
    amount_fen = models.BigIntegerField(_("amount to refund (fen)"), default=0)
    cause = models.CharField(_("cause"), max_length=16, choices=Cause.choices, default=Cause.OTHER)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    answer = models.CharField(_("answer"), max_length=200, blank=True)
    opened_by = models.CharField(_("opened by"), max_length=40)
    opened_at = models.DateTimeField(_("opened at"))
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    arbitrated_by = models.CharField(_("arbitrated by"), max_length=40, blank=True)
    arbitrated_at = models.DateTimeField(_("arbitrated at"), null=True, blank=True)
    ruling = models.CharField(_("ruling"), max_length=200, blank=True)
    pending_note = models.CharField(_("internal note"), max_length=200, blank=True)
    return_by = models.DateTimeField(_("goods to be sent back by"), null=True, blank=True)
    carrier = models.CharField(_("carrier of the goods sent back"), max_length=40, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    sent_back_at = models.DateTimeField(_("sent back at"), null=True, blank=True)
    goods_back_at = models.DateTimeField(_("goods back at"), null=True, blank=True)
    inspected_by = models.CharField(_("inspected by"), max_length=40, blank=True)
    inspected_at = models.DateTimeField(_("inspected at"), null=True, blank=True)
    passed = models.BooleanField(_("inspection passed"), null=True, blank=True)
    restocked = models.IntegerField(_("units put back"), default=0)
    scrapped = models.IntegerField(_("units scrapped"), default=0)
    replacement = models.ForeignKey(
        Sku,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replacement"),
    )
    refund = models.OneToOneField(
        Refund,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="case",
        verbose_name=_("refund"),
    )
    settled_at = models.DateTimeField(_("refunded or exchanged at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("after-sales case")
        verbose_name_plural = _("after-sales cases")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(state__in=OPEN_CASE), name="case_one_open_a_line"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*OPEN_CASE, "closed", "refused", "withdrawn"])
                & Q(kind__in=["refund_only", "return", "exchange"]),
                name="case_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(opened_by="") & ~Q(decided_by=F("opened_by")),
                name="case_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(arbitrated_by="")
                | ~Q(arbitrated_by=F("decided_by")) & ~Q(arbitrated_by=F("opened_by")),
                name="case_arbitrated_by_another",
            ),
            models.CheckConstraint(
                condition=Q(units__gte=1, restocked__gte=0, scrapped__gte=0)
                & Q(units__gte=F("restocked") + F("scrapped")),
                name="case_units_add_up",
            ),
            models.CheckConstraint(
                condition=Q(kind="exchange", amount_fen=0)
                | ~Q(kind="exchange") & Q(amount_fen__gte=1),
                name="case_amount_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"a{self.pk}"
