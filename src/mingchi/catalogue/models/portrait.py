"""Pictures of members."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.image import Image
from mingchi.members.models import Member


class Portrait(models.Model):
    """What a member shows beside their name. Changes in `usecases.keep_portrait` only."""

    member = models.OneToOneField(
        Member, models.CASCADE, related_name="portrait", verbose_name=_("member")
    )
    image = models.ForeignKey(Image, models.PROTECT, related_name="+", verbose_name=_("picture"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("portrait")
        verbose_name_plural = _("portraits")

    def __str__(self) -> str:
        return f"m{self.member_id}"
