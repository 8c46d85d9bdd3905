"""The platform keeps the brands."""

from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import listing, search
from mingchi.catalogue.models import Brand, Image, Product
from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.usecases import checks, rights, versions


class BrandValues(TypedDict, total=False):
    """What may be stated of a brand; what is not given stays. `letter` empty: found from the name's
    pinyin. `logo_id` is a picture of the platform's."""

    name: str
    letter: str
    logo_id: int | None
    story: str
    position: int
    is_hidden: bool


def add_brand(*, by: User, **values: Unpack[BrandValues]) -> int:
    """A new brand. Errors: `brand_taken` 409, `letter_invalid`, `text_invalid`, `not_found` 404."""
    rights.require(by, "brand.edit")
    with transaction.atomic():
        checked = _checked(None, BrandValues(**{"letter": "", "name": "", **values}))
        made = Brand.objects.create(**checked)
        _audit(by, "brand.add", made, {}, {**checked, "version": 1})
    return made.pk


def edit_brand(
    *, by: User, brand_id: int, version: int | None = None, **values: Unpack[BrandValues]
) -> int:
    """Change what is given; the version then. Errors as `add_brand`, `changed_meanwhile` 409."""
    rights.require(by, "brand.edit")
    with transaction.atomic():
        brand = _locked(brand_id)
        following = versions.claim(brand, version=version)
        checked = _checked(brand, values)
        before = {name: getattr(brand, name) for name in checked}
        Brand.objects.filter(pk=brand.pk).update(**checked, version=following)
        if checked.get("name", brand.name) != brand.name:
            here = Product.objects.filter(brand_id=brand.pk)
            listing.refresh(here.values_list("pk", flat=True))
        _audit(by, "brand.edit", brand, before, {**checked, "version": following})
    return following


def delete_brand(*, by: User, brand_id: int) -> None:
    """Take away a brand that no product has. Errors: `brand_in_use` 409."""
    rights.require(by, "brand.edit")
    with transaction.atomic():
        brand = _locked(brand_id)
        try:
            Brand.objects.filter(pk=brand.pk).delete()
        except ProtectedError:
            raise ConflictError(
                "brand_in_use",
                _("Products are of this brand. Hide it instead."),
                details={"products": brand.products.count()},
            ) from None
        _audit(by, "brand.delete", brand, {"name": brand.name}, {})


def _locked(brand_id: int) -> Brand:
    found = Brand.objects.select_for_update().filter(pk=brand_id).first()
    if found is None:
        raise NotFoundError()
    return found


def _checked(brand: Brand | None, given: BrandValues) -> dict[str, Any]:
    values: dict[str, Any] = dict(given)
    if "name" in values:
        values["name"] = checks.text(values["name"], field="name", longest=60, needed=True)
        same = Brand.objects.filter(name=values["name"]).exclude(pk=brand.pk if brand else 0)
        if same.exists():
            raise ConflictError("brand_taken", _("There is such a brand."), field="name")
    if "story" in values:
        story = values["story"].replace("\r\n", "\n")
        values["story"] = checks.text(story, field="story", longest=5_000)
    if "letter" in values:
        name = values.get("name", brand.name if brand else "")
        values["letter"] = values["letter"].strip().upper() or search.initial(name)
        if values["letter"] not in set("ABCDEFGHIJKLMNOPQRSTUVWXYZ#"):
            raise DomainError("letter_invalid", _("A letter from A to Z, or #."), field="letter")
    if abs(values.get("position", 0)) > 10**6:
        raise DomainError("position_invalid", _("Up to a million."), field="position")
    logo = values.get("logo_id")
    if logo is not None and not Image.objects.filter(pk=logo, merchant=None, member=None).exists():
        raise NotFoundError(field="logo_id")
    return values


def _audit(
    by: User, action: str, brand: Brand, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=versions.subject(brand),
        before=before,
        after=after,
    )
