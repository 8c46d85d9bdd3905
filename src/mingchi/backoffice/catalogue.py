"""Categories, products and SKUs: shown here, changed through use cases."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Min, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.catalogue.models import Category, Product, Sku
from mingchi.foundation.models import User
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.usecases import edit_catalogue
from mingchi.usecases.edit_catalogue import SkuData

PLACE = display.column(_("place on the shelf"), lambda row: row.position, order="position")
STATUS_COLOURS = {"draft": "info", "on_sale": "success", "off": "warning"}


def _categories() -> list[tuple[int, str]]:
    return list(Category.objects.values_list("pk", "name"))


def _no_category_or() -> list[tuple[Any, Any]]:
    return [("", _("none")), *_categories()]


class CategoryForm(ActForm):
    """A shelf."""

    name = fields.text(_("name"), length=60)
    parent_id = fields.choice(_("parent"), _no_category_or, required=False)
    position = fields.whole(_("place on the shelf"), initial=0)


class ProductForm(ActForm):
    """What a product says of itself."""

    title = fields.text(_("title"), length=120)
    category_id = fields.choice(_("category"), _categories)
    status = fields.choice(_("status"), Product.Status.choices)
    description = forms.CharField(
        label=_("description"),
        required=False,
        max_length=20_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
    )


class NewProductForm(ProductForm):
    """A product, and whose it is."""

    merchant_id = fields.choice(_("merchant"), ())
    field_order = ("merchant_id", "title", "category_id", "status", "description")

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """A merchant's staff see no other merchant's name."""
        assert isinstance(request.user, User)
        own = scope.for_user(Merchant.objects.all(), request.user)
        merchant = self.fields["merchant_id"]
        assert isinstance(merchant, forms.ChoiceField)
        merchant.choices = list(own.values_list("pk", "name"))


class SkuForm(ActForm):
    """A variant; amounts in yuan."""

    code = fields.text(_("code"), length=40)
    title = fields.text(_("variant"), required=False, length=80)
    price_fen = fields.YuanField(label=_("price (yuan)"))
    cost_fen = fields.YuanField(label=_("cost (yuan)"))
    distribution_fen = fields.YuanField(
        label=_("distribution per unit (yuan)"),
        required=False,
        help_text=_("Left empty: by the plan's rate."),
    )
    pool_fen = fields.YuanField(
        label=_("pool per unit (yuan)"),
        required=False,
        help_text=_("Left empty: by the plan's rate."),
    )


class NewSkuForm(SkuForm):
    """A variant with its first stock."""

    on_hand = fields.whole(_("on hand"), initial=0, high=10**9)


class StockForm(ActForm):
    """Units in or out."""

    delta = fields.whole(
        _("units"), low=-(10**9), high=10**9, help_text=_("Negative: they are gone.")
    )
    reason = fields.reason()


def _add_category(deed: Deed) -> Any:
    edit_catalogue.add_category(
        by=deed.user,
        name=deed.values["name"],
        parent_id=int(deed.values["parent_id"]) if deed.values["parent_id"] else None,
        position=deed.values["position"],
    )
    return _("The category is added.")


def _product(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "category_id": int(values["category_id"])}


def _add_product(deed: Deed) -> Any:
    values = _product(deed.values)
    merchant_id = int(values.pop("merchant_id"))
    edit_catalogue.add_product(by=deed.user, merchant_id=merchant_id, **values)
    return _("The product is added.")


def _edit_product(deed: Deed) -> Any:
    edit_catalogue.edit_product(by=deed.user, product_id=deed.thing.pk, **_product(deed.values))
    return _("The product is changed.")


def _add_sku(deed: Deed) -> Any:
    values = dict(deed.values)
    on_hand = values.pop("on_hand")
    edit_catalogue.add_sku(
        by=deed.user, product_id=deed.thing.pk, data=SkuData(**values), on_hand=on_hand
    )
    return _("The SKU is added.")


def _edit_sku(deed: Deed) -> Any:
    edit_catalogue.edit_sku(by=deed.user, sku_id=deed.thing.pk, data=SkuData(**deed.values))
    return _("The SKU is changed, for orders placed from here on.")


def _stock(deed: Deed) -> Any:
    on_hand = edit_catalogue.change_stock(by=deed.user, sku_id=deed.thing.pk, **deed.values)
    return _("There are %(units)s units on hand now.") % {"units": on_hand}


def _values_of(*names: str) -> Any:
    return lambda thing: {name: getattr(thing, name) for name in names}


_SKU = ("code", "title", "price_fen", "cost_fen", "distribution_fen", "pool_fen")


@admin.register(Category)
class CategoryPage(Page):
    """Shelves."""

    list_acts = (
        Act(
            name="add",
            label=_("Add category"),
            right="category.edit",
            form=CategoryForm,
            run=_add_category,
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    list_display = ("name", "parent", PLACE, "products_here")
    list_select_related = ("parent",)
    search_fields = ("name",)
    fields = ("name", "parent", PLACE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the number of products."""
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(products_count=Count("products"))
        return annotated

    @admin.display(description=_("products"), ordering="products_count")
    def products_here(self, row: Any) -> int:
        """How many stand on it."""
        return int(row.products_count)


@admin.register(Product)
class ProductPage(Page):
    """Products, to a merchant's staff their own."""

    list_acts = (
        Act(
            name="add",
            label=_("Add product"),
            right="catalogue.edit",
            form=NewProductForm,
            run=_add_product,
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = (
        Act(
            name="edit",
            label=_("Edit"),
            right="catalogue.edit",
            form=ProductForm,
            run=_edit_product,
            initial=_values_of("title", "category_id", "status", "description"),
            icon="edit",
            submit=_("Save"),
        ),
        Act(
            name="sku",
            label=_("Add SKU"),
            right="catalogue.edit",
            form=NewSkuForm,
            run=_add_sku,
            icon="add",
        ),
    )
    list_display = (
        "title",
        "category",
        "merchant",
        display.column(_("status"), lambda row: (row.status, row.get_status_display()),
                       order="status", labels=STATUS_COLOURS),
        display.column(_("price from (yuan)"), lambda row: display.yuan(row.price_from),
                       order="price_from"),
        display.column(_("on hand"), lambda row: row.stock or 0, order="stock"),
    )  # fmt: skip
    list_select_related = ("category", "merchant")
    list_filter = ("status", "category", "merchant")
    search_fields = ("title", "skus__code")
    fields = (("title", "status"), ("category", "merchant"), "description")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the lowest price and the stock of all variants."""
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(
            price_from=Min("skus__price_fen"), stock=Sum("skus__on_hand")
        )
        return annotated

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """The variants."""
        by_plan = _("by the plan")
        return [
            Panel(
                title=_("SKUs"),
                headers=[_("code"), _("variant"), _("price (yuan)"), _("cost (yuan)"),
                         _("distribution (yuan)"), _("pool (yuan)"), _("on hand"), _("reserved")],
                rows=[
                    [
                        display.link(sku, sku.code),
                        sku.title,
                        display.yuan(sku.price_fen),
                        display.yuan(sku.cost_fen),
                        by_plan if sku.distribution_fen is None
                        else display.yuan(sku.distribution_fen),
                        by_plan if sku.pool_fen is None else display.yuan(sku.pool_fen),
                        sku.on_hand,
                        sku.reserved,
                    ]
                    for sku in thing.skus.all()
                ],
                right=frozenset({2, 3, 4, 5, 6, 7}),
            )
        ]  # fmt: skip


@admin.register(Sku)
class SkuPage(Page):
    """Variants and their stock."""

    acts = (
        Act(
            name="edit",
            label=_("Edit"),
            right="catalogue.edit",
            form=SkuForm,
            run=_edit_sku,
            initial=_values_of(*_SKU),
            icon="edit",
            submit=_("Save"),
            explain=_("Counts for orders placed from here on; placed ones keep their prices."),
        ),
        Act(
            name="stock",
            label=_("Change stock"),
            right="stock.change",
            form=StockForm,
            run=_stock,
            icon="inventory",
        ),
    )
    list_display = (
        "code",
        display.column(_("product"), lambda row: row.product.title, order="product__title"),
        "title",
        display.yuan_column("price_fen", _("price (yuan)")),
        display.yuan_column("cost_fen", _("cost (yuan)")),
        "on_hand",
        "reserved",
    )
    list_select_related = ("product__merchant",)
    list_filter = ("product__category", "product__merchant")
    search_fields = ("code", "title", "product__title")
    fields = (
        ("code", "title"),
        display.column(_("product"), lambda row: display.link(row.product)),
        (
            display.yuan_column("price_fen", _("price (yuan)")),
            display.yuan_column("cost_fen", _("cost (yuan)")),
        ),
        (
            display.yuan_column("distribution_fen", _("distribution per unit (yuan)")),
            display.yuan_column("pool_fen", _("pool per unit (yuan)")),
        ),
        ("on_hand", "reserved"),
    )
