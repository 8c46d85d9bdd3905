"""What was said and done in an after-sales case, and the pictures shown with it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Image
from mingchi.orders.models.case import AfterSalesCase


class CaseEntry(models.Model):
    """One thing in a case's history, append-only. Buyer and merchant see act, side, words and
    pictures; `actor` and `note` are for staff only."""

    class Act(models.TextChoices):
        OPENED = "opened", _("asked for it")
        CHOSE = "chose", _("wants in exchange")
        SAID = "said", _("said")
        NOTED = "noted", _("noted")
        AGREED = "agreed", _("agreed")
        DECLINED = "declined", _("declined")
        ASKED = "asked", _("asked for more")
        UNANSWERED = "unanswered", _("not answered in time: agreed")
        APPEALED = "appealed", _("appealed")
        FOR_MEMBER = "for_member", _("decided for the buyer")
        FOR_MERCHANT = "for_merchant", _("decided for the merchant")
        SENT_BACK = "sent_back", _("sent the goods back")
        GOODS_BACK = "goods_back", _("goods are back")
        PASSED = "passed", _("inspection passed")
        FAILED = "failed", _("inspection failed")
        REFUNDED = "refunded", _("refunded")
        EXCHANGED = "exchanged", _("replacement sent")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CLOSED = "closed", _("case closed")

    class Side(models.TextChoices):
        MEMBER = "member", _("the buyer")
        MERCHANT = "merchant", _("the merchant")
        PLATFORM = "platform", _("the platform")
        SYSTEM = "system", _("by itself")

    MERCHANT_PATH = "case__order__merchant"

    case = models.ForeignKey(
        AfterSalesCase, models.PROTECT, related_name="entries", verbose_name=_("case")
    )
    act = models.CharField(_("what"), max_length=12, choices=Act.choices)
    side = models.CharField(_("who"), max_length=10, choices=Side.choices)
    actor = models.CharField(_("by"), max_length=40)
    words = models.CharField(_("words"), max_length=500, blank=True)
    note = models.CharField(_("internal note"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("entry of a case")
        verbose_name_plural = _("entries of cases")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(note="") | ~Q(side="member"), name="case_entry_note_of_staff"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} · {self.act}"


class CasePicture(models.Model):
    """A picture shown in a case, in its place."""

    MERCHANT_PATH = "entry__case__order__merchant"

    entry = models.ForeignKey(
        CaseEntry, models.PROTECT, related_name="pictures", verbose_name=_("entry")
    )
    image = models.ForeignKey(Image, models.PROTECT, related_name="+", verbose_name=_("picture"))
    position = models.PositiveSmallIntegerField(_("position"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture of a case")
        verbose_name_plural = _("pictures of cases")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="case_picture_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} · {self.position}"
