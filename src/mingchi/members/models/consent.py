"""What members were told before they joined; append-only (triggers)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mingchi.members.models.member import Member


class Disclosure(models.Model):
    """A text as it was shown, by the digest over it and its language."""

    digest = models.CharField(_("digest"), max_length=64, primary_key=True)
    language = models.CharField(_("language"), max_length=10)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")

    def __str__(self) -> str:
        return f"{self.language} {self.digest[:12]}"


class Consent(models.Model):
    """A member has read and understood a text, at that moment."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="consents", verbose_name=_("member")
    )
    disclosure = models.ForeignKey(
        Disclosure, models.PROTECT, related_name="consents", verbose_name=_("disclosure")
    )
    agreed_at = models.DateTimeField(_("read and understood"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"m{self.member_id} {self.disclosure_id[:12]}"
