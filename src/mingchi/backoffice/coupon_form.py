"""A coupon as a form: of the amounts and goods only those show that its kind has."""

from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import fields
from mingchi.backoffice.acts import ActForm
from mingchi.catalogue.models import Category, Product
from mingchi.foundation.models import User
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.pricing.models import Coupon
from mingchi.usecases import rights
from mingchi.usecases.edit_coupons import CouponData

PLATFORM: Final = ""
PRODUCTS_OFFERED: Final = 1000
# When a field is shown, in the words of the page's script.
SHOWN: Final = {
    "off_fen": "kind == 'fixed' || kind == 'threshold'",
    "off_ppm": "kind == 'percentage'",
    "cap_fen": "kind == 'percentage' || kind == 'free_shipping'",
    "min_spend_fen": "kind != 'fixed'",
    "categories": "scope == 'category'",
    "products": "scope == 'product'",
    "merchants": "scope == 'merchant'",
    "code": "channel == 'code'",
}
TARGETS: Final = {"category": "categories", "product": "products", "merchant": "merchants"}


def _categories() -> list[tuple[int, str]]:
    return list(Category.objects.values_list("pk", "name"))


def _merchants() -> list[tuple[int, str]]:
    return list(Merchant.objects.values_list("pk", "name"))


def _watched(name: str, label: Any, choices: Any) -> forms.ChoiceField:
    field = fields.choice(label, choices)
    field.widget.attrs["x-model"] = name
    return field


class CouponForm(ActForm):
    """What stands on a coupon; amounts in yuan."""

    name = fields.text(_("name"), length=60, help_text=_("What members read."))
    kind = _watched("kind", _("kind"), Coupon.Kind.choices)
    off_fen = fields.YuanField(label=_("amount off (yuan)"), required=False)
    off_ppm = fields.PercentField(
        label=_("percentage off (%)"), required=False, help_text=_("20 takes a fifth off.")
    )
    cap_fen = fields.YuanField(label=_("at most (yuan)"), required=False)
    min_spend_fen = fields.YuanField(
        label=_("minimum (yuan)"),
        required=False,
        help_text=_("What the goods it is good for have to be worth; empty: anything."),
    )
    scope = _watched("scope", _("good for"), Coupon.Scope.choices)
    categories = fields.several(
        _("categories"), _categories, help_text=_("With everything below them.")
    )
    products = fields.several(_("products"), ())
    merchants = fields.several(_("merchants"), _merchants)
    channel = _watched("channel", _("channel"), Coupon.Channel.choices)
    code = fields.text(
        _("coupon code"), required=False, length=20, help_text=_("4 to 20 letters and digits.")
    )
    total = fields.whole(_("how many"), low=1, high=10**9)
    per_member = fields.whole(_("for each member"), low=1, high=100, initial=1)
    new_members_only = fields.switch(_("new members only"))
    starts_at = fields.moment(_("from"))
    ends_at = fields.moment(_("until"))
    valid_days = fields.whole(
        _("good for days"),
        low=1,
        high=3650,
        required=False,
        help_text=_("From the claim on; empty: until the last day."),
    )

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """Products of those merchants that the account may see, and of the one who pays."""
        assert isinstance(request.user, User)
        found = scope.for_user(Product.objects.select_related("merchant"), request.user)
        if thing is not None and thing.merchant_id is not None:
            found = found.filter(merchant=thing.merchant_id)
        offered = found.order_by("-pk")[:PRODUCTS_OFFERED]
        products = self.fields["products"]
        assert isinstance(products, forms.MultipleChoiceField)
        products.choices = [(row.pk, f"{row.title} · {row.merchant.name}") for row in offered]

    @property
    def cells(self) -> list[tuple[forms.BoundField, str]]:
        """Each field, and when it is shown; empty: always."""
        return [(field, SHOWN.get(field.name, "")) for field in self]

    def stated(self) -> CouponData:
        """What the use case gets; it keeps only what the kind has."""
        return data(self.cleaned_data)


class NewCouponForm(CouponForm):
    """A coupon, and who pays for it."""

    payer = fields.choice(_("paid by"), (), required=False)
    field_order = ("name", "payer")

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """The platform for those who may spend its money, and the account's own merchants."""
        super().prepare(request, thing)
        assert isinstance(request.user, User)
        own = scope.for_user(Merchant.objects.all(), request.user)
        payers: list[tuple[Any, Any]] = list(own.values_list("pk", "name"))
        if rights.may(request.user, "coupon.edit"):
            payers.insert(0, (PLATFORM, _("the platform")))
        payer = self.fields["payer"]
        assert isinstance(payer, forms.ChoiceField)
        payer.choices = payers


def data(values: dict[str, Any]) -> CouponData:
    """The form's values as the use case takes them."""
    chosen = values.get(TARGETS.get(values["scope"], ""), ())
    return CouponData(
        name=values["name"],
        kind=values["kind"],
        off_fen=values["off_fen"] or 0,
        off_ppm=values["off_ppm"] or 0,
        cap_fen=values["cap_fen"],
        min_spend_fen=values["min_spend_fen"] or 0,
        scope=values["scope"],
        targets=[int(key) for key in chosen],
        channel=values["channel"],
        code=values["code"] or None,
        total=values["total"],
        per_member=values["per_member"],
        new_members_only=values["new_members_only"],
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        valid_days=values["valid_days"],
    )


def initial(coupon: Coupon) -> dict[str, Any]:
    """A coupon as the form shows it."""
    names = ("name", "kind", "off_fen", "off_ppm", "cap_fen", "min_spend_fen", "scope", "channel",
             "code", "total", "per_member", "new_members_only", "starts_at", "ends_at",
             "valid_days")  # fmt: skip
    shown = {name: getattr(coupon, name) for name in names}
    if coupon.scope in TARGETS:
        shown[TARGETS[coupon.scope]] = coupon.targets
    return shown
