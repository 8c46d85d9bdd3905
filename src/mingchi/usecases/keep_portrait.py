"""A member's portrait, shown beside their name. What is replaced or taken away is erased."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from mingchi.catalogue import images, pictures
from mingchi.catalogue.models import Image, Portrait
from mingchi.foundation import audit
from mingchi.foundation.errors import NotFoundError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import papers
from mingchi.usecases import checks, rights


def set_portrait(*, member_id: int, data: bytes) -> None:
    """This picture, in place of the former; the same once more changes nothing. Errors: those of
    `catalogue.pictures.make`, `read_only_account` 403."""
    members.acting(member_id)
    picture = pictures.make(data)
    with transaction.atomic():
        members.acting(member_id, held=True)
        former = _shown(member_id)
        if former is not None and former.digest == picture.digest:
            return
        image_id = images.keep(picture, member_id=member_id)
        Portrait.objects.update_or_create(member_id=member_id, defaults={"image_id": image_id})
    if former is not None:
        images.erase(former)


def remove_portrait(*, member_id: int) -> None:
    """None any more; once more changes nothing. Errors: `read_only_account` 403."""
    with transaction.atomic():
        members.acting(member_id, held=True)
        former = _taken_away(member_id)
    if former is not None:
        images.erase(former)


def take_down_portrait(*, by: User, member_id: int, reason: str, now: datetime) -> None:
    """What must not be shown is gone, an upload of it that was not sent yet too; the member is told
    that, not the reason, and may show another. Errors: `not_allowed` 403, `not_found` 404 where
    there is none, `text_invalid` without a reason."""
    rights.require(by, "portrait.take_down")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        member = members.get(member_id)
        former = _taken_away(member.pk)
        if former is None:
            raise NotFoundError()
        audit.record(
            actor=rights.actor(by),
            action="portrait.take_down",
            subject=f"member:{member.pk}",
            before={"image": former.digest},
            after={},
            reason=reason,
        )
        with translation.override(settings.LANGUAGE_CODE):  # theirs is not known here
            said = _("Your portrait is not shown any more. You may choose another one at any time.")
        papers.tell(member.pk, text=said, key=f"portrait-{now.isoformat()}")
    images.erase(former, uploads_too=True)


def _taken_away(member_id: int) -> Image | None:
    """What was shown until now."""
    former = _shown(member_id)
    Portrait.objects.filter(member=member_id).delete()
    return former


def _shown(member_id: int) -> Image | None:
    found = Portrait.objects.select_related("image").filter(member=member_id).first()
    return None if found is None else found.image
