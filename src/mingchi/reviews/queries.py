"""Reviews as shoppers see them, and what a member may still review."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from mingchi.catalogue import listing
from mingchi.orders.models import OrderLine
from mingchi.reviews.models import Review, ReviewPicture
from mingchi.reviews.services import WITHIN

STARS: Final = range(1, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`by_stars`: how many gave one star, two … five; the average in hundredths, rounded down,
    None without reviews."""

    review_count: int
    average_hundredths: int | None
    by_stars: tuple[int, ...]
    with_pictures: int
    with_addition: int


def of_product(
    product_id: int,
    *,
    stars: int | None = None,
    with_pictures: bool = False,
    with_addition: bool = False,
) -> QuerySet[Review]:
    """What is shown of a product, narrowed to what is given, with all that a page needs."""
    found = Review.objects.filter(product=product_id, hidden_at=None)
    if stars is not None:
        found = found.filter(stars=stars)
    if with_pictures:
        found = found.filter(has_pictures=True)
    if with_addition:
        found = found.filter(added_at__isnull=False)
    return told(found)


def told(rows: QuerySet[Review]) -> QuerySet[Review]:
    """With line, member and pictures, in three queries however many."""
    pictures = Prefetch("pictures", ReviewPicture.objects.select_related("image"))
    related = ("line", "member__portrait__image", "product__listing")
    return rows.select_related(*related).prefetch_related(pictures)


def summary(product_id: int) -> Summary:
    """How many reviews of a product there are, and what they say."""
    shown = Review.objects.filter(product=product_id, hidden_at=None)
    counted = shown.aggregate(
        with_pictures=Count("pk", filter=Q(has_pictures=True)),
        with_addition=Count("pk", filter=Q(added_at__isnull=False)),
        **{f"of_{stars}": Count("pk", filter=Q(stars=stars)) for stars in STARS},
    )
    by_stars = tuple(counted[f"of_{stars}"] for stars in STARS)
    total = sum(stars * count for stars, count in zip(STARS, by_stars, strict=True))
    return Summary(
        review_count=sum(by_stars),
        average_hundredths=listing.average_hundredths(review_count=sum(by_stars), stars_sum=total),
        by_stars=by_stars,
        with_pictures=counted["with_pictures"],
        with_addition=counted["with_addition"],
    )


def waiting(member_id: int, *, now: datetime, order_id: int | None = None) -> QuerySet[OrderLine]:
    """Lines that the member received and has not reviewed, while there is time."""
    reviewed = Review.objects.filter(line=OuterRef("pk"))
    found = OrderLine.objects.filter(
        ~Exists(reviewed), order__member=member_id, order__received_at__gte=now - WITHIN
    )
    if order_id is not None:
        found = found.filter(order=order_id)
    return found.select_related("order", "sku__product__listing")
