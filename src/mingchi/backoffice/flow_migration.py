"""Moving running orders to the version in force: what each waiting place becomes there, what would
become of each order, and doing it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from mingchi.backoffice.acts import ActForm
from mingchi.backoffice.panels import Panel
from mingchi.flows import Graph, State
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import compiled
from mingchi.fulfilment.mapping import Place, places
from mingchi.fulfilment.models import FlowDefinition, FlowInstance, FlowVersion, Timer
from mingchi.usecases import steer_flow

AT_ONCE: Final = 200
SHOWN: Final = 50
DROP: Final = ""

Mappings = Mapping[int, Mapping[str, str | None]]


class MigrationForm(ActForm):
    """For each version on which orders still run, and each place at which one stands: what it is
    in the version in force. Only what may stand there is offered."""

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        self._names: dict[str, tuple[int, str]] = {}
        moving = Moving(thing)
        for version, found in moving.places():
            for place in found:
                name = f"v{version.pk}-{place.element}"
                self._names[name] = version.pk, place.element
                self.fields[name] = _field(version, place, moving)

    def mappings(self) -> Mappings:
        """By version: what each place becomes. What is not chosen, or not legal, keeps its id."""
        chosen: dict[int, dict[str, str | None]] = {}
        if self.is_bound and self.is_valid():
            for name, (version_id, element) in self._names.items():
                said = self.cleaned_data[name]
                if said != element:
                    chosen.setdefault(version_id, {})[element] = said or None
        return chosen


class Moving:
    """A flow's running orders, and the version in force."""

    def __init__(self, flow: FlowDefinition) -> None:
        self._flow = flow

    @cached_property
    def target(self) -> int:
        return self._flow.versions.get(status=FlowVersion.Status.PUBLISHED).pk

    @cached_property
    def instances(self) -> Sequence[FlowInstance]:
        """Those on another version, the first so many."""
        rows = FlowInstance.objects.filter(
            version__definition=self._flow, status=FlowInstance.Status.RUNNING
        ).exclude(version=self.target)
        return list(rows.select_related("version").order_by("pk")[:AT_ONCE])

    @cached_property
    def graph(self) -> Graph:
        return compiled.load(self.target).graph

    def places(self) -> Iterator[tuple[FlowVersion, list[Place]]]:
        """By version, oldest first: every place at which an order stands."""
        timers: dict[int, list[tuple[int, str]]] = {}
        for row in Timer.objects.filter(instance__in=self.instances).order_by("id"):
            timers.setdefault(row.instance_id, []).append((row.token, row.node))
        found: dict[FlowVersion, dict[str, Place]] = {}
        for instance in self.instances:
            assert instance.version is not None, "what runs has a version"
            source = compiled.load(instance.version.pk).graph
            state = State.from_json(instance.state)
            here = places(source, state, timers.get(instance.pk, ()), self.graph)
            found.setdefault(instance.version, {}).update((one.element, one) for one in here)
        for version in sorted(found, key=lambda one: one.number):
            yield version, list(found[version].values())


def _field(version: FlowVersion, place: Place, moving: Moving) -> forms.ChoiceField:
    names = {node.id: node.name for node in moving.graph.nodes.values()}
    own = compiled.load(version.pk).graph.nodes.get(place.element)
    choices = [(one, _named(one, names.get(one, ""))) for one in place.choices]
    if place.element not in place.choices:
        choices.insert(0, (place.element, _("%(place)s is not there") % {"place": place.element}))
    if place.may_go:
        choices.append((DROP, str(_("drop this timer"))))
    return forms.ChoiceField(
        label=f"v{version.number} · {_named(place.element, own.name if own else '')}",
        choices=choices,
        initial=place.choices[0] if place.element in place.choices else place.element,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


def _named(element: str, name: str) -> str:
    return f"{name} ({element})" if name else element


def run(*, by: Any, flow: FlowDefinition, mappings: Mappings, now: datetime) -> tuple[int, int]:
    """How many moved, and how many stay. Each moves in a transaction of its own."""
    moving = Moving(flow)
    moved = stayed = 0
    for instance in moving.instances:
        try:
            steer_flow.migrate_flow(
                by=by,
                instance_id=instance.pk,
                version_id=moving.target,
                mapping=_mapping(instance, mappings),
                now=now,
            )
            moved += 1
        except DomainError:
            stayed += 1
    return moved, stayed


def panels(request: HttpRequest, flow: FlowDefinition) -> Sequence[Panel]:
    """Every order on an older version (the first so many), with what stands in its way under what
    is chosen in the form."""
    form = MigrationForm(request.POST if request.method == "POST" else None)
    form.prepare(request, flow)
    mappings = form.mappings()
    moving = Moving(flow)
    rows = [_row(request.user, one, moving.target, mappings) for one in moving.instances[:SHOWN]]
    note = _("%(count)s in all; at most %(most)s move at once.") % {
        "count": len(moving.instances),
        "most": AT_ONCE,
    }
    return [
        Panel(
            title=_("What would become of them"),
            headers=[_("order"), _("version"), _("stands at"), _("what stands in the way")],
            rows=rows,
            empty=_("No order runs on an older version."),
            note=note if moving.instances else "",
        )
    ]


def _mapping(instance: FlowInstance, mappings: Mappings) -> Mapping[str, str | None]:
    return mappings.get(instance.version_id or 0, {})


def _row(by: Any, instance: FlowInstance, target: int, mappings: Mappings) -> list[Any]:
    try:
        seen = steer_flow.preview_migration(
            by=by,
            instance_id=instance.pk,
            version_id=target,
            mapping=_mapping(instance, mappings),
            now=clock.now(),
        )
    except DomainError as error:
        return [instance.subject, f"v{_number(instance)}", "", error.message]
    where = "、".join(f"{old} → {new}" if old != new else old for _token, old, new in seen.moves)
    problems = "; ".join(seen.problems)
    return [instance.subject, f"v{_number(instance)}", where, problems or _("nothing: it can move")]


def _number(instance: FlowInstance) -> int:
    assert instance.version is not None
    return instance.version.number
