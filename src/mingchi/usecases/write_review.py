"""A member reviews what they received, and adds to it once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.members import services as members
from mingchi.orders import services as orders
from mingchi.orders.models import OrderLine
from mingchi.reviews import services as reviews
from mingchi.reviews.models import MOST_CHARACTERS, Review
from mingchi.usecases import checks, keep_images

STARS: Final = range(1, 6)


def write_review(
    *,
    member_id: int,
    line_id: int,
    stars: int,
    text: str,
    image_ids: Sequence[int],
    now: datetime,
) -> Review:
    """Stars from 1 to 5, with words and up to 9 of the member's own pictures or without.

    Errors: `not_found` 404 (another's line or picture too), `stars_invalid`, `text_invalid` above
    500 characters, `images_too_many`, those of `reviews.services.write`.
    """
    if stars not in STARS:
        raise DomainError("stars_invalid", _("From 1 to 5 stars."), field="stars")
    words = _words(text)
    with transaction.atomic():
        members.acting(member_id)
        line = _line(member_id, line_id)
        keep_images.refuse_others_images(member_id=member_id, image_ids=image_ids)
        return reviews.write(line, stars=stars, text=words, image_ids=image_ids, now=now)


def add_to_review(
    *, member_id: int, review_id: int, text: str, image_ids: Sequence[int], now: datetime
) -> None:
    """What the member has found since, once; the review itself stays. Errors: as above, and
    `text_invalid` without words, those of `reviews.services.add`."""
    words = _words(text, needed=True)
    with transaction.atomic():
        members.acting(member_id)
        review = reviews.find(review_id, member_id=member_id)
        keep_images.refuse_others_images(member_id=member_id, image_ids=image_ids)
        reviews.add(review, text=words, image_ids=image_ids, now=now)


def _line(member_id: int, line_id: int) -> OrderLine:
    line = OrderLine.objects.select_related("sku").filter(pk=line_id).first()
    if line is None:
        raise NotFoundError(field="line_id")
    line.order = orders.lock(line.order_id, member_id=member_id)
    return line


def _words(text: str, *, needed: bool = False) -> str:
    """Line ends as browsers send them become one character."""
    plain = text.replace("\r\n", "\n")
    return checks.text(plain, field="text", longest=MOST_CHARACTERS, needed=needed)
