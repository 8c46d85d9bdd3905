"""Forms of a product: its words, pictures, specifications, and the table of its SKUs."""

import re
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from mingchi.backoffice import fields
from mingchi.backoffice.acts import ActForm
from mingchi.backoffice.catalogue import MARKET_HELP, SkuForm, category_choices, none_or
from mingchi.catalogue import images
from mingchi.catalogue.models import Brand, Product, Sku, Specification
from mingchi.foundation.models import User
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.usecases.edit_catalogue import SkuData
from mingchi.usecases.edit_specifications import SkuRow

TEXTS: Final = (
    "title",
    "subtitle",
    "status",
    "goods_type",
    "keywords",
    "description",
    "detail",
)
_PAIR: Final = re.compile(r"\s*([^:：]+?)\s*[:：]\s*(.+?)\s*")
_BETWEEN: Final = re.compile(r"\s*[,，、;；]\s*")


def _brands() -> list[tuple[Any, Any]]:
    return none_or(list(Brand.objects.values_list("pk", "name")))


class PairsField(forms.CharField):
    """Lines of `name: value`; cleans to pairs."""

    def clean(self, value: Any) -> Any:
        lines = [line for line in (super().clean(value) or "").splitlines() if line.strip()]
        found = []
        for number, line in enumerate(lines, 1):
            pair = _PAIR.fullmatch(line)
            if pair is None:
                raise forms.ValidationError(
                    _("Line %(number)s: a name, a colon, then what it is.") % {"number": number}
                )
            found.append((pair[1], pair[2]))
        return found


def _pairs(label: Any, help_text: Any) -> PairsField:
    plain = fields.paragraphs(label, length=20_000, help_text=help_text)
    return PairsField(label=label, required=False, help_text=help_text, widget=plain.widget)


class _ProductFields(ActForm):
    """What a product says of itself."""

    title = fields.text(_("title"), length=120)
    subtitle = fields.text(_("subtitle"), required=False, length=120)
    category_id = fields.choice(_("category"), category_choices)
    brand_id = fields.choice(_("brand"), _brands, required=False)
    status = fields.choice(_("status"), Product.Status.choices)
    on_sale_at = fields.moment(
        _("on sale from"), required=False, help_text=_("Left empty: at once.")
    )
    goods_type = fields.choice(_("goods type"), Product.GoodsType.choices)
    limit_per_member = fields.whole(
        _("purchase limit per member"), low=1, high=10**6, required=False,
        help_text=_("Left empty: none."),
    )  # fmt: skip
    keywords = fields.text(
        _("search words"), required=False, help_text=_("Found by search, not shown.")
    )
    description = fields.paragraphs(_("description"), length=20_000)
    parameters = _pairs(_("parameters"), _("One a line: name: value"))
    detail = fields.paragraphs(
        _("detail (HTML)"), length=50_000, rows=10,
        help_text=_("Text, lists, tables and our own pictures; anything else is taken out."),
    )  # fmt: skip


class ProductForm(_ProductFields):
    """A product as it stands."""

    version = fields.version()


class NewProductForm(_ProductFields):
    """A product, and whose it is."""

    merchant_id = fields.choice(_("merchant"), ())
    field_order = ("merchant_id",)

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """A merchant's staff see no other merchant's name."""
        assert isinstance(request.user, User)
        own = scope.for_user(Merchant.objects.all(), request.user)
        merchant = self.fields["merchant_id"]
        assert isinstance(merchant, forms.ChoiceField)
        merchant.choices = list(own.values_list("pk", "name"))


def product_initial(thing: Any) -> dict[str, Any]:
    """The product as its form shows it."""
    names = (*TEXTS, "category_id", "brand_id", "on_sale_at", "limit_per_member", "version")
    lines = [f"{each['name']}: {each['value']}" for each in thing.parameters]
    return {**{name: getattr(thing, name) for name in names}, "parameters": "\n".join(lines)}


class NewSkuForm(SkuForm):
    """A variant with its first stock."""

    on_hand = fields.whole(_("on hand"), initial=0, high=10**9)


class PicturesForm(ActForm):
    """The pictures of a product in their order; others are added behind."""

    version = fields.version()
    added = fields.PicturesField(
        label=_("add pictures"), required=False,
        help_text=_("JPEG, PNG or WebP, at most 10 MB each and 32 MB at once."),
    )  # fmt: skip

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """A place and a box to take it away for each picture."""
        self.images = [row.image for row in thing.images.select_related("image")]
        for place, image in enumerate(self.images, 1):
            number = fields.whole(_("place"), low=-99, high=99, initial=place)
            self.fields[f"place_{image.pk}"] = number
            gone = forms.BooleanField(label=_("take away"), required=False)
            self.fields[f"gone_{image.pk}"] = gone

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """Each with its address, its place and whether it goes."""
        return [
            {
                "url": images.url(image.digest, 400),
                "place": self[f"place_{image.pk}"],
                "gone": self[f"gone_{image.pk}"],
            }
            for image in self.images
        ]

    def clean(self) -> dict[str, Any]:
        """`kept`: the keys of those that stay, in their order."""
        values = super().clean() or {}
        staying = [image.pk for image in self.images if not values.get(f"gone_{image.pk}")]
        staying.sort(key=lambda pk: values.get(f"place_{pk}") or 0)
        return {**values, "kept": staying, "added": values.get("added") or []}


class SpecificationsForm(ActForm):
    """Specifications as lines; what new SKUs cost."""

    version = fields.version()
    specifications = _pairs(
        _("specifications"), _("One a line, values between commas: colour: red, blue")
    )
    price_fen = fields.YuanField(
        label=_("price of new SKUs (yuan)"), required=False,
        help_text=_("Left empty: as the first SKU of the product."),
    )  # fmt: skip
    cost_fen = fields.YuanField(label=_("cost of new SKUs (yuan)"), required=False)

    def clean_specifications(self) -> list[tuple[str, list[str]]]:
        """Names with their values."""
        return [
            (name, [value for value in _BETWEEN.split(text) if value])
            for name, text in self.cleaned_data["specifications"]
        ]


def specifications_initial(thing: Any) -> dict[str, Any]:
    """The specifications as lines."""
    rows = Specification.objects.filter(product=thing, is_retired=False).prefetch_related("values")
    lines = [
        f"{row.name}: " + ", ".join(v.name for v in row.values.all() if not v.is_retired)
        for row in rows
    ]
    return {"specifications": "\n".join(lines), "version": thing.version}


class ValuePicturesForm(ActForm):
    """Which of the product's pictures each value has."""

    version = fields.version()

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """A choice for each value."""
        pictures = thing.images.select_related("image")
        places = [(row.image_id, f"{n}") for n, row in enumerate(pictures, 1)]
        rows = Specification.objects.filter(product=thing, is_retired=False)
        for row in rows.prefetch_related("values"):
            for value in row.values.all():
                if not value.is_retired:
                    field = fields.choice(
                        f"{row.name} · {value.name}", none_or(places), required=False,
                        help_text=_("The number of the picture among the product's."),
                    )  # fmt: skip
                    field.initial = value.image_id or ""
                    self.fields[f"value_{value.pk}"] = field

    def clean(self) -> dict[str, Any]:
        """`images`: the picture of each value."""
        values = super().clean() or {}
        chosen = {
            int(name.removeprefix("value_")): int(text) if text else None
            for name, text in values.items()
            if name.startswith("value_")
        }
        return {**values, "images": chosen}


def _cell(**options: Any) -> fields.YuanField:
    return fields.YuanField(required=False, **options)


class SkuRowForm(forms.Form):
    """A row of the table."""

    code = forms.CharField(label=_("code"), max_length=40, widget=UnfoldAdminTextInputWidget())
    price_fen = fields.YuanField(label=_("price (yuan)"))
    market_price_fen = _cell(label=_("market price (yuan)"), help_text=MARKET_HELP)
    cost_fen = fields.YuanField(label=_("cost (yuan)"))
    distribution_fen = _cell(label=_("distribution per unit (yuan)"))
    pool_fen = _cell(label=_("pool per unit (yuan)"))
    weight_g = fields.whole(_("weight (g)"), high=10**7)
    stock_change = fields.whole(_("stock ±"), low=-(10**9), high=10**9, required=False)


class AllRowsForm(forms.Form):
    """What holds for all rows where it is filled in."""

    price_fen = _cell()
    market_price_fen = _cell()
    cost_fen = _cell()
    distribution_fen = _cell()
    pool_fen = _cell()
    weight_g = fields.whole("", high=10**7, required=False)
    stock_change = fields.whole("", low=-(10**9), high=10**9, required=False)


class SkuTableForm(ActForm):
    """All SKUs that are sold, a row each, and a row that fills a column."""

    version = fields.version()

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """Rows from the SKUs, or from what was sent."""
        data = request.POST if request.method == "POST" else None
        self.skus = list(Sku.objects.filter(product=thing, retired_at=None).order_by("pk"))
        names = [name for name in SkuRowForm.base_fields if name != "stock_change"]
        self.everywhere = AllRowsForm(data, prefix="all")
        self.rows = [
            (
                sku,
                SkuRowForm(
                    data,
                    prefix=f"sku{sku.pk}",
                    initial={name: getattr(sku, name) for name in names},
                ),
            )
            for sku in self.skus
        ]

    @property
    def heads(self) -> list[Any]:
        """What stands above the columns."""
        return [field.label for field in SkuRowForm.base_fields.values()]

    def clean(self) -> dict[str, Any]:
        """`rows` as the use case takes them."""
        values = super().clean() or {}
        valid = [form.is_valid() for _sku, form in self.rows]
        if not self.everywhere.is_valid() or not all(valid):
            raise forms.ValidationError(_("Look at the fields marked below."))
        common = {n: v for n, v in self.everywhere.cleaned_data.items() if v is not None}
        return {**values, "rows": [_row(sku, form, common) for sku, form in self.rows]}


def _row(sku: Sku, form: SkuRowForm, common: dict[str, Any]) -> SkuRow:
    stated = {**form.cleaned_data, **common}
    units = stated.pop("stock_change") or 0
    data = SkuData(title=sku.title, **stated)
    return SkuRow(sku_id=sku.pk, data=data, stock_change=units)
