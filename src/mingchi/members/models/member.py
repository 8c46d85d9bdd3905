"""Members of the shop, who brought them, and what staff appointed them to."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import masking

REGION = r"^[0-9]{6}$"


class Member(models.Model):
    """Somebody who buys. The sponsor is set at joining; a trigger refuses any later change but
    the audited one of `usecases.bind_sponsor`."""

    phone = models.CharField(_("phone"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=60)
    password = models.CharField(_("password hash"), max_length=128)
    invitation_code = models.CharField(_("invitation code"), max_length=8, unique=True)
    sponsor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="direct_members",
        verbose_name=_("sponsor"),
    )
    region = models.CharField(_("region code"), max_length=6, null=True, blank=True)
    is_demo = models.BooleanField(_("demo account"), default=False)
    is_frozen = models.BooleanField(_("payouts frozen"), default=False)
    is_read_only = models.BooleanField(_("may only look"), default=False)
    joined_at = models.DateTimeField(_("joined"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(sponsor=F("id")), name="member_not_own_sponsor"),
            models.CheckConstraint(
                condition=Q(region__isnull=True) | Q(region__regex=REGION),
                name="member_region_six_digits",
            ),
            models.CheckConstraint(
                condition=Q(phone__regex=r"^\+?[0-9]{6,15}$"), name="member_phone_normalised"
            ),
        ]

    def __str__(self) -> str:
        return f"m{self.pk} {self.masked_phone}"

    @property
    def masked_phone(self) -> str:
        """The phone as lists, pages and logs may show it: 138****8000."""
        return masking.phone(self.phone)


class Address(models.Model):
    """Where a member has goods sent. `area_name` is what the area was called when it was chosen:
    it is shown where the code has ceased to exist since. Changes in `members.addresses` only."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="addresses", verbose_name=_("member")
    )
    name = models.CharField(_("recipient"), max_length=60)
    phone = models.CharField(_("phone"), max_length=16)
    region = models.CharField(_("region code"), max_length=6)
    area_name = models.CharField(_("area as it was chosen"), max_length=100)
    detail = models.CharField(_("address"), max_length=120)
    label = models.CharField(_("label"), max_length=20, blank=True)
    is_default = models.BooleanField(_("default address"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("delivery address")
        verbose_name_plural = _("delivery addresses")
        ordering = ["-is_default", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(is_default=True), name="address_one_default"
            ),
            models.CheckConstraint(
                condition=Q(region__regex=REGION), name="address_region_six_digits"
            ),
            models.CheckConstraint(
                condition=Q(phone__regex=r"^\+?[0-9]{6,15}$"), name="address_phone_normalised"
            ),
        ]

    def __str__(self) -> str:
        return f"a{self.pk} {masking.phone(self.phone)}"


class MemberToken(models.Model):
    """A sign-in of a member. We keep the digest; the token itself only the member has."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="tokens", verbose_name=_("member")
    )
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("member sign-in")
        verbose_name_plural = _("member sign-ins")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"token {self.pk}"


class SignInCode(models.Model):
    """The code last sent to a telephone, for signing in once. Neither stands here: only their
    digests do."""

    phone_digest = models.CharField(_("digest of the phone"), max_length=64, primary_key=True)
    digest = models.CharField(_("digest"), max_length=64)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("sign-in code")
        verbose_name_plural = _("sign-in codes")

    def __str__(self) -> str:
        return "sign-in code"


class SponsorChange(models.Model):
    """A sponsor bound anew by staff: event `b<pk>`."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="sponsor_changes", verbose_name=_("member")
    )
    before = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("former sponsor")
    )
    after = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("new sponsor")
    )
    reason = models.CharField(_("reason"), max_length=200)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("sponsor change")
        verbose_name_plural = _("sponsor changes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"b{self.pk}"


class RankChange(models.Model):
    """A rank set by staff, up or down: event `k<pk>`. No rank is null."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="rank_changes", verbose_name=_("member")
    )
    rank = models.CharField(_("rank"), max_length=60, null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("rank set by hand")
        verbose_name_plural = _("ranks set by hand")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"k{self.pk}"


class AgentAppointment(models.Model):
    """A member made the agent of a province (2 digits), city (4) or district (6): event `g<pk>`.
    A later appointment for the same region replaces the former."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="agent_appointments", verbose_name=_("member")
    )
    region = models.CharField(_("region code"), max_length=6)
    appointed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("appointed by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("regional agent")
        verbose_name_plural = _("regional agents")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(region__regex=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$"),
                name="agent_region_two_four_or_six_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"g{self.pk} {self.region}"


class ShareholderAppointment(models.Model):
    """A member's weight in the dividends: event `h<pk>`. A later one replaces the weight."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="shareholder_appointments", verbose_name=_("member")
    )
    weight = models.BigIntegerField(_("weight"))
    appointed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("appointed by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("shareholder")
        verbose_name_plural = _("shareholders")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=10**15), name="shareholder_weight_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"h{self.pk}"
