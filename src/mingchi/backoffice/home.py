"""The first page of the shop: banners, rows of products, words to search for."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, Model, OuterRef, QuerySet, Subquery, TextField, When
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.catalogue import (
    HIDDEN,
    SIZE_HELP,
    category_choices,
    gone_to_list,
    kept,
    none_or,
    number,
    values_of,
)
from mingchi.backoffice.pages import Page
from mingchi.catalogue.models import Banner, Brand, Category, HomeShelf, HotWord, Product
from mingchi.usecases import edit_home

PLACE = display.column(_("place on the shelf"), lambda row: row.position, order="position")
_BANNER = ("title", "target", "target_value", "position", "starts_at", "ends_at", "is_hidden")
_SHELF = ("title", "subtitle", "kind", "length", "position", "is_hidden")


class NewBannerForm(ActForm):
    """A banner."""

    title = fields.text(_("title"), length=60)
    image = fields.picture(_("picture"), help_text=SIZE_HELP)
    target = fields.choice(_("leads to"), Banner.Target.choices)
    target_value = fields.text(
        _("number or word"),
        required=False,
        length=60,
        help_text=_("The number of the product, category or brand, or what is searched for."),
    )
    position = fields.whole(_("place on the shelf"), initial=0, low=-(10**6), high=10**6)
    starts_at = fields.moment(_("shown from"), required=False, help_text=_("Left empty: at once."))
    ends_at = fields.moment(
        _("shown until"), required=False, help_text=_("Left empty: until it is hidden.")
    )
    is_hidden = fields.switch(_("hidden"))


class BannerForm(NewBannerForm):
    """A banner as it stands."""

    version = fields.version()


class NewShelfForm(ActForm):
    """A row of products."""

    title = fields.text(_("title"), length=30)
    subtitle = fields.text(_("subtitle"), required=False, length=60)
    kind = fields.choice(_("products"), HomeShelf.Kind.choices)
    category_id = fields.choice(
        _("category"),
        lambda: none_or(category_choices()),
        required=False,
        help_text=_("Of the newest and the best sold: only those of this category."),
    )
    product_ids = fields.text(
        _("products chosen"),
        required=False,
        help_text=_("Their numbers in their order, between commas."),
    )
    length = fields.whole(_("products at most"), low=1, high=20, initial=8)
    position = fields.whole(_("place on the shelf"), initial=0, low=-(10**6), high=10**6)
    is_hidden = fields.switch(_("hidden"))

    def clean_product_ids(self) -> list[int]:
        """Whole numbers."""
        parts = [part for part in re.split(r"[\s,，、]+", self.cleaned_data["product_ids"]) if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise forms.ValidationError(_("Their numbers in their order, between commas."))
        return [int(part) for part in parts]


class ShelfForm(NewShelfForm):
    """A row as it stands."""

    version = fields.version()


class HotWordsForm(ActForm):
    """Words, a line each."""

    words = fields.paragraphs(
        _("words"), length=2_000, help_text=_("One a line, 20 at most, the first comes first.")
    )

    def clean_words(self) -> list[str]:
        """Those that are there."""
        lines = self.cleaned_data["words"].splitlines()
        return [line.strip() for line in lines if line.strip()]


def _banner(deed: Deed) -> Any:
    image = kept(deed, "image")
    return {
        **{name: deed.values[name] for name in _BANNER},
        **({"image_id": image} if image else {}),
    }


def _shelf(deed: Deed) -> Any:
    return {
        **{name: deed.values[name] for name in _SHELF},
        "category_id": number(deed.values["category_id"]),
        "product_ids": deed.values["product_ids"],
    }


def _shelf_initial(thing: Any) -> dict[str, Any]:
    chosen = thing.chosen.order_by("position").values_list("product_id", flat=True)
    return {
        **values_of(*_SHELF, "category_id", "version")(thing),
        "product_ids": ", ".join(map(str, chosen)),
    }


def _add_banner(deed: Deed) -> Any:
    edit_home.add_banner(by=deed.user, **_banner(deed))
    return _("The banner is added.")


def _edit_banner(deed: Deed) -> Any:
    edit_home.edit_banner(
        by=deed.user, banner_id=deed.thing.pk, version=deed.values["version"], **_banner(deed)
    )
    return _("The banner is changed.")


def _delete_banner(deed: Deed) -> Any:
    edit_home.delete_banner(by=deed.user, banner_id=deed.thing.pk)
    return _("The banner is gone.")


def _add_shelf(deed: Deed) -> Any:
    edit_home.add_shelf(by=deed.user, **_shelf(deed))
    return _("The shelf is added.")


def _edit_shelf(deed: Deed) -> Any:
    edit_home.edit_shelf(
        by=deed.user, shelf_id=deed.thing.pk, version=deed.values["version"], **_shelf(deed)
    )
    return _("The shelf is changed.")


def _delete_shelf(deed: Deed) -> Any:
    edit_home.delete_shelf(by=deed.user, shelf_id=deed.thing.pk)
    return _("The shelf is gone.")


def _set_hot_words(deed: Deed) -> Any:
    edit_home.set_hot_words(by=deed.user, words=deed.values["words"])
    return _("The words are stated.")


def _acts(form: type[ActForm], edit: Any, delete: Any, initial: Any, page: str) -> Any:
    """To edit, and to take away."""
    return (
        Act(
            name="edit",
            label=_("Edit"),
            right="home.edit",
            form=form,
            run=edit,
            initial=initial,
            icon="edit",
            submit=_("Save"),
        ),
        Act(
            name="delete",
            label=_("Delete"),
            right="home.edit",
            run=delete,
            icon="delete",
            variant=ActionVariant.DANGER,
            to=gone_to_list(page),
        ),
    )


def _add(form: type[ActForm], label: Any, run: Any) -> Any:
    return (
        Act(
            name="add",
            label=label,
            right="home.edit",
            form=form,
            run=run,
            icon="add",
            variant=ActionVariant.PRIMARY,
        ),
    )


PICTURE = display.column(_("picture"), lambda row: display.thumbnail(row.image.digest))


def _named(model: type[Model], name: str) -> Subquery:
    """What the thing is called whose key a banner states."""
    keyed = model._default_manager.annotate(key=Cast("pk", TextField()))
    return Subquery(keyed.filter(key=OuterRef("target_value")).values(name))


LEADS_TO = display.column(
    _("leads to"),
    lambda row: " · ".join(filter(None, (str(row.get_target_display()), row.goal))),
    order="target",
)


@admin.register(Banner)
class BannerPage(Page):
    """Wide pictures on the first page."""

    list_acts = _add(NewBannerForm, _("Add banner"), _add_banner)
    acts = _acts(
        BannerForm, _edit_banner, _delete_banner, values_of(*_BANNER, "version"), "catalogue_banner"
    )
    list_display = (
        "title",
        PICTURE,
        LEADS_TO,
        PLACE,
        "starts_at",
        "ends_at",
        HIDDEN,
    )
    list_select_related = ("image",)
    fields = (
        "title",
        PICTURE,
        LEADS_TO,
        ("starts_at", "ends_at"),
        (PLACE, HIDDEN),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the name of what each leads to, or the words that are searched for."""
        goal = Case(
            When(target=Banner.Target.PRODUCT, then=_named(Product, "title")),
            When(target=Banner.Target.CATEGORY, then=_named(Category, "name")),
            When(target=Banner.Target.BRAND, then=_named(Brand, "name")),
            default="target_value",
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(goal=goal)
        return annotated


@admin.register(HomeShelf)
class HomeShelfPage(Page):
    """Rows of products on the first page."""

    list_acts = _add(NewShelfForm, _("Add shelf"), _add_shelf)
    acts = _acts(ShelfForm, _edit_shelf, _delete_shelf, _shelf_initial, "catalogue_homeshelf")
    list_display = ("title", "subtitle", "kind", "category", "length", PLACE, HIDDEN)
    list_select_related = ("category",)
    fields = (("title", "subtitle"), ("kind", "category"), "length", (PLACE, HIDDEN))


@admin.register(HotWord)
class HotWordPage(Page):
    """Words that shoppers are offered."""

    list_acts = (
        Act(
            name="set",
            label=_("State the words"),
            right="home.edit",
            form=HotWordsForm,
            run=_set_hot_words,
            initial=lambda thing: {
                "words": "\n".join(HotWord.objects.values_list("word", flat=True))
            },
            icon="edit",
            explain=_("What shoppers type themselves is shown to nobody else."),
            variant=ActionVariant.PRIMARY,
            submit=_("Save"),
        ),
    )
    list_display = ("word", PLACE)
    fields = ("word", PLACE)
