"""A member's portrait, shown beside their name. What is replaced or taken away is erased."""

from django.db import transaction

from mingchi.catalogue import images
from mingchi.catalogue.models import Image, Portrait
from mingchi.foundation import audit
from mingchi.foundation.errors import NotFoundError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.usecases import checks, rights
from mingchi.usecases.keep_images import upload_own_image


def set_portrait(*, member_id: int, data: bytes) -> None:
    """This picture, in place of the former. Errors: those of `keep_images.upload_own_image`."""
    image_id = upload_own_image(member_id=member_id, data=data)
    with transaction.atomic():
        members.acting(member_id, held=True)
        former = _shown(member_id)
        Portrait.objects.update_or_create(member_id=member_id, defaults={"image_id": image_id})
    if former is not None and former.pk != image_id:
        images.erase(former)


def remove_portrait(*, member_id: int) -> None:
    """None any more; once more changes nothing. Errors: `read_only_account` 403."""
    with transaction.atomic():
        members.acting(member_id, held=True)
        former = _shown(member_id)
        Portrait.objects.filter(member_id=member_id).delete()
    if former is not None:
        images.erase(former)


def take_down_portrait(*, by: User, member_id: int, reason: str) -> None:
    """What must not be shown is gone; the member may show another. Errors: `not_allowed` 403,
    `not_found` 404 where there is none, `text_invalid` without a reason."""
    rights.require(by, "portrait.take_down")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        member = members.get(member_id)
        former = _shown(member.pk)
        if former is None:
            raise NotFoundError()
        Portrait.objects.filter(member=member).delete()
        audit.record(
            actor=rights.actor(by),
            action="portrait.take_down",
            subject=f"member:{member.pk}",
            before={"image": former.digest},
            after={},
            reason=reason,
        )
    images.erase(former)


def _shown(member_id: int) -> Image | None:
    found = Portrait.objects.select_related("image").filter(member=member_id).first()
    return None if found is None else found.image
