"""The first page of the shop, as staff arrange it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.category import Category
from mingchi.catalogue.models.image import Image
from mingchi.catalogue.models.product import Product


class Banner(models.Model):
    """A wide picture on the first page, shown from and until a moment, that leads somewhere in the
    shop and nowhere else."""

    class Target(models.TextChoices):
        NONE = "none", _("nowhere")
        PRODUCT = "product", _("a product")
        CATEGORY = "category", _("a category")
        BRAND = "brand", _("a brand")
        SEARCH = "search", _("a search")

    title = models.CharField(_("title"), max_length=60)
    image = models.ForeignKey(Image, models.PROTECT, related_name="+", verbose_name=_("picture"))
    target = models.CharField(
        _("leads to"), max_length=10, choices=Target.choices, default=Target.NONE
    )
    target_value = models.CharField(_("number or word"), max_length=60, blank=True)
    position = models.IntegerField(_("position"), default=0)
    starts_at = models.DateTimeField(_("shown from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)
    is_hidden = models.BooleanField(_("hidden"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("banner")
        verbose_name_plural = _("banners")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(target__in=["none", "product", "category", "brand", "search"]),
                name="banner_target_known",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
                name="banner_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class HomeShelf(models.Model):
    """A row of products on the first page: chosen by hand, or the newest or best sold of a
    category (of the shop, where none is named)."""

    class Kind(models.TextChoices):
        CHOSEN = "chosen", _("chosen by hand")
        NEWEST = "newest", _("newest")
        BEST_SOLD = "best_sold", _("best sold")

    title = models.CharField(_("title"), max_length=30)
    subtitle = models.CharField(_("subtitle"), max_length=60, blank=True)
    kind = models.CharField(_("products"), max_length=10, choices=Kind.choices)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="home_shelves",
        verbose_name=_("category"),
    )
    length = models.PositiveSmallIntegerField(_("products at most"), default=8)
    position = models.IntegerField(_("position"), default=0)
    is_hidden = models.BooleanField(_("hidden"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("home shelf")
        verbose_name_plural = _("home shelves")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["chosen", "newest", "best_sold"]),
                name="home_shelf_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(length__gte=1, length__lte=20), name="home_shelf_length_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class HomeShelfProduct(models.Model):
    """A product chosen for a shelf of the first page, in its place."""

    shelf = models.ForeignKey(
        HomeShelf, models.CASCADE, related_name="chosen", verbose_name=_("home shelf")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("product on a home shelf")
        verbose_name_plural = _("products on home shelves")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["shelf", "product"], name="home_shelf_product_once"),
        ]

    def __str__(self) -> str:
        return f"{self.shelf_id} · {self.product_id}"


class HotWord(models.Model):
    """A word offered for searching. Staff write them: what shoppers type is shown to nobody else,
    since anybody may type anything."""

    word = models.CharField(_("word"), max_length=30, unique=True)
    position = models.IntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("hot search word")
        verbose_name_plural = _("hot search words")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.word
