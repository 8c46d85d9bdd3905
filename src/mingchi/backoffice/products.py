"""Products: their words, pictures, specifications and SKUs, changed through use cases."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Min, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, product_forms
from mingchi.backoffice.acts import Act, Deed
from mingchi.backoffice.catalogue import kept, number, values_of
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.catalogue.models import Product, Specification
from mingchi.foundation import clock
from mingchi.usecases import edit_catalogue, edit_specifications, keep_images
from mingchi.usecases.edit_catalogue import SkuData
from mingchi.usecases.edit_specifications import SpecificationData, ValueData

STATUS_COLOURS = {"draft": "info", "on_sale": "success", "off": "warning"}


def _values(deed: Deed) -> dict[str, Any]:
    values = {name: deed.values[name] for name in product_forms.TEXTS}
    return {
        **values,
        "category_id": int(deed.values["category_id"]),
        "brand_id": number(deed.values["brand_id"]),
        "parameters": deed.values["parameters"],
        "on_sale_at": deed.values["on_sale_at"],
        "limit_per_member": deed.values["limit_per_member"],
    }


def _add_product(deed: Deed) -> Any:
    edit_catalogue.add_product(
        by=deed.user, merchant_id=int(deed.values["merchant_id"]), **_values(deed)
    )
    return _("The product is added.")


def _edit_product(deed: Deed) -> Any:
    edit_catalogue.edit_product(
        by=deed.user,
        product_id=deed.thing.pk,
        version=deed.values["version"],
        now=clock.now(),
        **_values(deed),
    )
    return _("The product is changed.")


def _arrange_pictures(deed: Deed) -> Any:
    uploaded = []
    for file in deed.values["added"]:
        one = Deed(request=deed.request, thing=deed.thing, values={"file": file})
        uploaded.append(kept(one, "file", merchant_id=deed.thing.merchant_id))
    added = [pk for pk in uploaded if pk is not None and pk not in deed.values["kept"]]
    keep_images.arrange_images(
        by=deed.user,
        product_id=deed.thing.pk,
        image_ids=list(dict.fromkeys([*deed.values["kept"], *added])),
        version=deed.values["version"],
    )
    return _("The pictures are arranged.")


def _state_specifications(deed: Deed) -> Any:
    edit_specifications.set_specifications(
        by=deed.user,
        product_id=deed.thing.pk,
        specifications=_with_pictures(deed.thing, deed.values["specifications"]),
        price_fen=deed.values["price_fen"],
        cost_fen=deed.values["cost_fen"],
        version=deed.values["version"],
        now=clock.now(),
    )
    return _("The specifications are stated. Look at price and stock of the new SKUs.")


def _with_pictures(
    product: Product, stated: Sequence[tuple[str, Sequence[str]]]
) -> list[SpecificationData]:
    """Values that stay keep their pictures."""
    images = {
        (row.name, value.name): value.image_id
        for row in Specification.objects.filter(product=product).prefetch_related("values")
        for value in row.values.all()
    }
    return [
        SpecificationData(
            name=name,
            values=[ValueData(name=value, image_id=images.get((name, value))) for value in values],
        )
        for name, values in stated
    ]


def _choose_pictures(deed: Deed) -> Any:
    chosen: dict[int, int | None] = deed.values["images"]
    rows = Specification.objects.filter(product=deed.thing, is_retired=False)
    stated = [
        SpecificationData(
            id=row.pk,
            name=row.name,
            values=[
                ValueData(id=value.pk, name=value.name, image_id=chosen.get(value.pk))
                for value in row.values.filter(is_retired=False)
            ],
        )
        for row in rows.prefetch_related("values")
    ]
    edit_specifications.set_specifications(
        by=deed.user,
        product_id=deed.thing.pk,
        specifications=stated,
        version=deed.values["version"],
        now=clock.now(),
    )
    return _("The pictures of the values are chosen.")


def _edit_skus(deed: Deed) -> Any:
    edit_specifications.edit_skus(
        by=deed.user,
        product_id=deed.thing.pk,
        rows=deed.values["rows"],
        version=deed.values["version"],
        now=clock.now(),
    )
    return _("The SKUs are changed, for orders placed from here on.")


def _add_sku(deed: Deed) -> Any:
    values = dict(deed.values)
    on_hand = values.pop("on_hand")
    edit_catalogue.add_sku(
        by=deed.user,
        product_id=deed.thing.pk,
        data=SkuData(**values),
        on_hand=on_hand,
        now=clock.now(),
    )
    return _("The SKU is added.")


def _has_specifications(thing: Any) -> bool:
    return bool(thing.specifications.filter(is_retired=False).exists())


ACTS = (
    Act(
        name="edit",
        label=_("Edit"),
        right="catalogue.edit",
        form=product_forms.ProductForm,
        run=_edit_product,
        initial=product_forms.product_initial,
        icon="edit",
        submit=_("Save"),
    ),
    Act(
        name="pictures",
        label=_("Pictures"),
        right="catalogue.edit",
        form=product_forms.PicturesForm,
        run=_arrange_pictures,
        initial=values_of("version"),
        icon="imagesmode",
        template="backoffice/product_pictures.html",
        explain=_("The first picture is the cover. Square ones look best, 800 pixels or more."),
        submit=_("Save"),
    ),
    Act(
        name="specifications",
        label=_("Specifications"),
        right="catalogue.edit",
        form=product_forms.SpecificationsForm,
        run=_state_specifications,
        initial=product_forms.specifications_initial,
        icon="tune",
        explain=_(
            "The SKUs follow from it: a combination that stays keeps its SKU with price and stock; "
            "one that is gone is retired and comes back with its combination; a new one has no "
            "stock yet."
        ),
        submit=_("Save"),
    ),
    Act(
        name="value_pictures",
        label=_("Pictures of values"),
        right="catalogue.edit",
        form=product_forms.ValuePicturesForm,
        run=_choose_pictures,
        initial=values_of("version"),
        shown=_has_specifications,
        icon="palette",
        submit=_("Save"),
    ),
    Act(
        name="skus",
        label=_("SKU table"),
        right="catalogue.edit",
        form=product_forms.SkuTableForm,
        run=_edit_skus,
        initial=values_of("version"),
        shown=lambda thing: bool(thing.skus.exists()),
        icon="table",
        template="backoffice/sku_table.html",
        explain=_("Counts for orders placed from here on; placed ones keep their prices."),
        submit=_("Save"),
    ),
    Act(
        name="sku",
        label=_("Add SKU"),
        right="catalogue.edit",
        form=product_forms.NewSkuForm,
        run=_add_sku,
        shown=lambda thing: not _has_specifications(thing),
        icon="add",
    ),
)


@admin.register(Product)
class ProductPage(Page):
    """Products, to a merchant's staff their own."""

    list_acts = (
        Act(
            name="add",
            label=_("Add product"),
            right="catalogue.edit",
            form=product_forms.NewProductForm,
            run=_add_product,
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = ACTS
    list_display = (
        "title",
        display.column(_("cover"), lambda row: display.thumbnail(_cover(row))),
        display.column(_("number"), lambda row: row.pk, order="pk"),
        "category",
        "merchant",
        display.column(_("status"), lambda row: (row.status, row.get_status_display()),
                       order="status", labels=STATUS_COLOURS),
        display.column(_("price from (yuan)"), lambda row: display.yuan(row.price_from),
                       order="price_from"),
        display.column(_("on hand"), lambda row: row.stock or 0, order="stock"),
        display.column(_("sold"), lambda row: _sold(row), order="listing__sold"),
    )  # fmt: skip
    list_select_related = ("category", "merchant", "listing")
    list_filter = ("status", "goods_type", "category", "brand", "merchant")
    search_fields = ("title", "skus__code", "=pk")
    search_help_text = _("title, code of a SKU, or number")
    fields = (
        ("title", "subtitle"),
        ("status", "goods_type"),
        ("category", "brand"),
        ("merchant", "limit_per_member"),
        ("on_sale_at", "keywords"),
        "description",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the lowest price and the stock of all variants that are sold."""
        rows: QuerySet[Any] = super().get_queryset(request)
        sold = Q(skus__retired_at=None)
        annotated: QuerySet[Any] = rows.annotate(
            price_from=Min("skus__price_fen", filter=sold), stock=Sum("skus__on_hand", filter=sold)
        )
        return annotated

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Pictures, specifications, parameters, detail and SKUs."""
        specifications = thing.specifications.filter(is_retired=False).prefetch_related("values")
        pictures = [row.image.digest for row in thing.images.select_related("image")]
        panels = [
            Panel(
                title=_("Pictures"),
                text=display.thumbnails(pictures) if pictures else _("Nothing yet."),
            ),
            Panel(
                title=_("Specifications"),
                headers=[_("specification"), _("values")],
                rows=[
                    [row.name, " · ".join(v.name for v in row.values.all() if not v.is_retired)]
                    for row in specifications
                ],
            ),
            _sku_panel(thing),
        ]
        if thing.parameters:
            rows = [[each["name"], each["value"]] for each in thing.parameters]
            panels.append(Panel(title=_("Parameters"), headers=[_("name"), _("value")], rows=rows))
        if thing.detail:
            # Cleaned when it was written: catalogue.detail.
            shown = mark_safe(thing.detail)  # noqa: S308
            panels.append(Panel(title=_("Detail"), text=shown))
        return panels


def _sku_panel(product: Any) -> Panel:
    by_plan = _("by the plan")
    return Panel(
        title=_("SKUs"),
        headers=[_("code"), _("variant"), _("price (yuan)"), _("market price (yuan)"),
                 _("cost (yuan)"), _("distribution (yuan)"), _("pool (yuan)"), _("on hand"),
                 _("reserved"), _("retired")],
        rows=[
            [
                display.link(sku, sku.code),
                sku.title,
                display.yuan(sku.price_fen),
                display.yuan(sku.market_price_fen),
                display.yuan(sku.cost_fen),
                by_plan if sku.distribution_fen is None else display.yuan(sku.distribution_fen),
                by_plan if sku.pool_fen is None else display.yuan(sku.pool_fen),
                sku.on_hand,
                sku.reserved,
                display.moment(sku.retired_at),
            ]
            for sku in product.skus.order_by("retired_at", "pk")
        ],
        right=frozenset({2, 3, 4, 5, 6, 7, 8}),
    )  # fmt: skip


def _cover(product: Any) -> str:
    return str(product.listing.cover) if hasattr(product, "listing") else ""


def _sold(product: Any) -> int:
    return int(product.listing.sold) if hasattr(product, "listing") else 0
