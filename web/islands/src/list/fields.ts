/** Setting what `Fields` offers, on a flow held by the list. */

import type { El } from "../shared/elements";
import type { Flow } from "./flow";
import { moddle } from "./flow";

const OWN = ["step", "role", "quorum", "due", "table"];

export function setField(flow: Flow, element: El, field: string, value: string): void {
  if (OWN.includes(field)) {
    const kept = value && !(field === "quorum" && value === "any");
    element.set(`mingchi:${field}`, kept ? value : undefined);
    if (field === "table" && value && element.eventDefinitions) flow.setDuration(element, "");
    if (field === "table" && !value && element.eventDefinitions) flow.setDuration(element, "P1D");
  } else if (field === "name") {
    element.set("name", value || undefined);
  } else if (field === "duration") {
    flow.setDuration(element, value);
  } else if (field === "message") {
    flow.setMessage(element, value);
  } else if (field === "condition") {
    flow.setCondition(element, value);
  } else if (field === "default") {
    element.sourceRef?.set("default", value ? element : undefined);
    if (value) flow.setCondition(element, "");
  } else if (field === "terminate") {
    element.set("eventDefinitions", value ? [moddle.create("bpmn:TerminateEventDefinition")] : []);
  }
}
