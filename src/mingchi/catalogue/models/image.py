"""Pictures, as we made them of what was uploaded."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mingchi.members.models import Member
from mingchi.merchants.models import Merchant


class Image(models.Model):
    """A picture that belongs to a merchant, to a member, or (neither) to the platform.

    Its files are named by the digest of what we wrote, never by the uploader, and are never
    changed: `catalogue.images` keeps them. `uploads` is how often its owner uploaded it, `used_at`
    when last.
    """

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="images",
        verbose_name=_("merchant"),
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="images",
        verbose_name=_("member"),
    )
    digest = models.CharField(_("digest"), max_length=64)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploads = models.PositiveIntegerField(_("times uploaded"), db_default=1)
    used_at = models.DateTimeField(_("last uploaded"), db_default=Now())
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "merchant", "member"], name="image_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(merchant__isnull=True) | Q(member__isnull=True),
                name="image_of_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex="^[0-9a-f]{64}$"), name="image_digest_sha256"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.width}×{self.height}"
