/** Changes of a flow from the list. Each takes places (ways) and rows of the current `outline`,
 * which is read anew after every change. The drawing is forgotten where the structure changes: the
 * server lays the file out again. */

import { type El, isEnd, isGateway, kindOf } from "../shared/elements";
import type { Flow } from "./flow";
import { type Branch, type Chain, type Row, nodesOf } from "./outline";

export interface NewStep {
  id: string;
  name: string;
  type: "bpmn:UserTask" | "bpmn:ServiceTask" | "bpmn:BusinessRuleTask";
  own: Record<string, string>;
}

const scopeOf = (place: El[]): El => place[0]?.$parent as El;
const targetOf = (place: El[]): El => place[0]?.targetRef as El;

/** A task at a place. */
export function addStep(flow: Flow, place: El[], step: NewStep): El {
  const node = flow.addNode(step.type, scopeOf(place), {
    id: flow.freeId(step.id),
    name: step.name,
  });
  for (const [name, value] of Object.entries(step.own)) node.set(`mingchi:${name}`, value);
  return settle(flow, insert(flow, place, node));
}

/** A timer (ISO 8601 duration) or a wait for a message. */
export function addWait(flow: Flow, place: El[], kind: "timer" | "message", value: string, name: string): El {
  const node = catchEvent(flow, scopeOf(place), kind, value, name);
  return settle(flow, insert(flow, place, node));
}

/** A choice of two ways, the second one for everything else. */
export function addChoice(flow: Flow, place: El[], condition: string, name: string): El {
  const [gateway, join] = gates(flow, place, "bpmn:ExclusiveGateway", "choice");
  gateway.set("name", name);
  flow.setCondition(flow.addWay(gateway, join), condition);
  gateway.set("default", flow.addWay(gateway, join));
  return settle(flow, gateway);
}

/** Whatever comes first: a time or a message. */
export function addFirst(flow: Flow, place: El[], duration: string, message: string, name: string): El {
  const [gateway, join] = gates(flow, place, "bpmn:EventBasedGateway", "first");
  gateway.set("name", name);
  for (const [kind, value] of [["message", message], ["timer", duration]] as const) {
    const event = catchEvent(flow, scopeOf(place), kind, value, "");
    flow.addWay(gateway, event);
    flow.addWay(event, join);
  }
  return settle(flow, gateway);
}

/** Another way out of a choice or a first-of; it goes on behind the block. */
export function addBranch(flow: Flow, row: Row, value: string): El | null {
  const target = targetOf(row.next);
  if (!target) return null;
  if (row.kind === "first") {
    const event = catchEvent(flow, row.node.$parent as El, "message", value, "");
    const way = flow.addWay(row.node, event);
    flow.addWay(event, row.join ?? target);
    return settle(flow, way);
  }
  const way = flow.addWay(row.node, row.join ?? target);
  if (row.kind === "choice") flow.setCondition(way, value);
  return settle(flow, way);
}

export function removeBranch(flow: Flow, row: Row, branch: Branch): void {
  flow.removeWay(branch.way);
  if (branch.event && row.catches.includes(branch)) flow.removeNode(branch.event);
  settle(flow, row.node);
}

/** What interrupts a step or a part: after a time, or by a message; then the flow ends. */
export function addCatch(flow: Flow, row: Row, kind: "timer" | "message", value: string, name: string): El {
  const scope = row.node.$parent as El;
  const event = flow.addNode("bpmn:BoundaryEvent", scope, {
    id: flow.freeId(`${row.node.id}_until`),
    name,
    attachedToRef: row.node,
    eventDefinitions: [],
  });
  define(flow, event, kind, value);
  flow.addWay(event, newEnd(flow, scope));
  return settle(flow, event);
}

/** Where a branch goes at its end: on behind its block, to an end of its own, or to a step. */
export function setEnd(flow: Flow, row: Row, chain: Chain, to: "on" | "end" | El): void {
  const after = row.join ?? targetOf(row.next) ?? chain.target;
  const target = to === "end" ? newEnd(flow, row.node.$parent as El) : to === "on" ? after : to;
  if (!target) return;
  for (const way of chain.tail) way.set("targetRef", target);
  settle(flow, row.node);
}

/** Take a row out with all that only it leads to. */
export function remove(flow: Flow, row: Row): void {
  const after = targetOf(row.next) ?? newEnd(flow, row.node.$parent as El);
  for (const way of flow.into(row.node)) way.set("targetRef", after);
  for (const way of flow.out(row.node)) flow.removeWay(way);
  if (row.join) for (const way of flow.out(row.join)) flow.removeWay(way);
  flow.removeNode(row.node);
  settle(flow, flow.process);
}

/** Whether a row may stand at a place: not within itself, not where it is already, and in another
 * part only if no jump would lead from one part into another. */
export function fits(flow: Flow, row: Row, place: El[]): boolean {
  if (!place.length || !row.next.length) return false;
  const inside = new Set(nodesOf(row));
  const free = place.every((way) => !inside.has(way.sourceRef as El) && !row.into.includes(way) && !row.next.includes(way));
  if (!free || scopeOf(place) === row.node.$parent) return free;
  const own = new Set([...row.into, ...row.next]);
  return flow.ways(row.node.$parent as El).every((way) => own.has(way) || inside.has(way.sourceRef as El) === inside.has(way.targetRef as El));
}

/** Move a row, with its branches, to another place. */
export function move(flow: Flow, row: Row, place: El[]): void {
  if (!fits(flow, row, place)) return;
  detach(row);
  attach(flow, row, place);
  settle(flow, row.node);
}

/** Side by side with the row before it, or one after the other again. `block`: what it stands in. */
export function setParallel(flow: Flow, row: Row, before: Row | null, block: Row | null): void {
  if (block?.kind === "together") {
    detach(row);
    attach(flow, row, block.next);
  } else if (before) {
    detach(row);
    const fork = before.kind === "together" && before.join ? before.node : forkAround(flow, before);
    const join = before.join ?? (targetOf(before.next) as El);
    reparent(flow, row, fork.$parent as El);
    flow.addWay(fork, row.node);
    for (const way of row.next) way.set("targetRef", join);
  }
  settle(flow, row.node);
}

/** A step that only some pass: a choice around it, or taken away again (""). */
export function setOnlyIf(flow: Flow, row: Row, condition: string, around: Row | null): void {
  const known = around && onlyIf(around);
  if (known && condition) {
    flow.setCondition(known, condition);
  } else if (known && around) {
    detach(row);
    attach(flow, row, around.into);
    for (const way of flow.into(around.node)) way.set("targetRef", targetOf(around.next));
    flow.removeNode(around.node);
    if (around.join) flow.removeNode(around.join);
    settle(flow, row.node);
  } else if (condition) {
    const place = row.into;
    const [gateway, join] = gates(flow, place, "bpmn:ExclusiveGateway", `${row.node.id}_if`);
    const after = flow.out(join)[0] as El;
    const behind = targetOf(row.next);
    flow.setCondition(flow.addWay(gateway, row.node), condition);
    for (const way of row.next) way.set("targetRef", join);
    after.set("targetRef", behind);
    gateway.set("default", flow.addWay(gateway, join));
    settle(flow, row.node);
  }
}

/** The conditional way of a choice that holds one row and else nothing; null for other blocks. */
export function onlyIf(block: Row): El | null {
  if (block.kind !== "choice" || block.branches.length !== 2 || !block.join) return null;
  const full = block.branches.find((one) => one.chain.rows.length === 1 && one.chain.ends === "on");
  const empty = block.branches.find((one) => one.chain.rows.length === 0 && one.chain.ends === "on");
  return full && empty && block.node.default === empty.way ? full.way : null;
}

function insert(flow: Flow, place: El[], entry: El): El {
  flow.addWay(entry, targetOf(place));
  for (const way of place) way.set("targetRef", entry);
  return entry;
}

function detach(row: Row): void {
  const after = targetOf(row.next);
  for (const way of row.into) way.set("targetRef", after);
}

function attach(flow: Flow, row: Row, place: El[]): void {
  const target = targetOf(place);
  reparent(flow, row, scopeOf(place));
  for (const way of place) way.set("targetRef", row.node);
  for (const way of row.next) way.set("targetRef", target);
}

/** A row that comes into another sub-process takes its ways along. */
function reparent(flow: Flow, row: Row, scope: El): void {
  const from = row.node.$parent;
  if (from === scope) return;
  const nodes = nodesOf(row).filter((node) => node.$parent === from);
  const ways = nodes.flatMap((node) => flow.out(node));
  for (const one of [...nodes, ...ways]) flow.put(one, scope);
}

function forkAround(flow: Flow, row: Row): El {
  const scope = row.node.$parent as El;
  const fork = flow.addNode("bpmn:ParallelGateway", scope, { id: flow.freeId(`${row.node.id}_fork`) });
  const join = flow.addNode("bpmn:ParallelGateway", scope, { id: flow.freeId(`${row.node.id}_join`) });
  for (const way of row.into) way.set("targetRef", fork);
  flow.addWay(fork, row.node);
  const after = targetOf(row.next);
  for (const way of row.next) way.set("targetRef", join);
  flow.addWay(join, after);
  return fork;
}

/** A gateway at a place and, behind it, the one where its branches meet. */
function gates(flow: Flow, place: El[], type: string, id: string): [El, El] {
  const scope = scopeOf(place);
  const after = targetOf(place);
  const gateway = flow.addNode(type, scope, { id: flow.freeId(id) });
  const join = flow.addNode("bpmn:ExclusiveGateway", scope, { id: flow.freeId(`${id}_join`) });
  for (const way of place) way.set("targetRef", gateway);
  flow.addWay(join, after);
  return [gateway, join];
}

function catchEvent(flow: Flow, scope: El, kind: "timer" | "message", value: string, name: string): El {
  const id = flow.freeId(kind === "timer" ? "wait" : "on");
  const node = flow.addNode("bpmn:IntermediateCatchEvent", scope, { id, name, eventDefinitions: [] });
  define(flow, node, kind, value);
  return node;
}

function define(flow: Flow, event: El, kind: "timer" | "message", value: string): void {
  const definition = flow.definition(kind, value);
  definition.$parent = event;
  event.set("eventDefinitions", [definition]);
}

function newEnd(flow: Flow, scope: El): El {
  return flow.addNode("bpmn:EndEvent", scope, { id: flow.freeId("end") });
}

/** After every change: gateways that decide nothing go, and what is reached no more. */
function settle(flow: Flow, result: El): El {
  tidy(flow);
  flow.forgetDrawing();
  return result;
}

function tidy(flow: Flow): void {
  for (let changed = true; changed; ) {
    changed = dropUnreached(flow) || dropIdleBranches(flow) || dropIdleGateways(flow);
  }
}

function dropUnreached(flow: Flow): boolean {
  const reached = flow.reached();
  const gone = flow.nodes().filter((node) => kindOf(node) !== "other" && !reached.has(node) && !flow.loose.has(node));
  for (const node of gone) flow.removeNode(node);
  return gone.length > 0;
}

/** A fork's way that leads straight to its join. */
function dropIdleBranches(flow: Flow): boolean {
  for (const way of flow.ways()) {
    const [source, target] = [way.sourceRef as El, way.targetRef as El];
    const both = kindOf(source) === "parallel" && kindOf(target) === "parallel";
    if (both && flow.out(source).length > 1 && flow.into(target).length > 1) {
      flow.removeWay(way);
      return true;
    }
  }
  return false;
}

function dropIdleGateways(flow: Flow): boolean {
  for (const node of flow.nodes()) {
    const [into, out] = [flow.into(node), flow.out(node)];
    const idle = into.length === 1 && out.length === 1 && isGateway(kindOf(node)) && kindOf(node) !== "events";
    if (!idle || isEnd(kindOf(node))) continue;
    (into[0] as El).set("targetRef", (out[0] as El).targetRef);
    flow.removeWay(out[0] as El);
    flow.take(node);
    return true;
  }
  return false;
}
