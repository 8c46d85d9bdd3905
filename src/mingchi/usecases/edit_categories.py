"""The platform keeps the tree of categories."""

from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import listing, prices, tree
from mingchi.catalogue.models import Category, Image, Product, Sku
from mingchi.foundation import audit, clock
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.usecases import checks, rights, versions

FARTHEST = 10**6


class CategoryValues(TypedDict, total=False):
    """What may be stated of a category; what is not given stays. `icon_id` is a picture of the
    platform's."""

    name: str
    parent_id: int | None
    icon_id: int | None
    position: int
    is_hidden: bool


def add_category(
    *,
    by: User,
    name: str,
    parent_id: int | None = None,
    icon_id: int | None = None,
    position: int = 0,
    is_hidden: bool = False,
) -> int:
    """A new shelf. Errors: `category_taken` 409, `category_too_deep`, `not_found` 404."""
    rights.require(by, "category.edit")
    given = CategoryValues(
        name=name, parent_id=parent_id, icon_id=icon_id, position=position, is_hidden=is_hidden
    )
    with transaction.atomic():
        tree.hold()
        checked = _checked(None, given)
        made = Category.objects.create(**checked)
        _audit(by, "category.add", made, {}, {**checked, "version": 1})
    return made.pk


def edit_category(
    *, by: User, category_id: int, version: int | None = None, **values: Unpack[CategoryValues]
) -> int:
    """Rename, move, hide or arrange a shelf; the version then. Errors as `add_category`,
    `category_loop` for a place under itself, `changed_meanwhile` 409."""
    rights.require(by, "category.edit")
    with transaction.atomic():
        tree.hold()
        category = _locked(category_id)
        following = versions.claim(category, version=version)
        checked = _checked(category, values)
        before = {name: getattr(category, name) for name in checked}
        Category.objects.filter(pk=category.pk).update(**checked, version=following)
        _follow(category, before, checked)
        _audit(by, "category.edit", category, before, {**checked, "version": following})
    return following


def delete_category(*, by: User, category_id: int) -> None:
    """Take an empty shelf away. Errors: `category_in_use` 409 with what stands on it."""
    rights.require(by, "category.edit")
    with transaction.atomic():
        tree.hold()
        category = _locked(category_id)
        held = {
            "products": category.products.count(),
            "categories": category.children.count(),
            "home_shelves": category.home_shelves.count(),
        }
        try:
            Category.objects.filter(pk=category.pk).delete()
        except ProtectedError:
            raise ConflictError(
                "category_in_use",
                _("Products or other categories stand on it. Move them first, or hide it."),
                details=held,
            ) from None
        _audit(by, "category.delete", category, {"name": category.name}, {})


def _locked(category_id: int) -> Category:
    found = Category.objects.select_for_update().filter(pk=category_id).first()
    if found is None:
        raise NotFoundError()
    return found


def _checked(category: Category | None, given: CategoryValues) -> dict[str, Any]:
    values: dict[str, Any] = dict(given)
    if "name" in values:
        values["name"] = checks.text(values["name"], field="name", longest=60, needed=True)
    if abs(values.get("position", 0)) > FARTHEST:
        raise DomainError("position_invalid", _("Up to a million."), field="position")
    icon = values.get("icon_id")
    if icon is not None and not Image.objects.filter(pk=icon, merchant=None, member=None).exists():
        raise NotFoundError(field="icon_id")
    if "parent_id" in values:
        _refuse_wrong_place(category, values["parent_id"])
    parent = values.get("parent_id", category.parent_id if category else None)
    name = values.get("name", category.name if category else "")
    same = Category.objects.filter(parent_id=parent, name=name)
    if same.exclude(pk=category.pk if category else 0).exists():
        raise ConflictError("category_taken", _("There is such a category."), field="name")
    return values


def _refuse_wrong_place(category: Category | None, parent_id: int | None) -> None:
    if parent_id is None:
        return
    above = tree.above(parent_id)
    if not above:
        raise NotFoundError(field="parent_id")
    if category is not None and category.pk in above:
        raise DomainError(
            "category_loop", _("A category can't stand under itself."), field="parent_id"
        )
    if len(above) + (tree.height(category.pk) if category else 1) > tree.DEEPEST:
        raise DomainError(
            "category_too_deep", _("Categories stand at most 4 deep."), field="parent_id"
        )


def _follow(category: Category, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Lists find a product by its category's name; what is hidden is not offered."""
    moved = any(before.get(name) != after.get(name) for name in ("is_hidden", "parent_id"))
    if moved:
        skus = Sku.objects.filter(product__category_id__in=tree.below(category.pk))
        prices.note(list(skus.values_list("pk", flat=True)), now=clock.now())
    if before.get("name") != after.get("name"):
        here = Product.objects.filter(category_id=category.pk)
        listing.refresh(here.values_list("pk", flat=True))


def _audit(
    by: User, action: str, category: Category, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=versions.subject(category),
        before=before,
        after=after,
    )
