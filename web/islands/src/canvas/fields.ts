/** Setting what `Fields` offers, by commands of the modeler, so that they can be undone. */

import type { El } from "../shared/elements";

type Any = any; // eslint-disable-line -- services of bpmn-js, by name
const OWN = ["step", "role", "quorum", "due", "table"];

export function writer(viewer: Any): (element: El, field: string, value: string) => void {
  const [registry, modeling, moddle] = [viewer.get("elementRegistry"), viewer.get("modeling"), viewer.get("moddle")];

  function expression(parent: El, body: string): El | undefined {
    if (!body) return undefined;
    const made = moddle.create("bpmn:FormalExpression", { body });
    made.$parent = parent;
    return made;
  }

  function duration(shape: Any, element: El, value: string): void {
    const definition = element.eventDefinitions?.[0] as El;
    modeling.updateModdleProperties(shape, definition, { timeDuration: expression(definition, value) });
  }

  function message(shape: Any, element: El, name: string): void {
    const definition = element.eventDefinitions?.[0] as El;
    const root = viewer.getDefinitions();
    let found = (root.rootElements ?? []).find((one: El) => one.$type === "bpmn:Message" && one.name === name);
    if (!found && name) {
      found = moddle.create("bpmn:Message", { id: moddle.ids.nextPrefixed("Message_"), name });
      found.$parent = root;
      modeling.updateModdleProperties(shape, root, { rootElements: [found, ...root.rootElements] });
    }
    modeling.updateModdleProperties(shape, definition, { messageRef: name ? found : undefined });
  }

  return (element, field, value) => {
    const shape = registry.get(element.id);
    if (!shape) return;
    if (OWN.includes(field)) {
      const kept = value && !(field === "quorum" && value === "any");
      modeling.updateProperties(shape, { [`mingchi:${field}`]: kept ? value : undefined });
      if (field === "table" && element.eventDefinitions) duration(shape, element, value ? "" : "P1D");
    } else if (field === "name") {
      modeling.updateLabel(shape, value);
    } else if (field === "duration") {
      duration(shape, element, value);
    } else if (field === "message") {
      message(shape, element, value);
    } else if (field === "condition") {
      modeling.updateProperties(shape, { conditionExpression: expression(element, value) });
    } else if (field === "default") {
      modeling.updateProperties(shape.source, { default: value ? element : undefined });
      if (value) modeling.updateProperties(shape, { conditionExpression: undefined });
    } else if (field === "terminate") {
      const made = value ? [moddle.create("bpmn:TerminateEventDefinition")] : [];
      modeling.updateProperties(shape, { eventDefinitions: made });
    }
  };
}
