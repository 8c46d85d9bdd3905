"""Reviews: what anybody may read of a product, and what a member writes. Another member's review
is not there (404)."""

from dataclasses import asdict
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, File, Status, UploadedFile

from mingchi.api import catalogue_shapes
from mingchi.api import review_shapes as shapes
from mingchi.api.auth_shapes import limit_uploads
from mingchi.api.catalogue_shapes import UploadedOut
from mingchi.api.fields import Before, Done, Id, Limit, Page
from mingchi.api.paging import page
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import Image
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.orders.models import OrderLine
from mingchi.reviews import queries
from mingchi.reviews.models import Review
from mingchi.usecases import keep_images
from mingchi.usecases import write_review as use

shop_router = GuardedRouter(tags=["reviews"])
router = GuardedRouter(tags=["reviews"])
pictures_router = GuardedRouter(tags=["pictures"])
OfStars = Annotated[int | None, Field(ge=1, le=5, description="only those with so many stars")]


@shop_router.get(
    "/products/{product_id}/reviews", response=Page[shapes.ReviewOut], summary="Reviews"
)
def list_product_reviews(
    request: HttpRequest,
    product_id: Id,
    limit: Limit = 20,
    before: Before = None,
    stars: OfStars = None,
    with_pictures: bool = False,
    with_addition: bool = False,
) -> Page[shapes.ReviewOut]:
    """What members who bought it say of a product on sale, newest first."""
    _refuse_hidden(product_id)
    found = queries.of_product(
        product_id, stars=stars, with_pictures=with_pictures, with_addition=with_addition
    )
    return page(found, shapes.review, limit=limit, before=before)


@shop_router.get(
    "/products/{product_id}/reviews/summary",
    response=shapes.ReviewSummaryOut,
    summary="Reviews in figures",
)
def summarise_product_reviews(request: HttpRequest, product_id: Id) -> shapes.ReviewSummaryOut:
    """How many there are, by stars, with pictures, with something added; and their average."""
    _refuse_hidden(product_id)
    return shapes.ReviewSummaryOut(**asdict(queries.summary(product_id)))


@pictures_router.post("", response={201: UploadedOut}, summary="Upload a picture of mine")
def upload_own_picture(request: HttpRequest, image: File[UploadedFile]) -> Status[UploadedOut]:
    """JPEG, PNG or WebP up to 10 MB and 25 megapixels, for a review or an after-sales case. It is
    drawn anew: what it carried besides (place, camera) is gone. One that nothing shows is forgotten
    after a day. At most 60 an hour."""
    member_id = member_of(request).pk
    limit_uploads(member_id)
    data = image.read(keep_images.READ_AT_MOST)
    made = keep_images.upload_own_image(member_id=member_id, data=data)
    return Status(201, catalogue_shapes.uploaded(Image.objects.get(pk=made)))


@router.get("/waiting", response=Page[shapes.ToReviewOut], summary="What I may review")
def list_to_review(
    request: HttpRequest, limit: Limit = 20, before: Before = None, order_id: Id | None = None
) -> Page[shapes.ToReviewOut]:
    """Lines that I received in the last 180 days and have not reviewed, of one order or of all; the
    latest bought first."""
    found = queries.waiting(member_of(request).pk, now=clock.now(), order_id=order_id)
    return page(found, _to_review, limit=limit, before=before)


@router.get("", response=Page[shapes.OwnReviewOut], summary="My reviews")
def list_own_reviews(
    request: HttpRequest, limit: Limit = 20, before: Before = None, order_id: Id | None = None
) -> Page[shapes.OwnReviewOut]:
    """Newest first, of one order or of all."""
    own = queries.told(Review.objects.filter(member=member_of(request)))
    rows = own if order_id is None else own.filter(line__order=order_id)
    return page(rows, shapes.own_review, limit=limit, before=before)


@router.get("/{review_id}", response=shapes.OwnReviewOut, summary="A review of mine")
def get_own_review(request: HttpRequest, review_id: Id) -> shapes.OwnReviewOut:
    """With its pictures, what I added and what was answered."""
    return _own(request, review_id)


@router.post("", response={201: shapes.OwnReviewOut}, summary="Review what I received")
def write_review(request: HttpRequest, data: shapes.ReviewIn) -> Status[shapes.OwnReviewOut]:
    """Once a line (409 `review_written`), within 180 days of receipt."""
    member_id = member_of(request).pk
    made = use.write_review(member_id=member_id, now=clock.now(), **data.model_dump())
    return Status(201, _own(request, made.pk))


@router.post("/{review_id}/addition", response=Done, summary="Add to a review")
def add_to_review(request: HttpRequest, review_id: Id, data: shapes.AdditionIn) -> Done:
    """What I found since; once (409 `review_added`)."""
    use.add_to_review(
        member_id=member_of(request).pk, review_id=review_id, now=clock.now(), **data.model_dump()
    )
    return Done()


def _refuse_hidden(product_id: int) -> None:
    if not catalogue.on_sale().filter(pk=product_id).exists():
        raise NotFoundError()


def _own(request: HttpRequest, review_id: int) -> shapes.OwnReviewOut:
    found = Review.objects.filter(pk=review_id, member=member_of(request))
    row = queries.told(found).first()
    if row is None:
        raise NotFoundError()
    return shapes.own_review(row)


def _to_review(line: OrderLine) -> shapes.ToReviewOut:
    product = line.sku.product
    received_at = line.order.received_at
    assert received_at is not None, "asked for so"
    return shapes.ToReviewOut(
        order_id=line.order_id,
        line_id=line.pk,
        product_id=product.pk,
        article=line.title,
        cover=catalogue_shapes.cover(product),
        received_at=received_at,
    )
