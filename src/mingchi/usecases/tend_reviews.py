"""Merchants answer reviews; the platform's staff hide what must not be shown.

A merchant never hides what members say of it, and the platform only for a cause that the member is
told (e-commerce law of China, article 39: no review may be deleted).
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.orders import papers
from mingchi.reviews import services as reviews
from mingchi.reviews.models import MOST_CHARACTERS, Review
from mingchi.usecases import checks, rights


def answer_review(*, by: User, review_id: int, text: str, now: datetime) -> None:
    """What the merchant says to a review, under it for everybody; the last word stands.

    Errors: `not_found` 404, `not_allowed` 403, `text_invalid`.
    """
    words = checks.text(
        text.replace("\r\n", "\n"), field="text", longest=MOST_CHARACTERS, needed=True
    )
    with transaction.atomic():
        review = _found(by, "review.answer", review_id)
        before = {"answer": review.answer}
        reviews.answer(review, text=words, actor=rights.actor(by), now=now)
        _record(by, review, "review.answer", before=before, after={"answer": words})


def hide_review(*, by: User, review_id: int, cause: str, reason: str, now: datetime) -> None:
    """Nobody but its member sees it any more, who is told the cause, not the reason.

    Errors: `not_found` 404, `not_allowed` 403, `cause_unknown`, `text_invalid`, `review_hidden`
    409.
    """
    if cause not in Review.Cause.values:
        raise DomainError("cause_unknown", _("Choose a cause."), field="cause")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        review = _found(by, "review.hide", review_id)
        reviews.hide(review, cause=cause, reason=reason, actor=rights.actor(by), now=now)
        after = {"cause": cause}
        _record(by, review, "review.hide", before={}, after=after, reason=reason)
        _tell(
            review,
            _("Your review of “%(article)s” is not shown any more: %(cause)s."),
            Review.Cause(cause).label,
            now,
        )


def show_review(*, by: User, review_id: int, reason: str, now: datetime) -> None:
    """A hidden one is seen again, and its member is told. Errors: as above, `review_shown` 409."""
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        review = _found(by, "review.hide", review_id)
        before = {"cause": review.hidden_cause}
        reviews.show(review)
        _record(by, review, "review.show", before=before, after={}, reason=reason)
        _tell(review, _("Your review of “%(article)s” is shown again."), "", now)


def _found(by: User, action: str, review_id: int) -> Review:
    review = reviews.find(review_id)
    rights.require(by, action, merchant_id=review.product.merchant_id)
    return review


def _record(
    by: User,
    review: Review,
    action: str,
    *,
    before: dict[str, str],
    after: dict[str, str],
    reason: str = "",
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"review:{review.pk}",
        before=before,
        after=after,
        reason=reason,
    )


def _tell(review: Review, text: object, cause: object, now: datetime) -> None:
    """In the platform's language: which one the member reads is not known here."""
    with translation.override(settings.LANGUAGE_CODE):
        said = str(text) % {"article": review.line.title, "cause": str(cause)}
    key = f"review-{review.pk}-{now.isoformat()}"
    papers.notify(review.line.order, text=said, key=key)
