"""Reviews and their pictures."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Image, Product
from mingchi.members.models import Member
from mingchi.orders.models import OrderLine

MOST_CHARACTERS: Final = 500
"""Of what a member writes, of an answer."""


class Review(models.Model):
    """What the buyer of a line says of it. Only `reviews.services` writes; the words stay as they
    were written. `hidden_reason` is the staff's own note, `hidden_cause` what the member is told.
    """

    class Cause(models.TextChoices):
        UNLAWFUL = "unlawful", _("unlawful")
        ABUSE = "abuse", _("abuse or threats")
        PERSONAL_DATA = "personal_data", _("somebody's personal data")
        ADVERTISING = "advertising", _("advertising")
        UNRELATED = "unrelated", _("nothing to do with the goods")

    MERCHANT_PATH = "product__merchant"

    line = models.OneToOneField(
        OrderLine, models.PROTECT, related_name="review", verbose_name=_("order line")
    )
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        db_index=False,
        related_name="reviews",
        verbose_name=_("product"),
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        db_index=False,
        related_name="reviews",
        verbose_name=_("member"),
    )
    stars = models.PositiveSmallIntegerField(_("stars"))
    text = models.CharField(_("text"), max_length=MOST_CHARACTERS, blank=True)
    has_pictures = models.BooleanField(_("with pictures"), default=False)
    reviewed_at = models.DateTimeField(_("reviewed at"))
    addition = models.CharField(_("added later"), max_length=MOST_CHARACTERS, blank=True)
    added_at = models.DateTimeField(_("added at"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=MOST_CHARACTERS, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=40, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    hidden_cause = models.CharField(
        _("hidden for"), max_length=15, choices=Cause.choices, blank=True
    )
    hidden_reason = models.CharField(_("internal note"), max_length=200, blank=True)
    hidden_by = models.CharField(_("hidden by"), max_length=40, blank=True)
    hidden_at = models.DateTimeField(_("hidden at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["product", "-id"], condition=Q(hidden_at=None), name="review_shown"
            ),
            models.Index(fields=["member", "-id"], name="review_of_member"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(stars__gte=1, stars__lte=5), name="review_stars_one_to_five"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_by="", answered_at=None)
                | ~Q(answer="") & ~Q(answered_by="") & Q(answered_at__isnull=False),
                name="review_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(hidden_cause="", hidden_reason="", hidden_by="", hidden_at=None)
                | ~Q(hidden_cause="")
                & ~Q(hidden_reason="")
                & ~Q(hidden_by="")
                & Q(hidden_at__isnull=False),
                name="review_hidden_with_a_cause",
            ),
            models.CheckConstraint(
                condition=Q(added_at__isnull=False) | Q(addition=""), name="review_added_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stars}★ {self.text[:20]}"


class ReviewPicture(models.Model):
    """A picture of a review, or of what was added later, in its place."""

    MERCHANT_PATH = "review__product__merchant"

    review = models.ForeignKey(
        Review, models.CASCADE, related_name="pictures", verbose_name=_("review")
    )
    image = models.ForeignKey(Image, models.PROTECT, related_name="+", verbose_name=_("picture"))
    is_addition = models.BooleanField(_("added later"), default=False)
    position = models.PositiveSmallIntegerField(_("position"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture of a review")
        verbose_name_plural = _("pictures of reviews")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "is_addition", "position"], name="review_picture_place_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} · {self.position}"
