"""What a member keeps: favourites, and what they looked at."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.product import Product
from mingchi.members.models import Member


class Favourite(models.Model):
    """A product that a member wants to find again."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="favourites", verbose_name=_("member")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="favourites", verbose_name=_("product")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "product"], name="favourite_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.product_id}"


class Visit(models.Model):
    """A product that a member looked at, and when last."""

    member = models.ForeignKey(
        Member, models.CASCADE, db_index=False, related_name="visits", verbose_name=_("member")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    visited_at = models.DateTimeField(_("looked at"))

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-visited_at"]
        indexes = [models.Index(fields=["member", "-visited_at"], name="visit_latest")]
        constraints = [
            models.UniqueConstraint(fields=["member", "product"], name="visit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.product_id}"
