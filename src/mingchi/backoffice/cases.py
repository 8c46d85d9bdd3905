"""After-sales cases: what the buyer wants, what was said, who decides."""

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
from mingchi.foundation import clock
from mingchi.orders import case_history, replacements
from mingchi.orders.models import AfterSalesCase
from mingchi.orders.models.case import OPEN_CASE
from mingchi.usecases import argue_case, follow_flow
from mingchi.usecases.follow_flow import case_flow

State = AfterSalesCase.State
COLOURS = {
    "opened": "warning",
    "asked": "info",
    "declined": "danger",
    "appealed": "warning",
    "authorised": "info",
    "goods_back": "info",
    "inspected": "info",
    "settled": "primary",
    "closed": "success",
    "refused": "danger",
    "withdrawn": "",
}
ANSWERS = (
    ("agreed", _("Agree")),
    ("declined", _("Decline")),
    ("more", _("Ask for more")),
)
RULINGS = (("for_member", _("For the buyer")), ("for_merchant", _("For the merchant")))


def _note() -> Any:
    return fields.text(
        _("internal note"), required=False, help_text=_("For staff only; the buyer never sees it.")
    )


class AnswerForm(ActForm):
    """Yes, no, or a question."""

    outcome = fields.choice(_("answer"), ANSWERS)
    words = fields.text(
        _("words to the buyer"),
        required=False,
        help_text=_("Needed to decline and to ask for more."),
    )
    note = _note()


class RulingForm(ActForm):
    """For whom, and why."""

    outcome = fields.choice(_("ruling"), RULINGS)
    words = fields.text(_("words to both sides"))
    note = _note()


class NoteForm(ActForm):
    """Something for the buyer, or for colleagues."""

    words = fields.text(_("words to the buyer"), required=False, length=500)
    note = _note()


def _answer(deed: Deed) -> Any:
    argue_case.answer_case(by=deed.user, case_id=deed.thing.pk, now=clock.now(), **deed.values)
    return _("The answer is given.")


def _arbitrate(deed: Deed) -> Any:
    argue_case.arbitrate_case(
        by=deed.user,
        case_id=deed.thing.pk,
        for_member=deed.values["outcome"] == "for_member",
        words=deed.values["words"],
        note=deed.values["note"],
        now=clock.now(),
    )
    return _("The case is decided.")


def _say(deed: Deed) -> Any:
    argue_case.note_case(by=deed.user, case_id=deed.thing.pk, now=clock.now(), **deed.values)
    return _("It stands in the history.")


def _is_neutral(request: HttpRequest, case: AfterSalesCase) -> bool:
    actor = f"user:{request.user.pk}"
    involved = actor in (case.opened_by, case.decided_by, case.inspected_by)
    return not involved and not case_history.works_for(actor, case.order.merchant_id)


@admin.register(AfterSalesCase)
class CasePage(Page):
    """Cases; a merchant's staff see those of their merchant's orders."""

    empty = _("Members open a case on their order; staff open one for them at the work desk.")
    acts = (
        Act(
            name="answer",
            label=_("Answer"),
            right="case.answer",
            form=AnswerForm,
            run=_answer,
            shown=lambda case: case.state == State.OPENED,
            mine=lambda request, case: case.opened_by != f"user:{request.user.pk}",
            icon="reply",
            variant=ActionVariant.PRIMARY,
            explain=_(
                "Without an answer in time the case counts as agreed. Against a no the buyer may "
                "appeal to the platform."
            ),
            panels=lambda request, case: [_history(case)],
        ),
        Act(
            name="arbitrate",
            label=_("Decide the appeal"),
            right="case.arbitrate",
            form=RulingForm,
            run=_arbitrate,
            shown=lambda case: case.state == State.APPEALED,
            mine=_is_neutral,
            icon="gavel",
            variant=ActionVariant.PRIMARY,
            explain=_("This is the last word. Who answers for the merchant does not decide."),
            panels=lambda request, case: [_history(case)],
        ),
        Act(
            name="say",
            label=_("Write"),
            right="case.answer",
            form=NoteForm,
            run=_say,
            shown=lambda case: case.state in OPEN_CASE,
            icon="chat",
            explain=_("Words are read by the buyer, the note by staff only."),
        ),
    )
    list_display = (
        display.column(_("case"), str, order="pk"),
        display.column(_("order"), lambda row: row.order.number, order="order__number"),
        display.column(_("kind"), lambda row: row.get_kind_display(), order="kind"),
        display.column(
            _("state"),
            lambda row: (row.state, row.get_state_display()),
            order="state",
            labels=COLOURS,
        ),
        display.column(_("cause"), lambda row: row.get_cause_display(), order="cause"),
        display.yuan_column("amount_fen", _("amount (yuan)")),
        "opened_at",
    )
    list_select_related = ("order__merchant", "line", "replacement__product")
    list_filter = ("state", "kind", "cause", "order__merchant", "opened_at")
    search_fields = ("order__number", "=pk")
    search_help_text = _("number of the order or the case")
    fields = (
        (display.column(_("order"), lambda row: display.link(row.order)),
         display.column(_("state"), lambda row: row.get_state_display())),
        (display.column(_("order line"), lambda row: row.line.title), "units"),
        (display.column(_("kind"), lambda row: row.get_kind_display()),
         display.yuan_column("amount_fen", _("amount (yuan)"))),
        display.column(
            _("in exchange"), lambda row: replacements.article(row) or display.NOTHING
        ),
        (display.column(_("cause"), lambda row: row.get_cause_display()),
         display.column(_("in words"), lambda row: row.reason or display.NOTHING)),
        (display.column(_("waits until"), lambda row: display.moment(_due(row))), "return_by"),
        ("carrier", "tracking_number"),
        ("answer", "ruling"),
    )  # fmt: skip

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """All that was said and done."""
        return [_history(thing)]


def _due(case: AfterSalesCase) -> Any:
    flow = case_flow(case.pk)
    return follow_flow.deadlines(flow.kind, [flow.subject]).get(flow.subject)


def _history(case: AfterSalesCase) -> Panel:
    rows = list(case_history.of(case, for_staff=True))
    known = display.actors([row.actor for row in rows])
    return Panel(
        title=_("History"),
        headers=(_("when"), _("who"), _("what"), _("text"), _("pictures"), _("internal note")),
        rows=[
            (
                display.moment(row.at),
                f"{row.get_side_display()} {known.get(row.actor, '')}".strip(),
                row.get_act_display(),
                row.words or display.NOTHING,
                display.thumbnails(each.image.digest for each in row.pictures.all())
                or display.NOTHING,
                row.note or display.NOTHING,
            )
            for row in rows
        ],
        note=_("The buyer sees all but the notes and who of staff it was."),
    )
