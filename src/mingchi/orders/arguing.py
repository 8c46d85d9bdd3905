"""What buyer, merchant and platform say to a case, until it is agreed or refused.

Callers hold the order's lock. An answer of the merchant is declined, not final: the buyer may
appeal, and then somebody of the platform decides who has not answered for the merchant. So with
goods that failed the inspection. A command given again changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from mingchi.foundation import proposals
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.orders import case_history as history
from mingchi.orders.case_history import SYSTEM, Act
from mingchi.orders.cases import State, authorised, ended, impossible, moved, written
from mingchi.orders.models import AfterSalesCase
from mingchi.orders.models.case import OPEN_CASE

AGREED, DECLINED, MORE = "agreed", "declined", "more"
ANSWERS = (AGREED, DECLINED, MORE)
MOST_PICTURES = 27
"""Of a buyer in one case, nine at a time."""


def prepare_answer(case: AfterSalesCase, *, words: str, note: str) -> None:
    """What whoever answers has to say, and for colleagues only; the step that follows says it."""
    written(case, answer=words, pending_note=note)


def prepare_ruling(case: AfterSalesCase, *, words: str, note: str) -> None:
    """The same for whoever arbitrates."""
    written(case, ruling=words, pending_note=note)


def answer(case: AfterSalesCase, *, outcome: str, actor: str, now: datetime) -> None:
    """The merchant agrees, declines, or asks for more; never who opened the case (`own_proposal`
    403). `answer_missing` 409 for a no or a question without words, `impossible_move` 409 once it
    was answered otherwise."""
    proposals.refuse_own(asked_by=case.opened_by, by=actor)
    to = {AGREED: State.AUTHORISED, DECLINED: State.DECLINED, MORE: State.ASKED}[outcome]
    if case.state == to:
        return
    if outcome != AGREED and not case.answer:
        raise ConflictError(
            "answer_missing",
            _("Say why in words: open the case's page and answer there."),
            field="words",
        )
    if outcome == AGREED:
        authorised(case, actor=actor, now=now, act=Act.AGREED)
        return
    decided = {"decided_by": actor, "decided_at": now} if outcome == DECLINED else {}
    moved(case, to, **decided)
    act = Act.DECLINED if outcome == DECLINED else Act.ASKED
    _tell(case, act, actor, now, case.answer)


def agree_unanswered(case: AfterSalesCase, *, now: datetime) -> None:
    """The merchant let its time pass: it counts as agreed."""
    if case.state != State.AUTHORISED:
        authorised(case, actor=SYSTEM, now=now, act=Act.UNANSWERED)


def say(
    case: AfterSalesCase,
    *,
    words: str,
    actor: str,
    now: datetime,
    note: str = "",
    image_ids: Sequence[int] = (),
) -> bool:
    """Something for the other side to read, or a note for colleagues; whether it is the buyer's
    answer to what was asked. `case_over` 409 at its end, `images_too_many`."""
    if case.state not in OPEN_CASE:
        raise ConflictError("case_over", _("This case is over."))
    _refuse_many(case, image_ids)
    supplied = case.state == State.ASKED and actor.startswith("member:")
    if supplied:
        moved(case, State.OPENED, answer="")
    act = Act.SAID if words or image_ids else Act.NOTED
    history.write(case, act, actor=actor, now=now, words=words, note=note, image_ids=image_ids)
    return supplied


def appeal(
    case: AfterSalesCase, *, words: str, image_ids: Sequence[int], actor: str, now: datetime
) -> None:
    """The buyer asks the platform to decide. `impossible_move` 409 unless it was declined or its
    goods failed the inspection."""
    if case.state == State.INSPECTED and case.passed:
        raise impossible(case, State.APPEALED)
    _refuse_many(case, image_ids)
    moved(case, State.APPEALED)
    history.write(case, Act.APPEALED, actor=actor, now=now, words=words, image_ids=image_ids)


def arbitrate(case: AfterSalesCase, *, for_member: bool, actor: str, now: datetime) -> None:
    """The platform's word, which is the last. `ruling_missing` 409 without words; `own_answer` 403
    for who answered, opened or works for the merchant; `impossible_move` 409."""
    to = _overruled(case) if for_member else State.REFUSED
    if case.arbitrated_by and case.state == to:
        return
    refuse_partial(case, actor)
    if not case.ruling:
        raise ConflictError(
            "ruling_missing",
            _("Say why in words: open the case's page and decide there."),
            field="words",
        )
    ruled = {"arbitrated_by": actor, "arbitrated_at": now}
    act = Act.FOR_MEMBER if for_member else Act.FOR_MERCHANT
    if not for_member:
        ended(case, State.REFUSED, now=now, **ruled)
        _tell(case, act, actor, now, case.ruling)
    elif to == State.AUTHORISED:
        words, note = case.ruling, case.pending_note
        authorised(case, actor=actor, now=now, act=act, words=words, note=note, **ruled)
    else:
        moved(case, to, passed=True, **ruled)
        _tell(case, act, actor, now, case.ruling)


def let_stand(case: AfterSalesCase, *, now: datetime) -> None:
    """Nobody appealed in time: the no is final."""
    if case.state == State.REFUSED:
        return
    if case.state == State.INSPECTED and case.passed:
        raise impossible(case, State.REFUSED)
    ended(case, State.REFUSED, now=now)
    history.write(case, Act.REFUSED, actor=SYSTEM, now=now)


def refuse_partial(case: AfterSalesCase, actor: str) -> None:
    """`own_answer` 403 for whoever answered, opened or inspected, or works for the merchant."""
    answered = actor in (case.decided_by, case.opened_by, case.inspected_by)
    if answered or history.works_for(actor, case.order.merchant_id):
        raise DomainError(
            "own_answer",
            _("Who answers for the merchant does not arbitrate. Ask a colleague."),
            status=403,
        )


def _overruled(case: AfterSalesCase) -> AfterSalesCase.State:
    """Where a case goes on that the platform decided for the buyer."""
    return State.INSPECTED if case.inspected_at is not None else State.AUTHORISED


def _tell(case: AfterSalesCase, act: str, actor: str, now: datetime, words: str) -> None:
    history.write(case, act, actor=actor, now=now, words=words, note=case.pending_note)
    written(case, pending_note="")


def _refuse_many(case: AfterSalesCase, image_ids: Sequence[int]) -> None:
    if image_ids and history.pictures_of_member(case) + len(image_ids) > MOST_PICTURES:
        raise DomainError(
            "images_too_many", _("At most 27 pictures in one case."), field="image_ids"
        )
