"""Staff and members upload pictures; staff arrange those of a product."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import images, listing, pictures
from mingchi.catalogue.models import Image, Product, ProductImage
from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.usecases import edit_catalogue, rights, versions

READ_AT_MOST = pictures.MAX_BYTES + 1
"""Bytes of a file: one more than a picture may have, so that a larger one is refused, not cut."""
MOST = 12
"""Pictures of a product."""
MOST_OF_MEMBER = 9
"""Pictures by what a member writes."""


def upload_image(*, by: User, data: bytes, merchant_id: int | None) -> int:
    """Keep a picture for a merchant, or (None) for the platform; its key, the same for the same
    picture. Errors: those of `catalogue.pictures.make`, `not_found` 404."""
    action = "home.edit" if merchant_id is None else "catalogue.edit"
    rights.require(by, action, merchant_id=merchant_id)
    return images.keep(pictures.make(data), merchant_id=merchant_id, user_id=by.pk)


def upload_own_image(*, member_id: int, data: bytes) -> int:
    """Keep a picture for a member, to be shown by what they write; its key, the same for the same
    picture. Errors: those of `catalogue.pictures.make`, `read_only_account` 403."""
    members.acting(member_id)
    return images.keep(pictures.make(data), member_id=member_id)


def refuse_others_images(*, member_id: int, image_ids: Sequence[int]) -> None:
    """Whether a member may show these. Errors: `images_too_many` for more than 9 or one twice,
    `not_found` 404 for a picture that is not the member's."""
    if len(image_ids) > MOST_OF_MEMBER or len(set(image_ids)) != len(image_ids):
        raise DomainError("images_too_many", _("At most 9 pictures, each once."), field="image_ids")
    own = Image.objects.filter(pk__in=image_ids, member_id=member_id)
    if own.count() != len(image_ids):
        raise NotFoundError(field="image_ids")


def arrange_images(
    *, by: User, product_id: int, image_ids: Sequence[int], version: int | None = None
) -> int:
    """These are the pictures of a product, in this order, the first its cover; the version then.

    Errors: `images_too_many` for more than 12 or one twice, `not_found` 404 for a picture that is
    not the merchant's, `changed_meanwhile` 409.
    """
    with transaction.atomic():
        product = edit_catalogue.locked_product(by, product_id)
        following = versions.claim(product, version=version)
        if len(image_ids) > MOST or len(set(image_ids)) != len(image_ids):
            raise DomainError(
                "images_too_many", _("At most 12 pictures, each once."), field="image_ids"
            )
        own = Image.objects.filter(pk__in=image_ids, merchant_id=product.merchant_id)
        if own.count() != len(image_ids):
            raise NotFoundError(field="image_ids")
        rows = ProductImage.objects.filter(product=product)
        before = list(rows.values_list("image_id", flat=True))
        rows.delete()
        ProductImage.objects.bulk_create(
            ProductImage(product=product, image_id=pk, position=place)
            for place, pk in enumerate(image_ids)
        )
        Product.objects.filter(pk=product.pk).update(version=following)
        listing.refresh([product.pk])
        audit.record(
            actor=rights.actor(by),
            action="product.images",
            subject=versions.subject(product),
            before={"images": before},
            after={"images": list(image_ids), "version": following},
        )
    return following


def prune_images(*, now: datetime) -> int:
    """Forget pictures that nothing shows any more; how many. Called by the worker."""
    return images.prune(now=now)
