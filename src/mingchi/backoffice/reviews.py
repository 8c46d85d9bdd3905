"""Reviews: what members say, what was answered, and what must not be shown."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock, masking
from mingchi.reviews.models import MOST_CHARACTERS, Review
from mingchi.usecases import tend_reviews

STATES = {"shown": "success", "hidden": "danger"}


class AnswerForm(ActForm):
    """What shoppers read below the review."""

    text = fields.paragraphs(_("answer"), length=MOST_CHARACTERS, rows=4, required=True)


class HideForm(ActForm):
    """A cause for the member, a note for colleagues."""

    cause = fields.choice(
        _("hidden for"), Review.Cause.choices, help_text=_("The member is told this.")
    )
    reason = fields.reason()


class ShowForm(ActForm):
    """Why it is shown again."""

    reason = fields.reason()


def _answer(deed: Deed) -> Any:
    tend_reviews.answer_review(
        by=deed.user, review_id=deed.thing.pk, text=deed.values["text"], now=clock.now()
    )
    return _("The answer stands below the review.")


def _hide(deed: Deed) -> Any:
    tend_reviews.hide_review(by=deed.user, review_id=deed.thing.pk, now=clock.now(), **deed.values)
    return _("The review is hidden, and its member is told why.")


def _show(deed: Deed) -> Any:
    tend_reviews.show_review(by=deed.user, review_id=deed.thing.pk, now=clock.now(), **deed.values)
    return _("The review is shown again, and its member is told.")


def _state(review: Review) -> tuple[str, Any]:
    return ("hidden", _("hidden")) if review.hidden_at else ("shown", _("shown"))


@admin.register(Review)
class ReviewPage(Page):
    """Reviews; a merchant's staff see those of their merchant's goods."""

    empty = _("Members review what they received; their words stand here at once.")
    acts = (
        Act(
            name="answer",
            label=_("Answer"),
            right="review.answer",
            form=AnswerForm,
            run=_answer,
            initial=lambda review: {"text": review.answer},
            icon="reply",
            variant=ActionVariant.PRIMARY,
            explain=_("Everybody reads it below the review. Said again, the last word stands."),
        ),
        Act(
            name="hide",
            label=_("Hide"),
            right="review.hide",
            form=HideForm,
            run=_hide,
            shown=lambda review: review.hidden_at is None,
            icon="visibility_off",
            variant=ActionVariant.DANGER,
            explain=_("Only what breaks the law or the rules is hidden, never a bad opinion."),
        ),
        Act(
            name="show",
            label=_("Show again"),
            right="review.hide",
            form=ShowForm,
            run=_show,
            shown=lambda review: review.hidden_at is not None,
            icon="visibility",
        ),
    )
    list_display = (
        display.column(_("stars"), lambda row: "★" * row.stars, order="stars"),
        display.column(_("text"), lambda row: row.text[:40] or display.NOTHING, order="text"),
        "product",
        display.column(_("member"), lambda row: _member(row)),
        display.column(_("pictures"), lambda row: display.yes(row.has_pictures)),
        display.column(_("answered"), lambda row: display.yes(row.answered_at is not None)),
        display.column(_("state"), _state, order="hidden_at", labels=STATES),
        "reviewed_at",
    )
    list_select_related = ("product", "member")
    list_filter = ("stars", "has_pictures", "hidden_cause", "product__merchant", "reviewed_at")
    search_fields = ("text", "product__title", "line__order__number")
    search_help_text = _("words, product or number of the order")
    fields = (
        (display.column(_("stars"), lambda row: "★" * row.stars),
         display.column(_("state"), lambda row: _state(row)[1])),
        (display.column(_("order"), lambda row: display.link(row.line.order)),
         display.column(_("order line"), lambda row: row.line.title)),
        (display.column(_("member"), lambda row: _member(row)), "reviewed_at"),
        "text",
        ("addition", "added_at"),
        "answer",
        (display.column(_("answered by"), lambda row: display.actor(row.answered_by)),
         "answered_at"),
        ("hidden_cause", "hidden_reason"),
        (display.column(_("hidden by"), lambda row: display.actor(row.hidden_by)), "hidden_at"),
    )  # fmt: skip

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """The pictures, the first ones and those added later."""
        rows = list(thing.pictures.select_related("image"))
        return [
            Panel(title=title, text=display.thumbnails(row.image.digest for row in shown))
            for title, is_addition in ((_("pictures"), False), (_("pictures added later"), True))
            if (shown := [row for row in rows if row.is_addition == is_addition])
        ]


def _member(review: Review) -> str:
    return f"m{review.member_id} {masking.name(review.member.name)}"
