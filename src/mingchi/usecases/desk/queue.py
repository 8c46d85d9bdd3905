"""The queues of somebody who works: what there is to do for them, most urgent first."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet

from mingchi.foundation.models import User
from mingchi.fulfilment import queries
from mingchi.fulfilment.models import Hold, Vote, WorkItem
from mingchi.fulfilment.queries import Places
from mingchi.fulfilment.work import ONE
from mingchi.usecases import flow_roles, rights
from mingchi.usecases.desk import about
from mingchi.usecases.desk.about import About

MINE, GROUP, REPAIRS = "mine", "group", "repairs"
VIEWS: Final = (MINE, GROUP, REPAIRS)
MOST: Final = 100
# So long a colleague's claim is told to those who may still have the item on their screen.
JUST_NOW: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What one person said of an item that several decide."""

    actor: str
    who: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the desk. `hold`: why it can't be done now; `assignee`: who claimed it."""

    item: WorkItem
    about: About
    assignee: str = ""
    hold: str = ""
    ballots: tuple[Ballot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is. `by_role`: of what nobody has claimed."""

    mine: int
    group: int
    repairs: int
    overdue: int
    by_role: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which part of the queues is looked at; None and "" leave a question out."""

    view: str = GROUP
    role: str = ""
    step: str = ""
    overdue: bool = False
    limit: int = MOST


def items_of(by: User) -> QuerySet[WorkItem]:
    """All open work that the account may do, whoever has claimed it."""
    return queries.open_work(_places(by))


def _places(by: User) -> Places:
    """Where the account works; kept on it, so that a request asks once."""
    found: Places | None = getattr(by, "_places", None)
    if found is None:
        found = flow_roles.places(by)
        by._places = found  # type: ignore[attr-defined]
    return found


def asked_for(by: User, asked: Asked, *, now: datetime) -> list[WorkItem]:
    """The items of a view, overdue first, then due soonest, then oldest."""
    found, me = items_of(by), rights.actor(by)
    if asked.view == MINE:
        found = found.filter(assignee=me)
    elif asked.view == GROUP:
        found = found.filter(assignee="", repair="")
    else:
        found = found.filter(assignee__in=["", me]).exclude(repair="")
    if asked.role:
        found = found.filter(role=asked.role)
    if asked.step:
        found = found.filter(step=asked.step)
    if asked.overdue:
        found = found.filter(due_at__lte=now)
    return list(queries.in_order(found.select_related("merchant"))[: asked.limit])


def counts(by: User, *, now: datetime) -> Counts:
    """Of all that the account may do."""
    me, by_role = Q(assignee=rights.actor(by)), {}
    totals = {"mine": 0, "group": 0, "repairs": 0, "overdue": 0}
    free, broken = Q(assignee=""), ~Q(repair="")
    rows = items_of(by).order_by().values("role").annotate(
        mine=Count("pk", filter=me),
        group=Count("pk", filter=free & ~broken),
        repairs=Count("pk", filter=(free | me) & broken),
        overdue=Count("pk", filter=(free | me) & Q(due_at__lte=now)),
    )  # fmt: skip
    for row in rows:
        for name in totals:
            totals[name] += row[name]
        if row["group"]:
            by_role[row["role"]] = row["group"]
    return Counts(**totals, by_role=by_role)


def just_taken(by: User, *, now: datetime) -> list[tuple[int, str]]:
    """What colleagues have claimed a moment ago: item and who, by their names."""
    others = items_of(by).exclude(assignee__in=["", rights.actor(by)])
    rows = others.filter(claimed_at__gte=now - JUST_NOW).values_list("pk", "assignee")
    found = list(rows.order_by("-claimed_at")[:MOST])
    names = people({actor for _pk, actor in found})
    return [(pk, names.get(actor, actor)) for pk, actor in found]


def described(items: Collection[WorkItem]) -> list[Entry]:
    """The items as rows, with what they are about; in a fixed number of queries."""
    abouts, held = about.of_items(items), _holds(items)
    ballots = _ballots(items)
    names = people({item.assignee for item in items if item.assignee})
    return [
        Entry(
            item=item,
            about=abouts[item.subject],
            assignee=names.get(item.assignee, item.assignee),
            hold=held.get(item.subject, ""),
            ballots=tuple(ballots.get(item.pk, ())),
        )
        for item in items
    ]


def voted(items: Collection[WorkItem]) -> dict[int, int]:
    """How many have voted on each item that several decide."""
    shared = [item.pk for item in items if item.quorum not in ONE]
    if not shared:
        return {}
    rows = Vote.objects.filter(item__in=shared).order_by("item")
    return dict(rows.values_list("item").annotate(Count("pk")))


def people(actors: Collection[str]) -> dict[str, str]:
    """What colleagues are called, by `user:5`."""
    keys = [int(key) for kind, _c, key in (a.partition(":") for a in actors) if kind == "user"]
    if not keys:
        return {}
    users = User.objects.filter(pk__in=keys)
    return {f"user:{user.pk}": user.get_full_name() or user.username for user in users}


def _holds(items: Collection[WorkItem]) -> dict[str, str]:
    """Why the held ones among them are held. A hold of the order holds its parcels too."""
    held = [item for item in items if getattr(item, "is_held", False)]
    if not held:
        return {}
    rows = WorkItem.objects.filter(pk__in=[item.pk for item in held])
    pairs = dict(rows.values_list("subject", "instance__family"))
    names = {*pairs, *pairs.values()}
    holds = Hold.objects.filter(subject__in=names, lifted_at__isnull=True).order_by("-id")
    reasons = dict(holds.values_list("subject", "reason"))
    return {
        subject: reasons.get(subject) or reasons.get(family, "")
        for subject, family in pairs.items()
    }


def _ballots(items: Collection[WorkItem]) -> dict[int, list[Ballot]]:
    voted = [item.pk for item in items if item.quorum not in ONE]
    if not voted:
        return {}
    votes = list(Vote.objects.filter(item__in=voted).order_by("id"))
    names = people({vote.actor for vote in votes})
    found: dict[int, list[Ballot]] = defaultdict(list)
    for vote in votes:
        found[vote.item_id].append(
            Ballot(actor=vote.actor, who=names.get(vote.actor, vote.actor), outcome=vote.outcome)
        )
    return found
