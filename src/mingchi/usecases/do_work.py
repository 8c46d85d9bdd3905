"""People do the steps of flows: claim, release, complete (one or many), try a repair again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import instances, roles, subjects, work
from mingchi.fulfilment.models import WorkItem
from mingchi.fulfilment.work import Actor
from mingchi.usecases import flow_roles, rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of one of many. `outcome` None: more votes are needed, or `code` and `message` say
    why it was refused."""

    item_id: int
    outcome: str | None = None
    code: str = ""
    message: str = ""


def claim_work(*, by: User, item_id: int, now: datetime) -> None:
    """Take a work item into one's own queue. Errors: `not_your_role` 403, `claimed` 409,
    `for_several` 409, `work_item_closed` 409, `not_found` 404."""
    with transaction.atomic():
        item, actor = _found(by, item_id)
        work.claim(item, actor=actor, now=now)


def release_work(*, by: User, item_id: int) -> None:
    """Give it back to the group. Errors: `claimed` 409 by another, `work_item_closed` 409."""
    with transaction.atomic():
        item, actor = _found(by, item_id)
        work.release(item, actor=actor)


def complete_work(*, by: User, item_id: int, now: datetime, outcome: str = "") -> str | None:
    """Say that a step is done, "" for its assent; returns the outcome, None while more votes are
    needed. Errors: those of `work.complete` and of the step's own command."""
    with transaction.atomic():
        item, actor = _found(by, item_id)
        return _complete(item, actor, outcome, now)


def complete_many(
    *, by: User, item_ids: Iterable[int], now: datetime, outcome: str = ""
) -> list[Done]:
    """The same for many, each by itself: what is refused holds none of the others up."""
    answers = []
    for item_id in dict.fromkeys(item_ids):
        try:
            said = complete_work(by=by, item_id=item_id, now=now, outcome=outcome)
            answers.append(Done(item_id=item_id, outcome=said))
        except DomainError as error:
            answers.append(Done(item_id=item_id, code=error.code, message=error.message))
    return answers


def complete_as_buyer(
    *, member_id: int, item_id: int, now: datetime, outcome: str = ""
) -> str | None:
    """The buyer does a step that is the buyer's, of an own subject; another's is `not_found`."""
    actor = Actor(name=f"member:{member_id}", roles=frozenset({roles.BUYER}))
    with transaction.atomic():
        item = work.find(item_id)
        if subjects.of(item.kind).owner(item.subject) != actor.name:
            raise NotFoundError()
        return _complete(item, actor, outcome, now)


def retry_work(*, by: User, item_id: int, now: datetime) -> None:
    """Try again what stands to be repaired. Errors: `not_your_role` 403, `not_a_repair` 409,
    `on_hold` 409, `work_item_closed` 409."""
    with transaction.atomic():
        item, actor = _found(by, item_id)
        subjects.of(item.kind).lock(item.subject)
        instance = instances.lock(item.instance_id, now=now, also=(WorkItem, item.pk))
        work.retry(instance, item.pk, actor=actor)
        instance.write()
        _audit(by, item, "work.retry", "")


def _complete(item: WorkItem, actor: Actor, outcome: str, now: datetime) -> str | None:
    work.refuse_role(item, actor)
    subjects.of(item.kind).lock(item.subject)
    instance = instances.lock(item.instance_id, now=now, also=(WorkItem, item.pk))
    all_of_them = item.quorum == work.ALL
    said = work.complete(
        instance,
        item.pk,
        outcome=outcome,
        actor=actor,
        everybody=flow_roles.everybody(item.merchant_id, item.role) if all_of_them else (),
    )
    instance.write()
    return said


def _found(by: User, item_id: int) -> tuple[WorkItem, Actor]:
    item = work.find(item_id)
    return item, flow_roles.acting(by, item.merchant_id)


def _audit(by: User, item: WorkItem, action: str, outcome: str) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=item.subject,
        before={"repair": item.repair},
        after={"item_id": item.pk, "outcome": outcome},
    )
