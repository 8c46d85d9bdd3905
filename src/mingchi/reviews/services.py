"""Reviews are written, answered, hidden and shown here.

Callers hold the lock of the order that was reviewed; the product's listing is held last.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import listing
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine
from mingchi.reviews.models import Review, ReviewPicture

WITHIN: Final = timedelta(days=180)
"""After receipt; for what is added later too."""


def write(
    line: OrderLine, *, stars: int, text: str, image_ids: Sequence[int], now: datetime
) -> Review:
    """The buyer's review of a line; `line.order` is locked and its member the buyer.

    Errors: `not_received` 409, `review_over` 409, `review_written` 409.
    """
    order = line.order
    _refuse_early_or_late(order, now)
    if Review.objects.filter(line=line).exists():
        raise ConflictError(
            "review_written",
            _("You have reviewed this already. You may add to it once."),
            field="line_id",
        )
    review = Review.objects.create(
        line=line,
        product_id=line.sku.product_id,
        member_id=order.member_id,
        stars=stars,
        text=text,
        has_pictures=bool(image_ids),
        reviewed_at=now,
    )
    _show_pictures(review, image_ids, is_addition=False)
    _rate(review.product_id)
    return review


def add(review: Review, *, text: str, image_ids: Sequence[int], now: datetime) -> None:
    """What the buyer adds later, once. Errors: `review_added` 409, `review_over` 409."""
    _refuse_early_or_late(review.line.order, now)
    pictured = {"has_pictures": True} if image_ids else {}
    fresh = Review.objects.filter(pk=review.pk, added_at=None)
    if not fresh.update(addition=text, added_at=now, **pictured):
        raise ConflictError("review_added", _("You have added to this review already."))
    _show_pictures(review, image_ids, is_addition=True)


def answer(review: Review, *, text: str, actor: str, now: datetime) -> None:
    """What its merchant says to it; said again, the last word stands."""
    _write(review, answer=text, answered_by=actor, answered_at=now)


def hide(review: Review, *, cause: str, reason: str, actor: str, now: datetime) -> None:
    """Nobody sees it any more but its member; `review_hidden` 409 where it is hidden already."""
    if review.hidden_at is not None:
        raise ConflictError("review_hidden", _("This review is hidden already."))
    _write(review, hidden_cause=cause, hidden_reason=reason, hidden_by=actor, hidden_at=now)
    _rate(review.product_id)


def show(review: Review) -> None:
    """It is seen again; `review_shown` 409 where it is not hidden."""
    if review.hidden_at is None:
        raise ConflictError("review_shown", _("This review is not hidden."))
    _write(review, hidden_cause="", hidden_reason="", hidden_by="", hidden_at=None)
    _rate(review.product_id)


def find(review_id: int, *, member_id: int | None = None) -> Review:
    """The review with its line and order, the order's row locked. Another member's is `not_found`
    404."""
    assert connection.in_atomic_block
    found = Review.objects.filter(pk=review_id)
    if member_id is not None:
        found = found.filter(member_id=member_id)
    order_id = found.values_list("line__order_id", flat=True).first()
    if order_id is None:
        raise NotFoundError()
    order = orders.lock(order_id)
    review = Review.objects.select_related("line", "product").get(pk=review_id)
    review.line.order = order
    return review


def _refuse_early_or_late(order: Order, now: datetime) -> None:
    if order.received_at is None:
        raise ConflictError("not_received", _("What was received can be reviewed."))
    if now > order.received_at + WITHIN:
        raise ConflictError("review_over", _("The time for reviews of this order is over."))


def _show_pictures(review: Review, image_ids: Sequence[int], *, is_addition: bool) -> None:
    ReviewPicture.objects.bulk_create(
        ReviewPicture(review=review, image_id=pk, is_addition=is_addition, position=place)
        for place, pk in enumerate(image_ids)
    )


def _rate(product_id: int) -> None:
    """Counted anew while nobody else can, so that two at once both count."""
    listing.hold(product_id)
    shown = Review.objects.filter(product=product_id, hidden_at=None)
    rating = shown.aggregate(review_count=Count("pk"), stars_sum=Coalesce(Sum("stars"), 0))
    listing.set_rating(product_id, **rating)


def _write(review: Review, **fields: Any) -> None:
    Review.objects.filter(pk=review.pk).update(**fields)
    for name, value in fields.items():
        setattr(review, name, value)
