"""Staff and the work of flows: queues, claiming, completing, scanning, repairing. What the work
desk of the back office calls; other programs may too."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api.desk_shapes import DetailsOut, ItemOut, details_out, item_out
from mingchi.api.fields import PRINTABLE, Done, Id, Input
from mingchi.api.keyed import Answer, keyed_committed
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.fulfilment.models import WorkItem
from mingchi.usecases import do_work, prepare_parcel
from mingchi.usecases.desk import details, finding, queue
from mingchi.usecases.desk.queue import Asked, Counts

router = GuardedRouter(tags=["staff: work desk"])

Outcome = Annotated[str, StringConstraints(max_length=80, pattern=PRINTABLE)]
# What is read anew at least once in so many seconds, though the items stay the same.
STALE_S = 60


class CountsOut(Schema):
    mine: int
    group: int
    repairs: int
    overdue: int
    by_role: dict[str, int]


class WorkTakenOut(Schema):
    item_id: int
    by: str


class QueueOut(Schema):
    """`taken`: what colleagues claimed in the last minutes, for screens that still show it."""

    items: list[ItemOut]
    counts: CountsOut
    taken: list[WorkTakenOut]
    as_of: datetime


class FoundOut(Schema):
    items: list[ItemOut]
    is_article: bool


class WorkCompleteIn(Input):
    item_ids: Annotated[list[Id], Field(min_length=1, max_length=200)]
    outcome: Outcome = Field("", description="empty: the assent of each item's step")


class WorkAnswerOut(Schema):
    """What came of one item: `outcome`, null with an empty `code`: the vote counts and more are
    needed; else `code` and `message` say why it was refused."""

    item_id: int
    outcome: str | None
    code: str
    message: str


class AnswersOut(Schema):
    answers: list[WorkAnswerOut]


class WeightIn(Input):
    weight_g: Annotated[int, Field(strict=True, ge=1, le=10**8)]


class CarrierIn(Input):
    carrier: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)]
    tracking_number: Annotated[str, StringConstraints(max_length=60, pattern=PRINTABLE)]


@router.get("", response={200: QueueOut, 304: None}, summary="A queue")
def staff_list_work(
    request: HttpRequest,
    view: Literal["mine", "group", "repairs"] = "group",
    role: Annotated[str, Field(max_length=40)] = "",
    step: Annotated[str, Field(max_length=80)] = "",
    overdue: bool = False,
) -> HttpResponse:
    """One's own or the group's open work: overdue first, then due soonest; 100 at most. Ask again
    with `If-None-Match`: 304 while nothing has changed."""
    by, now = staff_of(request), clock.now()
    asked = Asked(view=view, role=role, step=step, overdue=overdue)
    items = queue.asked_for(by, asked, now=now)
    counts = queue.counts(by, now=now)
    taken = queue.just_taken(by, now=now)
    mark = _mark(items, counts, taken, now)
    if request.headers.get("If-None-Match") == mark:
        answer = HttpResponse(status=304)
    else:
        body = QueueOut(
            items=[item_out(entry, by=by) for entry in queue.described(items)],
            counts=_counts(counts),
            taken=[WorkTakenOut(item_id=pk, by=who) for pk, who in taken],
            as_of=now,
        )
        answer = HttpResponse(body.model_dump_json(), content_type="application/json")
    answer["ETag"], answer["Cache-Control"] = mark, "private, no-cache"
    return answer


@router.get("/find", response=FoundOut, summary="Find work by a code")
def staff_find_work(
    request: HttpRequest, code: Annotated[str, Field(max_length=finding.LONGEST * 4)]
) -> FoundOut:
    """By number of an order, parcel or case, by the carrier's number, or by the code of an
    article. What can't be done here says why (`code_unknown`, `claimed`, `for_others`,
    `nothing_to_do`)."""
    by = staff_of(request)
    found = finding.find(by=by, code=code)
    items = [item_out(entry, by=by) for entry in queue.described(found.items)]
    return FoundOut(items=items, is_article=found.is_article)


@router.get("/items/{item_id}", response=DetailsOut, summary="A work item")
def staff_get_work(request: HttpRequest, item_id: Id) -> DetailsOut:
    """With what it needs to be done. Personal data are masked; the address is there where the
    step needs it."""
    by = staff_of(request)
    return details_out(details.of_item(by=by, item_id=item_id), by=by)


@router.post("/items/{item_id}/claim", response=Done, summary="Claim a work item")
def staff_claim_work(request: HttpRequest, item_id: Id) -> Done:
    """Take it into one's own queue; again by the same account changes nothing."""
    do_work.claim_work(by=staff_of(request), item_id=item_id, now=clock.now())
    return Done()


@router.post("/items/{item_id}/release", response=Done, summary="Release a work item")
def staff_release_work(request: HttpRequest, item_id: Id) -> Done:
    """Give it back to the group."""
    do_work.release_work(by=staff_of(request), item_id=item_id)
    return Done()


@router.post("/items/{item_id}/retry", response=Done, summary="Try a repair again")
def staff_retry_work(request: HttpRequest, item_id: Id) -> Done:
    """Do again what could not be done. A second call is refused (`work_item_closed`)."""
    do_work.retry_work(by=staff_of(request), item_id=item_id, now=clock.now())
    return Done()


@router.post("/complete", response=AnswersOut, summary="Complete work items")
def staff_complete_work(request: HttpRequest, data: WorkCompleteIn) -> Answer:
    """One or many, each by itself: what is refused holds none of the others up, and says why."""

    def run() -> Answer:
        answers = do_work.complete_many(
            by=staff_of(request), item_ids=data.item_ids, now=clock.now(), outcome=data.outcome
        )
        return {
            "answers": [
                {
                    "item_id": one.item_id,
                    "outcome": one.outcome,
                    "code": one.code,
                    "message": str(one.message),
                }
                for one in answers
            ]
        }

    return keyed_committed(request, run)


@router.put("/parcels/{shipment_id}/weight", response=Done, summary="Write a parcel's weight down")
def staff_weigh_parcel(request: HttpRequest, shipment_id: Id, data: WeightIn) -> Done:
    """In grams."""
    prepare_parcel.record_weight(
        by=staff_of(request), shipment_id=shipment_id, weight_g=data.weight_g
    )
    return Done()


@router.put("/parcels/{shipment_id}/carrier", response=Done, summary="Name a parcel's carrier")
def staff_name_carrier(request: HttpRequest, shipment_id: Id, data: CarrierIn) -> Done:
    """Carrier and its number, before the parcel leaves."""
    prepare_parcel.name_carrier(
        by=staff_of(request),
        shipment_id=shipment_id,
        carrier=data.carrier,
        tracking_number=data.tracking_number,
    )
    return Done()


def _counts(counts: Counts) -> CountsOut:
    return CountsOut(
        mine=counts.mine,
        group=counts.group,
        repairs=counts.repairs,
        overdue=counts.overdue,
        by_role=dict(counts.by_role),
    )


def _mark(
    items: list[WorkItem], counts: Counts, taken: list[tuple[int, str]], now: datetime
) -> str:
    """What a queue looks like, without reading the orders."""
    seen = [
        queue.voted(items),
        [(item.pk, item.assignee, getattr(item, "is_held", False), item.due_at) for item in items],
        counts,
        taken,
        get_language(),
        int(now.timestamp()) // STALE_S,
    ]
    return f'"{hashlib.sha256(repr(seen).encode()).hexdigest()[:32]}"'
