"""Categories, brands and SKUs: shown here, changed through use cases."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.filters import StockFilter
from mingchi.backoffice.pages import Page
from mingchi.catalogue import tree
from mingchi.catalogue.models import Brand, Category, Sku
from mingchi.usecases import edit_brands, edit_catalogue, edit_categories, keep_images
from mingchi.usecases.edit_catalogue import SkuData

PLACE = display.column(_("place on the shelf"), lambda row: row.position, order="position")
HIDDEN = display.column(_("hidden"), lambda row: display.yes(row.is_hidden), order="is_hidden")
MARKET_HELP = _("Struck through. It must have been asked for 7 days of the last 30.")
SIZE_HELP = _("JPEG, PNG or WebP, at most 10 MB. Left empty: it stays as it is.")


def category_choices() -> list[tuple[int, str]]:
    """The tree as a list, what stands deeper moved to the right."""
    children: dict[int | None, list[Category]] = {}
    for row in Category.objects.order_by("position", "id"):
        children.setdefault(row.parent_id, []).append(row)

    def walk(parent: int | None, depth: int) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for row in children.get(parent, []):
            found.append((row.pk, "\u3000" * depth + row.name))
            if depth < tree.DEEPEST:
                found += walk(row.pk, depth + 1)
        return found

    return walk(None, 0)


def none_or(choices: list[tuple[int, str]]) -> list[tuple[Any, Any]]:
    """Those, or none."""
    return [("", _("none")), *choices]


def number(value: str) -> int | None:
    """The key that was chosen, None for none."""
    return int(value) if value else None


def kept(deed: Deed, field: str, *, merchant_id: int | None = None) -> int | None:
    """The key of the picture that was sent with the form, None where none was."""
    sent = deed.values.get(field)
    if sent is None:
        return None
    data = sent.read(keep_images.READ_AT_MOST)
    return keep_images.upload_image(by=deed.user, data=data, merchant_id=merchant_id)


class NewCategoryForm(ActForm):
    """A shelf."""

    name = fields.text(_("name"), length=60)
    parent_id = fields.choice(_("parent"), lambda: none_or(category_choices()), required=False)
    icon = fields.picture(_("icon"), help_text=SIZE_HELP)
    position = fields.whole(_("place on the shelf"), initial=0, low=-(10**6), high=10**6)
    is_hidden = fields.switch(_("hidden"), help_text=_("With all that stands under it."))


class CategoryForm(NewCategoryForm):
    """A shelf as it stands."""

    version = fields.version()


class NewBrandForm(ActForm):
    """A brand."""

    name = fields.text(_("name"), length=60)
    letter = fields.text(
        _("letter"), required=False, length=1, help_text=_("Left empty: by the name's pinyin.")
    )
    logo = fields.picture(_("logo"), help_text=SIZE_HELP)
    story = fields.paragraphs(_("story"), length=5_000)
    position = fields.whole(_("place on the shelf"), initial=0, low=-(10**6), high=10**6)
    is_hidden = fields.switch(_("hidden"))


class BrandForm(NewBrandForm):
    """A brand as it stands."""

    version = fields.version()


class SkuForm(ActForm):
    """A variant; amounts in yuan."""

    code = fields.text(_("code"), length=40)
    title = fields.text(_("variant"), required=False, length=80)
    price_fen = fields.YuanField(label=_("price (yuan)"))
    cost_fen = fields.YuanField(label=_("cost (yuan)"))
    market_price_fen = fields.YuanField(
        label=_("market price (yuan)"), required=False, help_text=MARKET_HELP
    )
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


class StockForm(ActForm):
    """Units in or out."""

    delta = fields.whole(
        _("units"), low=-(10**9), high=10**9, help_text=_("Negative: they are gone.")
    )
    reason = fields.reason()


def _category(deed: Deed) -> dict[str, Any]:
    values = {name: deed.values[name] for name in ("name", "position", "is_hidden")}
    icon = kept(deed, "icon")
    return {
        **values,
        "parent_id": number(deed.values["parent_id"]),
        **({"icon_id": icon} if icon else {}),
    }


def _add_category(deed: Deed) -> Any:
    edit_categories.add_category(by=deed.user, **_category(deed))
    return _("The category is added.")


def _edit_category(deed: Deed) -> Any:
    edit_categories.edit_category(
        by=deed.user,
        category_id=deed.thing.pk,
        version=deed.values["version"],
        **_category(deed),
    )
    return _("The category is changed.")


def _delete_category(deed: Deed) -> Any:
    edit_categories.delete_category(by=deed.user, category_id=deed.thing.pk)
    return _("The category is gone.")


def _brand(deed: Deed) -> Any:
    names = ("name", "letter", "story", "position", "is_hidden")
    logo = kept(deed, "logo")
    return {
        **{name: deed.values[name] for name in names},
        **({"logo_id": logo} if logo else {}),
    }


def _add_brand(deed: Deed) -> Any:
    edit_brands.add_brand(by=deed.user, **_brand(deed))
    return _("The brand is added.")


def _edit_brand(deed: Deed) -> Any:
    edit_brands.edit_brand(
        by=deed.user, brand_id=deed.thing.pk, version=deed.values["version"], **_brand(deed)
    )
    return _("The brand is changed.")


def _delete_brand(deed: Deed) -> Any:
    edit_brands.delete_brand(by=deed.user, brand_id=deed.thing.pk)
    return _("The brand is gone.")


def _edit_sku(deed: Deed) -> Any:
    edit_catalogue.edit_sku(by=deed.user, sku_id=deed.thing.pk, data=SkuData(**deed.values))
    return _("The SKU is changed, for orders placed from here on.")


def _stock(deed: Deed) -> Any:
    on_hand = edit_catalogue.change_stock(by=deed.user, sku_id=deed.thing.pk, **deed.values)
    return _("There are %(units)s units on hand now.") % {"units": on_hand}


def values_of(*names: str) -> Any:
    """What a form shows at first: fields of the thing."""
    return lambda thing: {name: getattr(thing, name) for name in names}


def gone_to_list(page: str) -> Any:
    """Where to go when the thing is gone."""
    return lambda thing: reverse(f"admin:{page}_changelist")


_SKU = (
    "code",
    "title",
    "price_fen",
    "cost_fen",
    "market_price_fen",
    "distribution_fen",
    "pool_fen",
)


def _indented(row: Any) -> str:
    depth = len(row.place) // 2 - 1
    return "\u3000" * (depth - 1) + ("└ " if depth else "") + str(row.name)


BRANCH = display.column(_("name"), _indented)


@admin.register(Category)
class CategoryPage(Page):
    """Shelves."""

    list_acts = (
        Act(
            name="add",
            label=_("Add category"),
            right="category.edit",
            form=NewCategoryForm,
            run=_add_category,
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = (
        Act(
            name="edit",
            label=_("Edit"),
            right="category.edit",
            form=CategoryForm,
            run=_edit_category,
            initial=values_of("name", "parent_id", "position", "is_hidden", "version"),
            icon="edit",
            submit=_("Save"),
        ),
        Act(
            name="delete",
            label=_("Delete"),
            right="category.edit",
            run=_delete_category,
            icon="delete",
            variant=ActionVariant.DANGER,
            explain=_("Only an empty category can be deleted."),
            to=gone_to_list("catalogue_category"),
        ),
    )
    list_display = (BRANCH, "parent", PLACE, "products_here", HIDDEN)
    list_select_related = ("parent",)
    list_filter = ("is_hidden",)
    search_fields = ("name",)
    fields = (
        ("name", "parent"),
        display.column(_("icon"), lambda row: display.thumbnail(row.icon and row.icon.digest)),
        (PLACE, HIDDEN),
    )

    def get_ordering(self, request: HttpRequest) -> Any:
        """As the tree is read, each under the one it hangs under."""
        return [tree.places().asc()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the number of products, and the place in the tree."""
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(products_count=Count("products"))
        placed: QuerySet[Any] = counted.annotate(place=tree.places())
        return placed

    @admin.display(description=_("products"), ordering="products_count")
    def products_here(self, row: Any) -> int:
        """How many stand on it."""
        return int(row.products_count)


@admin.register(Brand)
class BrandPage(Page):
    """Brands, the same for all merchants."""

    list_acts = (
        Act(
            name="add",
            label=_("Add brand"),
            right="brand.edit",
            form=NewBrandForm,
            run=_add_brand,
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = (
        Act(
            name="edit",
            label=_("Edit"),
            right="brand.edit",
            form=BrandForm,
            run=_edit_brand,
            initial=values_of("name", "letter", "story", "position", "is_hidden", "version"),
            icon="edit",
            submit=_("Save"),
        ),
        Act(
            name="delete",
            label=_("Delete"),
            right="brand.edit",
            run=_delete_brand,
            icon="delete",
            variant=ActionVariant.DANGER,
            explain=_("Only a brand that no product has can be deleted."),
            to=gone_to_list("catalogue_brand"),
        ),
    )
    list_display = (
        "name",
        display.column(_("logo"), lambda row: display.thumbnail(row.logo and row.logo.digest)),
        "letter",
        PLACE,
        HIDDEN,
    )
    list_select_related = ("logo",)
    list_filter = ("letter", "is_hidden")
    search_fields = ("name",)
    fields = (
        ("name", "letter"),
        display.column(_("logo"), lambda row: display.thumbnail(row.logo and row.logo.digest)),
        "story",
        (PLACE, HIDDEN),
    )


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
            initial=values_of(*_SKU),
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
        display.column(_("retired"), lambda row: display.moment(row.retired_at)),
    )
    list_select_related = ("product__merchant",)
    list_filter = (StockFilter, "product__category", "product__merchant")
    search_fields = ("code", "title", "product__title")
    search_help_text = _("code, variant or product")
    fields = (
        ("code", "title"),
        display.column(_("product"), lambda row: display.link(row.product)),
        (
            display.yuan_column("price_fen", _("price (yuan)")),
            display.yuan_column("cost_fen", _("cost (yuan)")),
        ),
        (
            display.yuan_column("market_price_fen", _("market price (yuan)")),
            display.column(_("until"), lambda row: display.moment(row.market_until)),
        ),
        (
            display.yuan_column("distribution_fen", _("distribution per unit (yuan)")),
            display.yuan_column("pool_fen", _("pool per unit (yuan)")),
        ),
        ("on_hand", "reserved"),
        display.column(_("retired"), lambda row: display.moment(row.retired_at)),
    )
