"""Work items: claimed, released, voted on, completed, retried. The caller holds the instance."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.flows import (
    REGISTRY,
    Kind,
    NotWaitingError,
    OutcomeError,
    StepContext,
    interpreter,
    verdict,
)
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.rows import by_key
from mingchi.fulfilment import calls, jobs, roles
from mingchi.fulfilment.calls import Call
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.models import Vote, WorkItem

Status = WorkItem.Status
ALL = "all"
ONE = ("any", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and as what for the merchant concerned. `name`: `user:5` or `member:7`."""

    name: str
    roles: frozenset[str]
    may_repair: bool = False


def find(item_id: int) -> WorkItem:
    """A work item, not locked; `not_found` 404."""
    found = by_key(WorkItem, item_id)
    if found is None:
        raise NotFoundError()
    return found


def claim(item: WorkItem, *, actor: Actor, now: datetime) -> None:
    """Take it out of the group's queue into one's own. Errors: `not_your_role` 403,
    `claimed` 409 with who was faster, `for_several` 409, `work_item_closed` 409."""
    refuse_role(item, actor)
    if item.quorum not in ONE:
        raise ConflictError("for_several", _("Several people decide this; nobody claims it."))
    mine = _open(item).filter(assignee__in=["", actor.name])
    if not mine.update(assignee=actor.name, claimed_at=now):
        raise _taken(item)


def release(item: WorkItem, *, actor: Actor) -> None:
    """Give it back to the group; who may repair may do so for another. Errors: `claimed` 409."""
    refuse_role(item, actor)
    found = _open(item)
    if not actor.may_repair:
        found = found.filter(assignee=actor.name)
    if not found.update(assignee="", claimed_at=None):
        raise _taken(item)


def complete(
    instance: Locked,
    item_id: int,
    *,
    outcome: str,
    actor: Actor,
    everybody: Collection[str] = (),
) -> str | None:
    """Say that it is done, and how; returns the outcome, or None while more votes are needed.

    With the last vote the step's own command runs, and the flow goes on, all in this transaction.
    `everybody`: who holds the role, for the quorum "all". Errors: `not_your_role` 403,
    `work_item_closed` 409, `claimed` 409 by another, `on_hold` 409, `unknown_outcome` 422,
    `already_voted` 409 where the same person said something else, and whatever the step refuses.
    """
    item = _opened(instance, item_id)
    refuse_role(item, actor)
    instance.refuse_held(to_buyer=roles.BUYER in actor.roles)
    if item.assignee not in ("", actor.name):
        raise _taken(item)
    if item.call is not None:
        raise ConflictError("retry_only", _("This can only be tried again."))
    outcome = outcome or (item.outcomes[0] if item.outcomes else interpreter.DONE)
    _refuse_unknown(item, outcome)
    told = outcome if item.repair else _told(item, outcome, actor, everybody, instance.writing.now)
    if told is None:
        return None
    told = _run(instance, item, told, actor)
    _advance(instance, calls.complete(token=item.token, outcome=told), actor)
    # Whatever the advance came to, this item is done.
    instance.writing.close(instance.row, token=item.token, outcome=told, actor=actor.name)
    return told


def retry(instance: Locked, item_id: int, *, actor: Actor) -> None:
    """Try again what a repair is about. Errors: `not_a_repair` 409, `on_hold` 409."""
    item = _opened(instance, item_id)
    refuse_role(item, actor)
    instance.refuse_held()
    if not item.repair:
        raise ConflictError("not_a_repair", _("There is nothing to repair here."))
    if item.call is None:
        _advance(instance, calls.retry(token=item.token), actor)
        return
    item.status, item.outcome = Status.DONE, interpreter.RETRY
    item.closed_at, item.closed_by = instance.writing.now, actor.name
    try:
        if item.call["call"] == jobs.RUN_JOB:
            jobs.again(instance, item.call)
        else:
            instance.advance(Call.from_json(item.call), actor=actor.name)
    except NotWaitingError:
        item.status, item.outcome = Status.WITHDRAWN, ""  # the flow has gone another way
    item.save(update_fields=["status", "outcome", "closed_at", "closed_by"])


def refuse_role(item: WorkItem, actor: Actor) -> None:
    """Raise `not_your_role` 403 unless the actor holds the item's role (a repair: the right)."""
    allowed = actor.may_repair if item.repair else item.role in actor.roles
    if not allowed:
        raise DomainError(
            "not_your_role",
            _("This is for %(role)s.") % {"role": item.role or _("staff who may repair")},
            status=403,
            details={"role": item.role},
        )


def _opened(instance: Locked, item_id: int) -> WorkItem:
    """The item as it stands now that the instance is held."""
    item = instance.fetch(WorkItem, item_id)
    if item is None:
        raise NotFoundError()
    assert item.instance_id == instance.row.pk
    if item.status != Status.OPEN:
        raise _closed(item)
    return item


def _told(
    item: WorkItem, outcome: str, actor: Actor, everybody: Collection[str], now: datetime
) -> str | None:
    """What the votes come to with this one. Where one person is enough, there is no vote: the item
    says who did it."""
    if item.quorum in ONE:
        return outcome
    vote, made = Vote.objects.get_or_create(
        item=item, actor=actor.name, defaults={"outcome": outcome, "at": now}
    )
    if not made and vote.outcome != outcome:
        raise ConflictError(
            "already_voted",
            _("You have said something else before."),
            details={"outcome": vote.outcome},
        )
    votes = list(Vote.objects.filter(item=item).order_by("id"))
    # Who voted and has lost the role since still counts: beside, not instead of, those who hold it.
    people = {*everybody, *(one.actor for one in votes)} if item.quorum == ALL else ()
    return verdict(
        quorum=item.quorum,
        votes=[one.outcome for one in votes],
        people=len(people),
        outcomes=item.outcomes,
    )


def _run(instance: Locked, item: WorkItem, outcome: str, actor: Actor) -> str:
    """The command of a step that a person does; what it refuses, the person is told."""
    node = instance.compiled.graph.nodes.get(item.node)
    step = REGISTRY.get(item.step)
    if step is None or node is None or node.kind is not Kind.USER:
        return outcome
    context = StepContext(
        subject=instance.row.subject,
        merchant=instance.row.merchant_id,
        instance=instance.row.pk,
        token=item.token,
        node=item.node,
        step=item.step,
        now=instance.writing.now,
        outcome=outcome,
        actor=actor.name,
        values=instance.values,
    )
    return step.run(context) or outcome


def _advance(instance: Locked, call: Call, actor: Actor) -> None:
    try:
        instance.advance(call, actor=actor.name)
    except NotWaitingError:
        raise ConflictError("not_waiting", _("The flow has gone on meanwhile.")) from None
    except OutcomeError as error:
        raise _unknown(str(error)) from None


def _refuse_unknown(item: WorkItem, outcome: str) -> None:
    if item.outcomes and outcome not in item.outcomes:
        raise _unknown(_("Choose one of: %(outcomes)s") % {"outcomes": ", ".join(item.outcomes)})


def _unknown(message: str) -> DomainError:
    return DomainError("unknown_outcome", message, field="outcome", status=422)


def _open(item: WorkItem) -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(pk=item.pk, status=Status.OPEN)


def _taken(item: WorkItem) -> ConflictError:
    item.refresh_from_db()
    if item.status != Status.OPEN:
        return _closed(item)
    return ConflictError(
        "claimed", _("A colleague has claimed this."), details={"assignee": item.assignee}
    )


def _closed(item: WorkItem) -> ConflictError:
    return ConflictError(
        "work_item_closed",
        _("This is done already, or no longer needed."),
        details={"status": str(item.status), "outcome": item.outcome, "by": item.closed_by},
    )
