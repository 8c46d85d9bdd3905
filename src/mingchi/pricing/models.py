"""Shipping templates and coupons."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import MAX_FEN, Product
from mingchi.foundation.models import Proposal
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant

PPM = 1_000_000


class ShippingTemplate(models.Model):
    """How a merchant charges for sending; goods that name no other go by the merchant's default.
    Its rules are stated anew as a whole, by `pricing.templates.save`."""

    class Unit(models.TextChoices):
        WEIGHT = "weight", _("by weight (g)")
        PIECE = "piece", _("by piece")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="shipping_templates", verbose_name=_("merchant")
    )
    name = models.CharField(_("name"), max_length=60)
    unit = models.CharField(_("charged"), max_length=10, choices=Unit.choices)
    is_default = models.BooleanField(_("merchant's default"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("shipping template")
        verbose_name_plural = _("shipping templates")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="shipping_name_once"),
            models.UniqueConstraint(
                fields=["merchant"],
                condition=Q(is_default=True),
                name="shipping_one_default_a_merchant",
            ),
            models.CheckConstraint(
                condition=Q(unit__in=["weight", "piece"]), name="shipping_unit_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ShippingRule(models.Model):
    """The fee of some regions (codes of 2, 4 or 6 digits), or that nothing is sent there. The rule
    without regions is the template's default."""

    MERCHANT_PATH = "template__merchant"

    template = models.ForeignKey(
        ShippingTemplate, models.CASCADE, related_name="rules", verbose_name=_("template")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    regions = models.JSONField(_("regions"), default=list, blank=True)
    is_delivered = models.BooleanField(_("sent there"), default=True)
    first_units = models.IntegerField(_("first units"), default=1)
    first_fen = models.BigIntegerField(_("first price (fen)"), default=0)
    additional_units = models.IntegerField(_("additional units"), default=1)
    additional_fen = models.BigIntegerField(_("additional price (fen)"), default=0)
    free_from_fen = models.BigIntegerField(_("free from (fen)"), null=True, blank=True)
    free_from_pieces = models.IntegerField(_("free from (pieces)"), null=True, blank=True)

    class Meta:
        verbose_name = _("shipping rule")
        verbose_name_plural = _("shipping rules")
        ordering = ["template_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["template", "position"], name="shipping_rule_place"),
            models.CheckConstraint(
                condition=Q(first_units__gte=1, additional_units__gte=1)
                & Q(first_fen__gte=0, first_fen__lte=MAX_FEN)
                & Q(additional_fen__gte=0, additional_fen__lte=MAX_FEN),
                name="shipping_rule_in_range",
            ),
            models.CheckConstraint(
                condition=(Q(free_from_fen__isnull=True) | Q(free_from_fen__gte=1))
                & (Q(free_from_pieces__isnull=True) | Q(free_from_pieces__gte=1)),
                name="shipping_rule_free_from_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id}.{self.position}"


class ProductShipping(models.Model):
    """The template that a product goes by in place of its merchant's default."""

    MERCHANT_PATH = "template__merchant"

    product = models.OneToOneField(
        Product,
        models.CASCADE,
        primary_key=True,
        related_name="shipping",
        verbose_name=_("product"),
    )
    template = models.ForeignKey(
        ShippingTemplate, models.PROTECT, related_name="products", verbose_name=_("template")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("shipping of a product")
        verbose_name_plural = _("shipping of products")

    def __str__(self) -> str:
        return f"{self.product_id}: {self.template_id}"


class Coupon(models.Model):
    """A coupon as it is offered; `MemberCoupon` is one in somebody's hands.

    `merchant` pays for it, the platform where there is none. `taken` counts those given out, never
    more than `total`. Times: it is given out from `starts_at` until `ends_at`; one that was taken
    is good until `ends_at`, or for `valid_days` where that is stated. `asked_by`: who of the
    platform asks the merchant to pay for it; until the merchant accepts, nobody gets one.
    """

    class Kind(models.TextChoices):
        FIXED = "fixed", _("amount off")
        THRESHOLD = "threshold", _("amount off from a minimum")
        PERCENTAGE = "percentage", _("percentage off")
        FREE_SHIPPING = "free_shipping", _("free shipping")

    class Scope(models.TextChoices):
        ALL = "all", _("all goods")
        CATEGORY = "category", _("categories")
        PRODUCT = "product", _("products")
        MERCHANT = "merchant", _("merchants")

    class Channel(models.TextChoices):
        CENTRE = "centre", _("claimed in the coupon centre")
        CODE = "code", _("claimed by code")
        GRANT = "grant", _("granted by staff")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ASKED = "asked", _("waits for approval")
        OPEN = "open", _("given out")
        CLOSED = "closed", _("closed")

    MERCHANT_PATH = "merchant"

    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="coupons",
        verbose_name=_("paid by merchant"),
    )
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind.choices)
    off_fen = models.BigIntegerField(_("amount off (fen)"), default=0)
    off_ppm = models.IntegerField(_("percentage off (ppm)"), default=0)
    cap_fen = models.BigIntegerField(_("at most (fen)"), null=True, blank=True)
    min_spend_fen = models.BigIntegerField(_("minimum (fen)"), default=0)
    scope = models.CharField(_("good for"), max_length=10, choices=Scope.choices, default=Scope.ALL)
    targets = models.JSONField(_("which"), default=list, blank=True)
    channel = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, default=Channel.CENTRE
    )
    code = models.CharField(_("coupon code"), max_length=20, null=True, blank=True, unique=True)
    total = models.IntegerField(_("how many"))
    taken = models.IntegerField(_("taken"), default=0)
    per_member = models.PositiveSmallIntegerField(_("for each member"), default=1)
    new_members_only = models.BooleanField(_("new members only"), default=False)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    valid_days = models.PositiveSmallIntegerField(_("good for days"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    proposal = models.ForeignKey(
        Proposal,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("proposal"),
    )
    asked_by = models.CharField(_("asked by"), max_length=40, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    is_demo = models.BooleanField(_("demo coupon"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(state="open"), name="coupon_given_out")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="fixed", off_fen__gte=1, off_ppm=0, cap_fen=None, min_spend_fen=0)
                | Q(kind="threshold", off_fen__gte=1, off_ppm=0, cap_fen=None)
                & Q(min_spend_fen__gte=F("off_fen"))
                | Q(kind="percentage", off_fen=0, off_ppm__gte=1, off_ppm__lt=PPM, cap_fen__gte=1)
                | Q(kind="free_shipping", off_fen=0, off_ppm=0, cap_fen__gte=1),
                name="coupon_kind_says_how_much",
            ),
            models.CheckConstraint(
                condition=Q(off_fen__lte=MAX_FEN)
                & (Q(cap_fen__isnull=True) | Q(cap_fen__lte=MAX_FEN))
                & Q(min_spend_fen__gte=0, min_spend_fen__lte=MAX_FEN),
                name="coupon_amounts_in_range",
            ),
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("total"), total__lte=10**9)
                & Q(per_member__gte=1),
                name="coupon_taken_within_total",
            ),
            models.CheckConstraint(
                condition=Q(channel="code", code__isnull=False)
                | Q(channel__in=["centre", "grant"], code__isnull=True),
                name="coupon_code_where_claimed_by_it",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"))
                & (Q(valid_days__isnull=True) | Q(valid_days__gte=1)),
                name="coupon_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "asked", "open", "closed"]),
                name="coupon_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def most_fen(self) -> int:
        """The most that one of them can take off."""
        return self.off_fen if self.cap_fen is None else self.cap_fen

    @property
    def budget_fen(self) -> int:
        """The most that all of them can cost whoever pays."""
        return self.most_fen * self.total


class MemberCoupon(models.Model):
    """A coupon in a member's hands. Only `pricing.claims` changes it.

    claimed → locked (by an order, `locked_for`) → used; back to claimed when the order is given up
    or refunded; expired when its time is over. `nth` counts a member's coupons of one kind.
    """

    class State(models.TextChoices):
        CLAIMED = "claimed", _("to be used")
        LOCKED = "locked", _("kept for an order")
        USED = "used", _("used")
        EXPIRED = "expired", _("expired")

    MERCHANT_PATH = "coupon__merchant"

    coupon = models.ForeignKey(
        Coupon, models.PROTECT, related_name="claims", verbose_name=_("coupon")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, db_index=False, related_name="coupons", verbose_name=_("member")
    )
    nth = models.PositiveSmallIntegerField(_("number of the member's"))
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.CLAIMED
    )
    good_until = models.DateTimeField(_("good until"))
    locked_for = models.CharField(_("kept for"), max_length=40, blank=True)
    saved_fen = models.BigIntegerField(_("took off (fen)"), default=0)
    claimed_at = models.DateTimeField(_("claimed at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("granted by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("member's coupon")
        verbose_name_plural = _("members' coupons")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member", "state", "-id"]),
            models.Index(
                fields=["good_until"], condition=Q(state="claimed"), name="member_coupon_open"
            ),
            models.Index(
                fields=["locked_for"], condition=~Q(locked_for=""), name="member_coupon_kept_for"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "member", "nth"], name="member_coupon_counted_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "expired"], locked_for="", saved_fen=0)
                | Q(state__in=["locked", "used"], saved_fen__gte=0) & ~Q(locked_for=""),
                name="member_coupon_kept_for_an_order",
            ),
            models.CheckConstraint(
                condition=Q(state="used", used_at__isnull=False)
                | ~Q(state="used") & Q(used_at__isnull=True),
                name="member_coupon_used_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon} #{self.pk}"
