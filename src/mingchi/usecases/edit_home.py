"""The platform arranges the first page: banners, shelves, and words to search for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import (
    Banner,
    Brand,
    Category,
    HomeShelf,
    HomeShelfProduct,
    HotWord,
    Image,
    Product,
)
from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.usecases import checks, product_values, rights, versions

LONGEST_SHELF = 20
MOST_HOT_WORDS = 20
_GOES_TO: dict[str, type[Model]] = {"product": Product, "category": Category, "brand": Brand}


class BannerValues(TypedDict, total=False):
    """What may be stated of a banner. `target_value` is a key, or the words of a search."""

    title: str
    image_id: int
    target: str
    target_value: str
    position: int
    starts_at: datetime | None
    ends_at: datetime | None
    is_hidden: bool


class ShelfValues(TypedDict, total=False):
    """What may be stated of a row of products. `product_ids` are those chosen by hand, in their
    order."""

    title: str
    subtitle: str
    kind: str
    category_id: int | None
    length: int
    position: int
    is_hidden: bool
    product_ids: Sequence[int]


def add_banner(*, by: User, **values: Unpack[BannerValues]) -> int:
    """A new banner. Errors: `target_invalid`, `period_invalid`, `text_invalid`, `not_found` 404."""
    rights.require(by, "home.edit")
    with transaction.atomic():
        checked = _banner(None, values)
        made = Banner.objects.create(**checked)
        _audit(by, "banner.add", made, {}, {**checked, "version": 1})
    return made.pk


def edit_banner(
    *, by: User, banner_id: int, version: int | None = None, **values: Unpack[BannerValues]
) -> int:
    """Change what is given; the version then. Errors as `add_banner`, `changed_meanwhile` 409."""
    rights.require(by, "home.edit")
    with transaction.atomic():
        banner = _locked(Banner, banner_id)
        following = versions.claim(banner, version=version)
        checked = _banner(banner, values)
        before = {name: getattr(banner, name) for name in checked}
        Banner.objects.filter(pk=banner.pk).update(**checked, version=following)
        _audit(by, "banner.edit", banner, before, {**checked, "version": following})
    return following


def delete_banner(*, by: User, banner_id: int) -> None:
    """Take a banner away."""
    _delete(by, Banner, banner_id, "banner.delete")


def add_shelf(*, by: User, **values: Unpack[ShelfValues]) -> int:
    """A new row of products. Errors: `kind_invalid`, `length_invalid`, `text_invalid`, `not_found`
    404 for a product or category that is not there."""
    rights.require(by, "home.edit")
    with transaction.atomic():
        checked, product_ids = _shelf(values)
        made = HomeShelf.objects.create(**checked)
        _choose(made, product_ids or [])
        _audit(by, "shelf.add", made, {}, {**checked, "products": product_ids, "version": 1})
    return made.pk


def edit_shelf(
    *, by: User, shelf_id: int, version: int | None = None, **values: Unpack[ShelfValues]
) -> int:
    """Change what is given; the version then. Errors as `add_shelf`, `changed_meanwhile` 409."""
    rights.require(by, "home.edit")
    with transaction.atomic():
        shelf = _locked(HomeShelf, shelf_id)
        following = versions.claim(shelf, version=version)
        checked, product_ids = _shelf(values)
        before = {name: getattr(shelf, name) for name in checked}
        HomeShelf.objects.filter(pk=shelf.pk).update(**checked, version=following)
        if product_ids is not None:
            before["products"] = list(shelf.chosen.values_list("product_id", flat=True))
            checked["products"] = product_ids
            _choose(shelf, product_ids)
        _audit(by, "shelf.edit", shelf, before, {**checked, "version": following})
    return following


def delete_shelf(*, by: User, shelf_id: int) -> None:
    """Take a row of products away; the products stay."""
    _delete(by, HomeShelf, shelf_id, "shelf.delete")


def set_hot_words(*, by: User, words: Sequence[str]) -> None:
    """These words are offered for searching, in this order. Errors: `words_invalid` for more than
    20 or one twice, `text_invalid`."""
    rights.require(by, "home.edit")
    checked = [checks.text(word, field="words", longest=30, needed=True) for word in words]
    if len(checked) > MOST_HOT_WORDS or len(set(checked)) != len(checked):
        raise DomainError("words_invalid", _("At most 20 words, each once."), field="words")
    with transaction.atomic():
        before = list(HotWord.objects.select_for_update().values_list("word", flat=True))
        HotWord.objects.all().delete()
        HotWord.objects.bulk_create(
            HotWord(word=word, position=place) for place, word in enumerate(checked)
        )
        audit.record(
            actor=rights.actor(by),
            action="hot_words.set",
            subject="hot_words",
            before={"words": before},
            after={"words": checked},
        )


def _banner(banner: Banner | None, given: BannerValues) -> dict[str, Any]:
    values: dict[str, Any] = dict(given)
    if banner is None or "title" in values:
        values["title"] = checks.text(
            values.get("title", ""), field="title", longest=60, needed=True
        )
    image_id = values.get("image_id", banner.image_id if banner else 0)
    if not Image.objects.filter(pk=image_id, merchant=None, member=None).exists():
        raise NotFoundError(field="image_id")
    target = values.get("target", banner.target if banner else Banner.Target.NONE)
    value = values.get("target_value", banner.target_value if banner else "")
    values["target_value"] = _target(str(target), value)
    starts_at = values.get("starts_at", banner.starts_at if banner else None)
    ends_at = values.get("ends_at", banner.ends_at if banner else None)
    checks.moment(starts_at, field="starts_at")
    checks.moment(ends_at, field="ends_at")
    if starts_at and ends_at and ends_at <= starts_at:
        raise DomainError("period_invalid", _("It ends before it begins."), field="ends_at")
    _refuse_far(values)
    return values


def _target(target: str, value: str) -> str:
    """Where a banner leads to: a row that is there, words, or nowhere."""
    if target == Banner.Target.NONE:
        return ""
    if target == Banner.Target.SEARCH:
        return checks.text(value, field="target_value", longest=60, needed=True)
    model = _GOES_TO.get(target)
    if model is None:
        raise DomainError("target_invalid", _("A banner can't lead there."), field="target")
    key = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
    if not model._default_manager.filter(pk=key).exists():
        raise NotFoundError(field="target_value")
    return str(key)


def _shelf(given: ShelfValues) -> tuple[dict[str, Any], list[int] | None]:
    """Columns, and the products chosen by hand where they are given."""
    values: dict[str, Any] = dict(given)
    product_ids = values.pop("product_ids", None)
    for field, longest, needed in (("title", 30, True), ("subtitle", 60, False)):
        if field in values:
            values[field] = checks.text(values[field], field=field, longest=longest, needed=needed)
    if "kind" in values and values["kind"] not in HomeShelf.Kind.values:
        raise DomainError("kind_invalid", _("There is no such kind of shelf."), field="kind")
    if not 1 <= values.get("length", 1) <= LONGEST_SHELF:
        raise DomainError("length_invalid", _("From 1 to 20 products."), field="length")
    category_id = values.get("category_id")
    if category_id is not None and not Category.objects.filter(pk=category_id).exists():
        raise NotFoundError(field="category_id")
    if product_ids is not None:
        product_ids = list(dict.fromkeys(product_ids))[: LONGEST_SHELF + 1]
        if len(product_ids) > LONGEST_SHELF:
            raise DomainError("length_invalid", _("From 1 to 20 products."), field="product_ids")
        if Product.objects.filter(pk__in=product_ids).count() != len(product_ids):
            raise NotFoundError(field="product_ids")
    _refuse_far(values)
    return values, product_ids


def _refuse_far(values: dict[str, Any]) -> None:
    if abs(values.get("position", 0)) > 10**6:
        raise DomainError("position_invalid", _("Up to a million."), field="position")


def _choose(shelf: HomeShelf, product_ids: Sequence[int]) -> None:
    shelf.chosen.all().delete()
    HomeShelfProduct.objects.bulk_create(
        HomeShelfProduct(shelf=shelf, product_id=pk, position=place)
        for place, pk in enumerate(product_ids)
    )


def _locked(model: Any, pk: int) -> Any:
    found = model.objects.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFoundError()
    return found


def _delete(by: User, model: Any, pk: int, action: str) -> None:
    rights.require(by, "home.edit")
    with transaction.atomic():
        found = _locked(model, pk)
        _audit(by, action, found, {"title": found.title}, {})
        found.delete()


def _audit(
    by: User, action: str, subject: Model, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=versions.subject(subject),
        before=product_values.plain(before),
        after=product_values.plain(after),
    )
