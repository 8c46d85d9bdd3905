"""How reviews look to shoppers and to whoever wrote them."""

from datetime import datetime
from typing import Annotated

from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api import catalogue_shapes
from mingchi.api.catalogue_shapes import PictureOut
from mingchi.api.fields import PRINTABLE, Id, Input, Pictures
from mingchi.catalogue import images
from mingchi.foundation import masking
from mingchi.reviews.models import MOST_CHARACTERS, Review

Words = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS, pattern=PRINTABLE)]
SomeWords = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MOST_CHARACTERS, pattern=PRINTABLE
    ),
]
Stars = Annotated[int, Field(strict=True, ge=1, le=5)]


class ReviewIn(Input):
    line_id: Id
    stars: Stars
    text: Words = ""
    image_ids: Pictures = []


class AdditionIn(Input):
    text: SomeWords
    image_ids: Pictures = []


class AdditionOut(Schema):
    text: str
    pictures: list[PictureOut]
    added_at: datetime


class AnswerOut(Schema):
    """What the merchant said."""

    text: str
    answered_at: datetime


class ReviewOut(Schema):
    """`text` is plain text, as it was written: show it as text, never as HTML."""

    id: int
    nickname: str = Field(description="masked: the first character and ***")
    portrait: PictureOut | None = Field(description="what its writer shows beside the name")
    stars: int
    text: str
    pictures: list[PictureOut]
    article: str = Field(description="what was bought, with its variant")
    reviewed_at: datetime
    addition: AdditionOut | None = Field(description="what its writer added later")
    answer: AnswerOut | None


class OwnReviewOut(ReviewOut):
    order_id: int
    line_id: int
    product_id: int
    may_add: bool = Field(description="nothing was added so far")
    hidden_cause: str | None = Field(description="why others don't see it; null while they do")


class ReviewSummaryOut(Schema):
    """Counts of what is shown of a product."""

    review_count: int
    average_hundredths: int | None = Field(
        description="100 to 500, rounded down; null without reviews"
    )
    by_stars: list[int] = Field(description="how many gave 1, 2, 3, 4 and 5 stars")
    with_pictures: int
    with_addition: int


class ToReviewOut(Schema):
    """A line that was received and not reviewed yet."""

    order_id: int
    line_id: int
    product_id: int
    article: str
    cover: PictureOut | None
    received_at: datetime


def review(found: Review) -> ReviewOut:
    """A review as anybody sees it."""
    return ReviewOut(
        id=found.pk,
        nickname=masking.name(found.member.name),
        portrait=catalogue_shapes.picture_of(images.portrait(found.member)),
        stars=found.stars,
        text=found.text,
        pictures=_pictures(found, is_addition=False),
        article=found.line.title,
        reviewed_at=found.reviewed_at,
        addition=_addition(found),
        answer=_answer(found),
    )


def own_review(found: Review) -> OwnReviewOut:
    """A review as its member sees it."""
    return OwnReviewOut(
        **review(found).model_dump(),
        order_id=found.line.order_id,
        line_id=found.line_id,
        product_id=found.product_id,
        may_add=found.added_at is None,
        hidden_cause=found.get_hidden_cause_display() if found.hidden_at else None,
    )


def _addition(found: Review) -> AdditionOut | None:
    if found.added_at is None:
        return None
    pictures = _pictures(found, is_addition=True)
    return AdditionOut(text=found.addition, pictures=pictures, added_at=found.added_at)


def _answer(found: Review) -> AnswerOut | None:
    if found.answered_at is None:
        return None
    return AnswerOut(text=found.answer, answered_at=found.answered_at)


def _pictures(found: Review, *, is_addition: bool) -> list[PictureOut]:
    rows = found.pictures.all()
    return catalogue_shapes.pictures(row.image for row in rows if row.is_addition == is_addition)
