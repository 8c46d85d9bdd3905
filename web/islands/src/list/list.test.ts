import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { conditionOf, kindOf, own } from "../shared/elements";
import * as edit from "./edit";
import { setField } from "./fields";
import { Flow, UnreadableFlow } from "./flow";
import { type Outline, type Row, outline, rowsOf } from "./outline";
import { tell } from "./telling";

// Every move of every row is tried, on machines that are busy with other tests too.
vi.setConfig({ testTimeout: 60_000 });

const file = (name: string): string => readFileSync(`fixtures/${name}.bpmn`, "utf8");

async function line(...steps: string[]): Promise<Flow> {
  const ids = ["start", ...steps, "end"];
  const ways = ids.slice(1).map((id, at) => `<sequenceFlow id="f${at}" sourceRef="${ids[at]}" targetRef="${id}"/>`);
  const tasks = steps.map((id) => `<userTask id="${id}" name="${id}"/>`);
  return Flow.read(
    `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"><process id="p">` +
      `<startEvent id="start"/>${tasks.join("")}<endEvent id="end"/>${ways.join("")}</process></definitions>`,
  );
}

const list = (flow: Flow): Outline => outline(flow) as Outline;
const told = (flow: Flow): string => tell(list(flow));
function row(flow: Flow, id: string): Row {
  const found = [...rowsOf(list(flow).chain)].find((one) => one.node.id === id);
  if (!found) throw new Error(`no row ${id}`);
  return found;
}
const steps = (flow: Flow): string[] => told(flow).split("\n");

/** Whatever is changed: written and read again it is the same list, and every way has both ends. */
async function whole(flow: Flow): Promise<void> {
  const again = await Flow.read(await flow.xml());
  expect(told(again)).toBe(told(flow));
  expect(list(again).loose.map((one) => one.id)).toEqual([]);
  for (const way of again.ways()) {
    expect(again.nodes(way.sourceRef?.$parent)).toContain(way.sourceRef);
    expect(way.targetRef?.$parent).toBe(way.sourceRef?.$parent);
  }
}

describe("reading", () => {
  test("a line is a list", async () => {
    expect(told(await line("a", "b"))).toBe("step a\nstep b\nend");
  });

  test("a flow with choices, events, a part and jumps back", async () => {
    expect(told(await Flow.read(file("cash_on_delivery")))).toMatchSnapshot();
    expect(told(await Flow.read(file("standard")))).toMatchSnapshot();
    expect(told(await Flow.read(file("after_sales")))).toMatchSnapshot();
  });

  test("every node stands in the list once", async () => {
    for (const name of ["standard", "cash_on_delivery", "after_sales"]) {
      const flow = await Flow.read(file(name));
      const ids = [...rowsOf(list(flow).chain)].map((one) => one.node.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(list(flow).loose).toEqual([]);
      const tasks = flow.nodes().filter((one) => ["user", "service", "subprocess"].includes(kindOf(one)));
      expect(ids).toEqual(expect.arrayContaining(tasks.map((one) => one.id)));
    }
  });

  test("what nothing leads to is named", async () => {
    const flow = await line("a");
    flow.addNode("bpmn:UserTask", flow.process, { id: "lost" });
    expect(list(flow).loose.map((one) => one.id)).toEqual(["lost"]);
  });

  test("an id that is there twice is refused: its ways would lead anywhere", async () => {
    const flow = await line("a", "b");
    const xml = (await flow.xml()).replace('id="p"', 'id="a"');
    await expect(Flow.read(xml)).rejects.toBeInstanceOf(UnreadableFlow);
  });

  test("what is no BPMN file is refused", async () => {
    await expect(Flow.read("<html/>")).rejects.toThrow();
    await expect(Flow.read("no xml")).rejects.toBeInstanceOf(UnreadableFlow);
  });
});

describe("changing", () => {
  const pick = { id: "pick", name: "Pick", type: "bpmn:UserTask", own: { step: "shipment.pick", role: "warehouse" } } as const;

  test("a step is added before another, and at the end", async () => {
    const flow = await line("a", "b");
    edit.addStep(flow, row(flow, "b").into, pick);
    edit.addStep(flow, list(flow).chain.tail, pick);
    expect(steps(flow)).toEqual(["step a", "step pick", "step b", "step pick_2", "end"]);
    expect(own(row(flow, "pick").node, "role")).toBe("warehouse");
    await whole(flow);
  });

  test("a step moves down and up, and not into itself", async () => {
    const flow = await line("a", "b", "c");
    edit.move(flow, row(flow, "a"), row(flow, "b").next);
    expect(steps(flow)).toEqual(["step b", "step a", "step c", "end"]);
    edit.move(flow, row(flow, "c"), row(flow, "b").into);
    expect(steps(flow)).toEqual(["step c", "step b", "step a", "end"]);
    expect(edit.fits(flow, row(flow, "b"), row(flow, "b").into)).toBe(false);
    await whole(flow);
  });

  test("side by side, three abreast, and one after the other again", async () => {
    const flow = await line("a", "b", "c");
    edit.setParallel(flow, row(flow, "b"), row(flow, "a"), null);
    expect(steps(flow)).toEqual(["together a_fork", "- else", "  step a", "- else", "  step b", "step c", "end"]);
    edit.setParallel(flow, row(flow, "c"), row(flow, "a_fork"), null);
    expect(flow.out(row(flow, "a_fork").node)).toHaveLength(3);
    await whole(flow);
    edit.setParallel(flow, row(flow, "c"), null, row(flow, "a_fork"));
    edit.setParallel(flow, row(flow, "b"), null, row(flow, "a_fork"));
    expect(steps(flow)).toEqual(["step a", "step b", "step c", "end"]);
    expect(flow.nodes().map(kindOf)).not.toContain("parallel");
    await whole(flow);
  });

  test("only for some, another condition, and for all again", async () => {
    const flow = await line("a", "b");
    edit.setOnlyIf(flow, row(flow, "a"), 'channel == "app"', null);
    const block = row(flow, "a_if");
    expect(conditionOf(edit.onlyIf(block) as never)).toBe('channel == "app"');
    await whole(flow);
    edit.setOnlyIf(flow, row(flow, "a"), "quantity > 2", block);
    expect(conditionOf(edit.onlyIf(row(flow, "a_if")) as never)).toBe("quantity > 2");
    edit.setOnlyIf(flow, row(flow, "a"), "", row(flow, "a_if"));
    expect(steps(flow)).toEqual(["step a", "step b", "end"]);
    await whole(flow);
  });

  test("a choice whose case ends by itself, with a step in it", async () => {
    const flow = await line("a", "b");
    edit.addChoice(flow, row(flow, "b").into, 'outcome == "rejected"', "Well?");
    let choice = row(flow, "choice");
    edit.addStep(flow, choice.branches[0]?.chain.tail as never, pick);
    choice = row(flow, "choice");
    edit.setEnd(flow, choice, choice.branches[0]?.chain as never, "end");
    expect(steps(flow)).toEqual(["step a", "choice choice", '- outcome == "rejected"', "  step pick", "  end", "- else", "step b", "end"]);
    await whole(flow);
    choice = row(flow, "choice");
    edit.setEnd(flow, choice, choice.branches[0]?.chain as never, row(flow, "a").node);
    expect(steps(flow)).toContain("  → a");
    await whole(flow);
  });

  test("whatever comes first, with another event", async () => {
    const flow = await line("a");
    edit.addFirst(flow, row(flow, "a").into, "P1D", "paid", "");
    edit.addBranch(flow, row(flow, "first"), "cancel");
    expect(row(flow, "first").branches).toHaveLength(3);
    await whole(flow);
  });

  test("a step is interrupted, and not any more", async () => {
    const flow = await line("a", "b");
    edit.addCatch(flow, row(flow, "a"), "timer", "P2D", "Late");
    expect(steps(flow)).toEqual(["step a", "- P2D", "  end", "step b", "end"]);
    await whole(flow);
    const one = row(flow, "a");
    edit.removeBranch(flow, one, one.catches[0] as never);
    expect(steps(flow)).toEqual(["step a", "step b", "end"]);
    await whole(flow);
  });

  test("what somebody has not joined yet is left alone", async () => {
    const drawn = await line("a", "b");
    drawn.addNode("bpmn:UserTask", drawn.process, { id: "lost" });
    const flow = await Flow.read(await drawn.xml());
    edit.remove(flow, row(flow, "a"));
    expect(flow.find("lost")).toBeDefined();
    expect(flow.find("a")).toBeUndefined();
  });

  test("taken out with all that only it leads to", async () => {
    const flow = await Flow.read(file("cash_on_delivery"));
    edit.remove(flow, row(flow, "deliver"));
    expect(flow.find("take_back")).toBeUndefined();
    expect(told(flow)).not.toContain("deliver");
    await whole(flow);
  });

  test("into a part, and out of it, with its ways", async () => {
    const flow = await Flow.read(file("standard"));
    edit.move(flow, row(flow, "create"), row(flow, "pack").into);
    expect(row(flow, "create").node.$parent?.id).toBe("part");
    await whole(flow);
    edit.move(flow, row(flow, "create"), row(flow, "hand_over").into);
    expect(row(flow, "create").node.$parent?.id).toBe("standard");
    await whole(flow);
  });

  test("the drawing is kept where only a field changes, and forgotten where the course does", async () => {
    const flow = await Flow.read(file("standard"));
    setField(flow, row(flow, "pick").node, "due", "PT4H");
    expect(flow.isDrawn).toBe(true);
    edit.addWait(flow, row(flow, "pick").into, "timer", "PT1H", "Wait");
    expect(flow.isDrawn).toBe(false);
    const again = await Flow.read(await flow.xml());
    expect(own(row(again, "pick").node, "due")).toBe("PT4H");
  });

  test("each move that fits leaves a whole flow", async () => {
    for (const name of ["cash_on_delivery", "after_sales"]) {
      const ids = [...rowsOf(list(await Flow.read(file(name))).chain)].map((one) => one.node.id);
      for (const [place, id] of ids.entries()) {
        const flow = await Flow.read(file(name));
        const target = row(flow, ids[(place * 7 + 3) % ids.length] as string);
        if (!edit.fits(flow, row(flow, id), target.into)) continue;
        edit.move(flow, row(flow, id), target.into);
        await whole(flow);
      }
    }
  });
});
