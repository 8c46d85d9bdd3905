/** A drawing for a file whose list was changed: the server lays it out, and the shapes are taken
 * over into the file, so that nothing else of it changes. */

import { type El } from "./elements";
import { type Finding, post } from "./api";

export class NoDrawing extends Error {
  constructor(readonly findings: Finding[]) {
    super("no drawing");
  }
}

/** The file with a drawing. Raises NoDrawing with what stands in the way of reading it. */
export async function drawn(xml: string): Promise<string> {
  const { Flow, moddle } = await import("../list/flow");
  const flow = await Flow.read(xml);
  if (flow.isDrawn) return xml;
  const laid = await post<{ bpmn: string; can_be_read: boolean; findings: Finding[] }>("/draw", { bpmn: xml });
  if (!laid.can_be_read) throw new NoDrawing(laid.findings);
  const other = (await moddle.fromXML(laid.bpmn)).rootElement;
  const diagrams = other.diagrams ?? [];
  for (const diagram of diagrams) {
    const plane = diagram["plane"] as El;
    plane["bpmnElement"] = flow.process;
    for (const shape of (plane["planeElement"] as El[]) ?? []) {
      const id = (shape["bpmnElement"] as El | undefined)?.id ?? "";
      shape["bpmnElement"] = flow.find(id);
    }
    diagram.$parent = flow.definitions;
  }
  flow.definitions.set("diagrams", diagrams);
  return flow.xml();
}
