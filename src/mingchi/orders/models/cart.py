"""What a member means to buy."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.members.models import Member

MOST_OF_ONE = 999


class CartItem(models.Model):
    """So many of a SKU in a member's cart. It reserves nothing, and stays when the article can't be
    had any more. Only `orders.carts` changes it."""

    member = models.ForeignKey(
        Member, models.CASCADE, db_index=False, related_name="cart", verbose_name=_("member")
    )
    sku = models.ForeignKey(Sku, models.CASCADE, related_name="+", verbose_name=_("SKU"))
    qty = models.IntegerField(_("quantity"))
    is_selected = models.BooleanField(_("to be bought next"), default=True)
    added_at = models.DateTimeField(_("added"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("article in a cart")
        verbose_name_plural = _("articles in carts")
        ordering = ["-added_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "sku"], name="cart_item_once"),
            models.CheckConstraint(
                condition=Q(qty__gte=1, qty__lte=MOST_OF_ONE), name="cart_item_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} × {self.qty}"
