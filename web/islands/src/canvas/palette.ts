/** What the canvas offers: registered steps and the elements of the subset, nothing else. */

import type { Step, Vocabulary } from "../shared/api";
import { isChinese, t } from "../shared/i18n";
import { kindOf } from "../shared/elements";

type Any = any; // eslint-disable-line -- bpmn-js hands its services over by name, untyped

const ELEMENTS: [string, string, string, string, Record<string, unknown>][] = [
  ["user", "bpmn:UserTask", "bpmn-icon-user-task", "Work of a person", {}],
  ["service", "bpmn:ServiceTask", "bpmn-icon-service-task", "Automatic step", {}],
  ["rule", "bpmn:BusinessRuleTask", "bpmn-icon-business-rule-task", "Decide by a table", {}],
  ["exclusive", "bpmn:ExclusiveGateway", "bpmn-icon-gateway-xor", "Choice", {}],
  ["parallel", "bpmn:ParallelGateway", "bpmn-icon-gateway-parallel", "At the same time", {}],
  ["events", "bpmn:EventBasedGateway", "bpmn-icon-gateway-eventbased", "Whatever comes first", {}],
  ["timer", "bpmn:IntermediateCatchEvent", "bpmn-icon-intermediate-event-catch-timer", "Wait for a time", { eventDefinitionType: "bpmn:TimerEventDefinition" }],
  ["message", "bpmn:IntermediateCatchEvent", "bpmn-icon-intermediate-event-catch-message", "Wait for a message", { eventDefinitionType: "bpmn:MessageEventDefinition" }],
  ["start", "bpmn:StartEvent", "bpmn-icon-start-event-none", "Start", {}],
  ["end", "bpmn:EndEvent", "bpmn-icon-end-event-none", "End", {}],
  ["terminate", "bpmn:EndEvent", "bpmn-icon-end-event-terminate", "End that ends everything", { eventDefinitionType: "bpmn:TerminateEventDefinition" }],
  ["subprocess", "bpmn:SubProcess", "bpmn-icon-subprocess-expanded", "Part", { isExpanded: true }],
];
const CATCHES: [string, string, string, Record<string, unknown>][] = [
  ["late", "bpmn-icon-intermediate-event-catch-timer", "Interrupt after a time", { eventDefinitionType: "bpmn:TimerEventDefinition" }],
  ["told", "bpmn-icon-intermediate-event-catch-message", "Interrupt by a message", { eventDefinitionType: "bpmn:MessageEventDefinition" }],
];

/** The modules that take the place of the modeler's own palette, pad and menu. */
export function offering(words: Vocabulary): object {
  function shapeOf(elementFactory: Any, type: string, options: Record<string, unknown>): Any {
    const shape = elementFactory.createShape({ type, ...options });
    const timer = shape.businessObject.eventDefinitions?.[0];
    if (options["eventDefinitionType"] === "bpmn:TimerEventDefinition") {
      const moddle = shape.businessObject.$model;
      const body = moddle.create("bpmn:FormalExpression", { body: "P1D" });
      body.$parent = timer;
      timer.set("timeDuration", body);
    }
    return shape;
  }

  function Palette(this: Any, palette: Any, create: Any, elementFactory: Any, lassoTool: Any, handTool: Any, spaceTool: Any, globalConnect: Any, search: Any): void {
    palette.registerProvider(this);
    this.getPaletteEntries = (): Record<string, Any> => {
      const entries: Record<string, Any> = {
        hand: { group: "tools", className: "bpmn-icon-hand-tool", title: t("Move the view"), action: { click: (event: Any) => handTool.activateHand(event) } },
        lasso: { group: "tools", className: "bpmn-icon-lasso-tool", title: t("Select several"), action: { click: (event: Any) => lassoTool.activateSelection(event) } },
        space: { group: "tools", className: "bpmn-icon-space-tool", title: t("Make room"), action: { click: (event: Any) => spaceTool.activateSelection(event) } },
        connect: { group: "tools", className: "bpmn-icon-connection-multi", title: t("Connect"), action: { click: (event: Any) => globalConnect.start(event) } },
        line: { group: "tools", separator: true },
        steps: {
          group: "steps", className: "mingchi-steps", title: t("Registered steps …"),
          action: { click: (event: Any) => search.open(event.target) },
        },
        "line-2": { group: "steps", separator: true },
      };
      for (const [name, type, className, title, options] of ELEMENTS) {
        const start = (event: Any): void => create.start(event, shapeOf(elementFactory, type, options));
        entries[name] = { group: "elements", className, title: t(title), action: { dragstart: start, click: start } };
      }
      return entries;
    };
  }
  (Palette as Any).$inject = ["palette", "create", "elementFactory", "lassoTool", "handTool", "spaceTool", "globalConnect", "stepMenu"];

  /** The registered steps, in a menu that can be searched. */
  function StepMenu(this: Any, popupMenu: Any, create: Any, elementFactory: Any, autoPlace: Any): void {
    let source: Any = null;
    const made = (step: Step): Any => {
      const isUser = step.doing !== "automatic";
      const shape = elementFactory.createShape({ type: isUser ? "bpmn:UserTask" : "bpmn:ServiceTask" });
      const bo = shape.businessObject;
      bo.set("name", step.title);
      bo.set("mingchi:step", step.name);
      if (isUser) bo.set("mingchi:role", step.actors[0] ?? "clerk");
      return shape;
    };
    popupMenu.registerProvider("mingchi-steps", {
      getPopupMenuEntries: () => Object.fromEntries(words.steps.map((step) => [step.name, {
        label: step.title,
        description: step.name,
        className: step.doing === "automatic" ? "bpmn-icon-service-task" : "bpmn-icon-user-task",
        action: (event: Any) => {
          if (source) autoPlace.append(source, made(step));
          else create.start(event, made(step));
          popupMenu.close();
        },
      }])),
    });
    this.open = (near: HTMLElement, after: Any = null): void => {
      source = after;
      const box = near.getBoundingClientRect();
      popupMenu.open({ id: "mingchi" }, "mingchi-steps", { x: box.right + 8, y: box.top, cursor: { x: box.right, y: box.top } }, { title: t("Steps"), width: 280, search: true });
    };
  }
  (StepMenu as Any).$inject = ["popupMenu", "create", "elementFactory", "autoPlace"];

  function Pad(this: Any, contextPad: Any, modeling: Any, elementFactory: Any, connect: Any, create: Any, autoPlace: Any, stepMenu: Any): void {
    contextPad.registerProvider(this);
    const remove = { group: "edit", className: "bpmn-icon-trash", title: t("Remove"), action: { click: (_: Any, one: Any) => modeling.removeElements(Array.isArray(one) ? one.slice() : [one]) } };
    this.getMultiElementContextPadEntries = (): Record<string, Any> => ({ delete: remove });
    this.getContextPadEntries = (element: Any): Record<string, Any> => {
      if (element.type === "label") return { delete: remove };
      const kind = kindOf(element.businessObject);
      const entries: Record<string, Any> = {};
      const append = (name: string): void => {
        const found = ELEMENTS.find((one) => one[0] === name);
        if (!found) return;
        const [, type, className, title, options] = found;
        entries[`append.${name}`] = {
          group: "model", className, title: t(title),
          action: {
            click: () => autoPlace.append(element, shapeOf(elementFactory, type, options)),
            dragstart: (event: Any) => create.start(event, shapeOf(elementFactory, type, options), { source: element }),
          },
        };
      };
      const leadsOn = !["end", "terminate", "way", "other"].includes(kind);
      if (kind === "events") ["message", "timer"].forEach(append);
      else if (leadsOn) {
        entries["append.step"] = { group: "model", className: "mingchi-steps", title: t("Registered steps …"), action: { click: (event: Any) => stepMenu.open(event.target, element) } };
        ["exclusive", "end"].forEach(append);
      }
      if (["user", "service", "subprocess"].includes(kind)) {
        for (const [name, className, title, options] of CATCHES) {
          entries[`attach.${name}`] = {
            group: "attach", className, title: t(title),
            action: { click: () => {
              const shape = shapeOf(elementFactory, "bpmn:BoundaryEvent", options);
              const place = { x: element.x + element.width - 24, y: element.y + element.height };
              modeling.createShape(shape, place, element, { attach: true });
            } },
          };
        }
      }
      if (leadsOn) {
        const start = (event: Any): void => connect.start(event, element);
        entries["connect"] = { group: "connect", className: "bpmn-icon-connection-multi", title: t("Connect"), action: { click: start, dragstart: start } };
      }
      return { ...entries, delete: remove };
    };
  }
  (Pad as Any).$inject = ["contextPad", "modeling", "elementFactory", "connect", "create", "autoPlace", "stepMenu"];

  const translate = (text: string, values: Record<string, string> = {}): string =>
    isChinese() ? t(text, values) : text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

  return {
    __init__: ["paletteProvider", "contextPadProvider", "stepMenu"],
    paletteProvider: ["type", Palette],
    contextPadProvider: ["type", Pad],
    stepMenu: ["type", StepMenu],
    // Elements are changed by taking another one; the menu of all of BPMN would offer what is refused.
    replaceMenuProvider: ["value", null],
    translate: ["value", translate],
  };
}
