"""What buyer, merchant and platform say to an after-sales case, on the case's flow: it waits for
the answer, for more, for the appeal, for the ruling, and these are the doors to them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import arguing, cases
from mingchi.orders.models import AfterSalesCase
from mingchi.usecases import checks, flow_roles, follow_flow, keep_images, rights
from mingchi.usecases.follow_flow import APPEALED, SUPPLIED, case_flow

ANSWER: Final = frozenset({"case.answer"})
ARBITRATE: Final = frozenset({"case.arbitrate", "case.arbitrate_inspection"})
RULINGS: Final = {True: "for_member", False: "for_merchant"}
MOST_WORDS: Final = 500


def say_in_case(
    *, member_id: int, case_id: int, words: str, image_ids: Sequence[int], now: datetime
) -> None:
    """The buyer says more, with pictures or without; it answers what the merchant asked.

    Errors: `not_found` 404 (another's case or picture too), `text_invalid` where there is neither,
    `images_too_many`, `case_over` 409.
    """
    words = _words(words, needed=not image_ids)
    flow = case_flow(case_id)
    follow_flow.bring_forward(flow, now=now)
    with transaction.atomic():
        case = _own(member_id, case_id, image_ids)
        actor = f"member:{member_id}"
        if arguing.say(case, words=words, actor=actor, now=now, image_ids=image_ids):
            _tell(case, SUPPLIED, now)


def appeal_case(
    *, member_id: int, case_id: int, words: str, image_ids: Sequence[int], now: datetime
) -> None:
    """Against the merchant's no, or what the inspection found, the buyer asks the platform.

    Errors: `not_found` 404, `text_invalid`, `images_too_many`, `impossible_move` 409 where there is
    no such no, or no time left.
    """
    words = _words(words, needed=True)
    follow_flow.bring_forward(case_flow(case_id), now=now)
    with transaction.atomic():
        case = _own(member_id, case_id, image_ids)
        actor = f"member:{member_id}"
        arguing.appeal(case, words=words, image_ids=image_ids, actor=actor, now=now)
        _tell(case, APPEALED, now)


def answer_case(
    *, by: User, case_id: int, outcome: str, now: datetime, words: str = "", note: str = ""
) -> None:
    """For the merchant: `agreed`, `declined` or `more`; a no and a question need words, which the
    buyer reads. `note` is for colleagues.

    Errors: `not_found` 404, `not_allowed` 403, `own_proposal` 403, `unknown_outcome`,
    `text_invalid`, `flow_waits` 409 where the flow waits for something else.
    """
    if outcome not in arguing.ANSWERS:
        raise DomainError("unknown_outcome", _("There is no such answer."), field="outcome")
    said = {
        "words": checks.text(words, field="words", longest=200, needed=outcome != arguing.AGREED),
        "note": _note(note),
    }
    _do(
        by,
        case_id,
        "case.answer",
        ANSWER,
        outcome,
        now,
        lambda x: arguing.prepare_answer(x, **said),
    )


def arbitrate_case(
    *, by: User, case_id: int, for_member: bool, now: datetime, words: str, note: str = ""
) -> None:
    """The platform decides an appeal, and says why.

    Errors: `not_found` 404, `not_allowed` 403, `own_answer` 403 for who answered or works for the
    merchant, `text_invalid`, `flow_waits` 409.
    """
    said = {
        "words": checks.text(words, field="words", longest=200, needed=True),
        "note": _note(note),
    }
    outcome = RULINGS[for_member]
    _do(
        by,
        case_id,
        "case.arbitrate",
        ARBITRATE,
        outcome,
        now,
        lambda case: arguing.prepare_ruling(case, **said),
    )


def note_case(*, by: User, case_id: int, now: datetime, words: str = "", note: str = "") -> None:
    """Something for the buyer to read, or a note for colleagues.

    Errors: `not_found` 404, `not_allowed` 403, `text_invalid` where there is neither, `case_over`
    409.
    """
    note = _note(note)
    words = _words(words, needed=not note)
    with transaction.atomic():
        case = cases.find(case_id)
        rights.require(by, "case.answer", merchant_id=case.order.merchant_id)
        arguing.say(case, words=words, note=note, actor=rights.actor(by), now=now)


def _do(
    by: User,
    case_id: int,
    right: str,
    steps: frozenset[str],
    outcome: str,
    now: datetime,
    prepare: Callable[[AfterSalesCase], None],
) -> None:
    """Do what the case's flow waits for, on record."""
    flow = case_flow(case_id)
    follow_flow.bring_forward(flow, now=now)
    with transaction.atomic():
        case = cases.find(case_id)
        merchant_id = case.order.merchant_id
        rights.require(by, right, merchant_id=merchant_id)
        items = [x for x in follow_flow.open_items(flow) if x.step in steps and not x.repair]
        if not items:
            raise follow_flow.waits(flow)
        if right == "case.arbitrate":
            arguing.refuse_partial(case, rights.actor(by))
        prepare(case)
        actor = flow_roles.acting(by, merchant_id)
        follow_flow.complete(items[0], actor=actor, outcome=outcome, now=now)
        follow_flow.carry_on(flow, now=now)
        audit.record(
            actor=rights.actor(by),
            action=right,
            subject=f"case:{case.pk}",
            before={"state": str(case.state)},
            after={"outcome": outcome},
        )


def _own(member_id: int, case_id: int, image_ids: Sequence[int]) -> AfterSalesCase:
    members.acting(member_id)
    case = cases.find(case_id)
    if case.order.member_id != member_id:
        raise NotFoundError()
    keep_images.refuse_others_images(member_id=member_id, image_ids=image_ids)
    return case


def _tell(case: AfterSalesCase, name: str, now: datetime) -> None:
    """The flow waits to be told: one that does not has no such word drawn."""
    key = f"{name}:{now.isoformat()}"
    if not follow_flow.tell(case_flow(case.pk), name, key=key, now=now):
        raise ConflictError(
            "impossible_move", _("The case does not allow this any more, or not yet.")
        )


def _words(words: str, *, needed: bool) -> str:
    plain = words.replace("\r\n", "\n")
    return checks.text(plain, field="words", longest=MOST_WORDS, needed=needed)


def _note(note: str) -> str:
    return checks.text(note, field="note", longest=200)
