"""What lists and search read: a row a product."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models.product import Product


class Listing(models.Model):
    """A projection of a product, so that a list reads one narrow table in the order of an index.

    `catalogue.listing` writes it and nobody else. It decides order and filters, never whether
    something may be seen: `catalogue.queries` asks the product itself.
    """

    MERCHANT_PATH = "product__merchant"

    product = models.OneToOneField(
        Product, models.CASCADE, primary_key=True, related_name="listing", verbose_name=_("product")
    )
    merchant_id = models.BigIntegerField(_("merchant"))
    category_id = models.BigIntegerField(_("category"))
    brand_id = models.BigIntegerField(_("brand"), null=True)
    goods_type = models.CharField(_("goods type"), max_length=10)
    is_on_sale = models.BooleanField(_("on sale"))
    listed_at = models.DateTimeField(_("on sale from"))
    price_fen = models.BigIntegerField(_("price from (fen)"), null=True)
    sold = models.BigIntegerField(_("sold"), default=0)
    review_count = models.IntegerField(_("reviews"), db_default=0)
    stars_sum = models.IntegerField(_("stars in all"), db_default=0)
    cover = models.CharField(_("cover"), max_length=64, blank=True)
    folded = models.CharField(_("title, folded"), max_length=400)
    terms = SearchVectorField(_("search terms"))

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering = ["-listed_at", "-product_id"]
        indexes = [
            models.Index(
                fields=["-listed_at", "-product"],
                condition=Q(is_on_sale=True),
                name="listing_newest",
            ),
            models.Index(
                fields=["-sold", "-product"], condition=Q(is_on_sale=True), name="listing_sold"
            ),
            models.Index(
                fields=["price_fen", "product"], condition=Q(is_on_sale=True), name="listing_price"
            ),
            models.Index(
                fields=["category_id", "-listed_at"],
                condition=Q(is_on_sale=True),
                name="listing_category",
            ),
            GinIndex(fields=["terms"], name="listing_terms"),
        ]

    def __str__(self) -> str:
        return str(self.product_id)
