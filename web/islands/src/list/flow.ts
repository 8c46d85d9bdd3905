/** A BPMN file held for editing: its elements, and the few changes all others are made of. */

import { BpmnModdle } from "bpmn-moddle";
import { MINGCHI } from "../shared/descriptor";
import { type El, type Moddle, kindOf } from "../shared/elements";
import { t } from "../shared/i18n";

/** One moddle serves all files. */
export const moddle: Moddle = new (BpmnModdle as never as new (packages: object) => Moddle)({
  mingchi: MINGCHI,
});

export class UnreadableFlow extends Error {}

export class Flow {
  private constructor(
    readonly definitions: El,
    readonly process: El,
  ) {}

  /** Raises UnreadableFlow where it is no BPMN file with a process. */
  static async read(xml: string): Promise<Flow> {
    const { rootElement: root, warnings } = await moddle.fromXML(xml).catch((error: Error) => {
      throw new UnreadableFlow(error.message);
    });
    // References by an id that is there twice lead anywhere; editing would lose what they meant.
    const double = warnings.find(({ message }) => message.includes("duplicate ID"));
    if (double) throw new UnreadableFlow(`${t("an id is used twice")} (${double.message})`);
    const processes = (root.rootElements ?? []).filter((one) => one.$type === "bpmn:Process");
    const process = processes.find((one) => one.flowElements?.length) ?? processes[0];
    if (!process) throw new UnreadableFlow("no process");
    const flow = new Flow(root, process);
    // They repeat what the sequence flows say, and would have to be kept in step.
    for (const node of flow.nodes()) {
      delete node.incoming;
      delete node.outgoing;
    }
    const reached = flow.reached();
    flow.loose = new Set(flow.nodes().filter((node) => !reached.has(node)));
    return flow;
  }

  /** What nothing led to when the file was read: somebody's work that is not joined yet. */
  loose: ReadonlySet<El> = new Set();

  /** Every node that a token from the start can come to. */
  reached(): Set<El> {
    const seen = new Set<El>();
    const left = [this.start()].filter((one) => one !== undefined);
    for (let node = left.pop(); node; node = left.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      const start = kindOf(node) === "subprocess" ? this.start(node) : undefined;
      left.push(...this.out(node).map((way) => way.targetRef as El), ...this.boundaries(node), ...(start ? [start] : []));
    }
    return seen;
  }

  async xml(): Promise<string> {
    return (await moddle.toXML(this.definitions, { format: true })).xml;
  }

  /** Whether there is a drawing of it; structural changes from the list take it away. */
  get isDrawn(): boolean {
    return Boolean(this.definitions.diagrams?.length);
  }

  forgetDrawing(): void {
    this.definitions.diagrams = [];
  }

  /** Everything in a scope and the sub-processes in it. */
  private *elements(scope: El = this.process): Generator<El> {
    for (const element of scope.flowElements ?? []) {
      yield element;
      if (element.$type === "bpmn:SubProcess") yield* this.elements(element);
    }
  }

  nodes(scope?: El): El[] {
    const all = scope ? (scope.flowElements ?? []) : [...this.elements()];
    return all.filter((one) => kindOf(one) !== "way");
  }

  ways(scope?: El): El[] {
    const all = scope ? (scope.flowElements ?? []) : [...this.elements()];
    return all.filter((one) => kindOf(one) === "way");
  }

  out(node: El): El[] {
    return this.ways(node.$parent).filter((way) => way.sourceRef === node);
  }

  into(node: El): El[] {
    return this.ways(node.$parent).filter((way) => way.targetRef === node);
  }

  boundaries(node: El): El[] {
    return this.nodes(node.$parent).filter((one) => one.attachedToRef === node);
  }

  start(scope: El = this.process): El | undefined {
    return this.nodes(scope).find((node) => kindOf(node) === "start");
  }

  find(id: string): El | undefined {
    for (const element of this.elements()) if (element.id === id) return element;
    return undefined;
  }

  /** An id that is not taken: `pick`, `pick_2`, `pick_3`. */
  freeId(wanted: string): string {
    const taken = new Set([...this.elements()].map((one) => one.id));
    for (const one of this.definitions.rootElements ?? []) taken.add(one.id);
    const base = wanted.replace(/[^\w-]/g, "_") || "node";
    for (let number = 1; ; number++) {
      const id = number === 1 ? base : `${base}_${number}`;
      if (!taken.has(id)) return id;
    }
  }

  addNode(type: string, scope: El, values: Record<string, unknown> & { id: string }): El {
    const node = moddle.create(type, values);
    this.put(node, scope);
    return node;
  }

  addWay(source: El, target: El): El {
    const scope = source.$parent as El;
    const id = this.freeId(`${source.id}_way`);
    const way = moddle.create("bpmn:SequenceFlow", { id, sourceRef: source, targetRef: target });
    this.put(way, scope);
    return way;
  }

  put(element: El, scope: El): void {
    if (element.$parent) this.take(element);
    element.$parent = scope;
    scope.set("flowElements", [...(scope.flowElements ?? []), element]);
  }

  take(element: El): void {
    const scope = element.$parent;
    scope?.set("flowElements", (scope.flowElements ?? []).filter((one) => one !== element));
  }

  removeWay(way: El): void {
    const source = way.sourceRef as El;
    if (source.default === way) source.set("default", undefined);
    this.take(way);
  }

  removeNode(node: El): void {
    for (const way of [...this.into(node), ...this.out(node)]) this.removeWay(way);
    for (const event of this.boundaries(node)) this.removeNode(event);
    this.take(node);
  }

  setCondition(way: El, condition: string): void {
    if (condition === "") {
      way.set("conditionExpression", undefined);
      return;
    }
    const body = moddle.create("bpmn:FormalExpression", { body: condition });
    body.$parent = way;
    way.set("conditionExpression", body);
  }

  setDuration(event: El, duration: string): void {
    const definition = event.eventDefinitions?.[0];
    if (!definition) return;
    const body = duration ? moddle.create("bpmn:FormalExpression", { body: duration }) : undefined;
    if (body) body.$parent = definition;
    definition.set("timeDuration", body);
  }

  /** The declaration of a message, made where it is not there. */
  message(name: string): El {
    const root = this.definitions.rootElements ?? [];
    const found = root.find((one) => one.$type === "bpmn:Message" && one.name === name);
    if (found) return found;
    const made = moddle.create("bpmn:Message", { id: this.freeId("Message_1"), name });
    made.$parent = this.definitions;
    this.definitions.set("rootElements", [made, ...root]);
    return made;
  }

  setMessage(event: El, name: string): void {
    event.eventDefinitions?.[0]?.set("messageRef", name ? this.message(name) : undefined);
  }

  /** A definition of an event: a timer with its duration, or a message. */
  definition(kind: "timer" | "message", value: string): El {
    if (kind === "message") {
      return moddle.create("bpmn:MessageEventDefinition", { messageRef: this.message(value) });
    }
    const definition = moddle.create("bpmn:TimerEventDefinition");
    const body = moddle.create("bpmn:FormalExpression", { body: value });
    body.$parent = definition;
    definition.set("timeDuration", body);
    return definition;
  }
}
