"""What stands beside an instance, when it is moved to another version."""

from datetime import datetime

from mingchi.flows import Graph, Listen, SetTimer, State
from mingchi.flows.durations import read_duration
from mingchi.fulfilment.compiled import Compiled
from mingchi.fulfilment.instances import SYSTEM, Locked
from mingchi.fulfilment.models import StepJob, Subscription, Timer, WorkItem


def move_rows(
    instance: Locked, target: Compiled, state: State, mapping: dict[str, str | None]
) -> None:
    """Work items, timers, subscriptions and jobs under their new names. A timer keeps its due
    time; one that only the target has is set from now."""
    row = instance.row
    for item in WorkItem.objects.filter(instance=row, status=WorkItem.Status.OPEN):
        if item.token in state.tokens:
            _item(item, target.graph, state.tokens[item.token].node)
    for job in StepJob.objects.filter(instance=row):
        job.node = mapping.get(job.node, job.node) or job.node
        job.save(update_fields=["node"])
    _timers(instance, target, state, mapping)
    _subscriptions(instance, target, state)


def _item(item: WorkItem, graph: Graph, node_id: str) -> None:
    node = graph.nodes.get(node_id)
    if node is None:  # the flow is being cancelled
        return
    item.node, item.title = node.id, (node.name or item.title)[:200]
    if not item.repair:
        item.step, item.role, item.quorum = node.step or "", node.role or "", node.quorum
        item.outcomes = list(node.outcomes)
    item.save(update_fields=["node", "title", "step", "role", "quorum", "outcomes"])


def _timers(
    instance: Locked, target: Compiled, state: State, mapping: dict[str, str | None]
) -> None:
    kept = set()
    for timer in Timer.objects.filter(instance=instance.row):
        to = mapping.get(timer.node, timer.node)
        if to is None:
            timer.delete()
            continue
        timer.node = to
        timer.save(update_fields=["node"])
        kept.add((timer.token, to))
    for token in state.tokens.values():
        if token.trouble or token.undo:
            continue
        for event in target.graph.timers.get(token.node, ()):
            if (token.id, event.id) not in kept:
                due_at = _due(instance, target, event.duration, event.table, token.outcome)
                effect = SetTimer(token.id, event.id, due_at)
                instance.writing.take(instance.row, target.graph, state, [effect], SYSTEM)


def _due(
    instance: Locked, target: Compiled, duration: str | None, table: str | None, outcome: str
) -> datetime:
    if duration is None:
        answer = target.decider(instance.values).look_up(table or "", outcome)
        duration = str(answer.value)
    return read_duration(duration).after(instance.writing.now)


def _subscriptions(instance: Locked, target: Compiled, state: State) -> None:
    Subscription.objects.filter(instance=instance.row).delete()
    effects = [
        Listen(token.id, event.id, event.message or "")
        for token in state.tokens.values()
        if not token.trouble and not token.undo
        for event in target.graph.messages.get(token.node, ())
    ]
    instance.writing.take(instance.row, target.graph, state, effects, SYSTEM)
