/** BPMN elements as bpmn-moddle makes them, as far as flows need them, and what they are to us. */

export interface El {
  $type: string;
  id: string;
  name?: string;
  $parent?: El;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  flowElements?: El[];
  rootElements?: El[];
  incoming?: El[];
  outgoing?: El[];
  sourceRef?: El;
  targetRef?: El;
  attachedToRef?: El;
  default?: El;
  conditionExpression?: El;
  eventDefinitions?: El[];
  timeDuration?: El;
  messageRef?: El;
  body?: string;
  diagrams?: El[];
  [key: string]: unknown;
}

export interface Moddle {
  create(type: string, values?: Record<string, unknown>): El;
  fromXML(xml: string): Promise<{ rootElement: El; warnings: { message: string }[] }>;
  toXML(root: El, options?: { format?: boolean }): Promise<{ xml: string }>;
}

export type Kind =
  | "start" | "end" | "terminate" | "user" | "service" | "rule" | "exclusive" | "parallel"
  | "events" | "timer" | "message" | "boundary_timer" | "boundary_message" | "subprocess"
  | "way" | "other";

const KINDS: Record<string, Kind> = {
  "bpmn:StartEvent": "start",
  "bpmn:UserTask": "user",
  "bpmn:ServiceTask": "service",
  "bpmn:BusinessRuleTask": "rule",
  "bpmn:ExclusiveGateway": "exclusive",
  "bpmn:ParallelGateway": "parallel",
  "bpmn:EventBasedGateway": "events",
  "bpmn:SubProcess": "subprocess",
  "bpmn:SequenceFlow": "way",
};

/** What a node is, as the server names it; "other" is not of the subset. */
export function kindOf(element: El): Kind {
  const definition = element.eventDefinitions?.[0]?.$type;
  switch (element.$type) {
    case "bpmn:EndEvent":
      return definition === "bpmn:TerminateEventDefinition" ? "terminate" : "end";
    case "bpmn:IntermediateCatchEvent":
      return definition === "bpmn:TimerEventDefinition" ? "timer" : "message";
    case "bpmn:BoundaryEvent":
      return definition === "bpmn:TimerEventDefinition" ? "boundary_timer" : "boundary_message";
    default:
      return KINDS[element.$type] ?? "other";
  }
}

export const isGateway = (kind: Kind): boolean => ["exclusive", "parallel", "events"].includes(kind);
export const isEnd = (kind: Kind): boolean => kind === "end" || kind === "terminate";
export const isTask = (kind: Kind): boolean => ["user", "service", "rule"].includes(kind);

/** One of our attributes, "" where it is not there. */
export function own(element: El, name: string): string {
  return String(element.get(`mingchi:${name}`) ?? "");
}

/** What a timer waits (ISO 8601), "" where a table says it. */
export function durationOf(element: El): string {
  return element.eventDefinitions?.[0]?.timeDuration?.body?.trim() ?? "";
}

/** The signal that an event waits for. */
export function messageOf(element: El): string {
  return element.eventDefinitions?.[0]?.messageRef?.name ?? "";
}

/** The condition of a way (CEL). */
export function conditionOf(way: El): string {
  return way.conditionExpression?.body?.trim() ?? "";
}
