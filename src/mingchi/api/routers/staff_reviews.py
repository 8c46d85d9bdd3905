"""Staff and reviews: merchants answer, the platform hides with a cause."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Field

from mingchi.api import review_shapes as shapes
from mingchi.api.fields import Before, Done, Id, Input, Limit, Page, Reason
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.merchants import scope
from mingchi.reviews import queries
from mingchi.reviews.models import Review
from mingchi.usecases import tend_reviews as use

router = GuardedRouter(tags=["staff: reviews"])
OfStars = Annotated[int | None, Field(ge=1, le=5)]


class StaffReviewOut(shapes.ReviewOut):
    product_id: int
    order_id: int
    answered_by: str
    hidden_at: datetime | None
    hidden_cause: str
    hidden_by: str
    hidden_reason: str = Field(description="for staff only")


class ReviewAnswerIn(Input):
    text: shapes.SomeWords


class HideIn(Input):
    cause: Review.Cause = Field(description="the member is told")
    reason: Reason = Field(description="for staff only; kept in the audit log")


class ShowIn(Input):
    reason: Reason


@router.get("/reviews", response=Page[StaffReviewOut], summary="Reviews")
def staff_list_reviews(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    product_id: Id | None = None,
    stars: OfStars = None,
    answered: bool | None = None,
    hidden: bool | None = None,
) -> Page[StaffReviewOut]:
    """Newest first, of one's merchants, hidden ones too."""
    rows = scope.for_user(Review.objects.all(), staff_of(request))
    wanted = {
        "product": product_id,
        "stars": stars,
        "answered_at__isnull": None if answered is None else not answered,
        "hidden_at__isnull": None if hidden is None else not hidden,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return page(queries.told(rows.filter(**given)), _review, limit=limit, before=before)


@router.put("/reviews/{review_id}/answer", response=Done, summary="Answer a review")
def staff_answer_review(request: HttpRequest, review_id: Id, data: ReviewAnswerIn) -> Done:
    """For everybody to read; said again, the last word stands."""
    use.answer_review(by=staff_of(request), review_id=review_id, text=data.text, now=clock.now())
    return Done()


@router.post("/reviews/{review_id}/hide", response=Done, summary="Hide a review")
def staff_hide_review(request: HttpRequest, review_id: Id, data: HideIn) -> Done:
    """Its member is told the cause."""
    use.hide_review(
        by=staff_of(request),
        review_id=review_id,
        cause=data.cause.value,
        reason=data.reason,
        now=clock.now(),
    )
    return Done()


@router.post("/reviews/{review_id}/show", response=Done, summary="Show a hidden review again")
def staff_show_review(request: HttpRequest, review_id: Id, data: ShowIn) -> Done:
    """Its member is told."""
    use.show_review(by=staff_of(request), review_id=review_id, reason=data.reason, now=clock.now())
    return Done()


def _review(found: Review) -> StaffReviewOut:
    return StaffReviewOut(
        **shapes.review(found).model_dump(),
        product_id=found.product_id,
        order_id=found.line.order_id,
        answered_by=found.answered_by,
        hidden_at=found.hidden_at,
        hidden_cause=found.hidden_cause,
        hidden_by=found.hidden_by,
        hidden_reason=found.hidden_reason,
    )
