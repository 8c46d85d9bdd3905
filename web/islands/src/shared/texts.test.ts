import { describe, expect, test } from "vitest";
import { readCondition, tellCondition, whole, writeCondition, yuan } from "./conditions";
import { readDuration, writeDuration } from "./durations";
import { readCell, showCell } from "./tables";
import { en } from "./en";
import { zh } from "./zh";

const VARIABLES = [
  { name: "amount_fen", type: "int" as const, title: "Amount (fen)", values: [] },
  { name: "quantity", type: "int" as const, title: "Pieces", values: [] },
  { name: "channel", type: "string" as const, title: "Channel", values: [] },
  { name: "first_order", type: "bool" as const, title: "First order", values: [] },
  { name: "categories", type: "list<string>" as const, title: "Categories", values: [] },
];

describe("durations", () => {
  test.each([["PT30M", 30, "M"], ["PT4H", 4, "H"], ["P15D", 15, "D"], ["P2W", 2, "W"]] as const)("%s", (text, count, unit) => {
    expect(readDuration(text)).toEqual({ count, unit });
    expect(writeDuration({ count, unit })).toBe(text);
  });
  test.each(["P1DT12H", "", "P", "3 days", "P1Y"])("%s is more than a number and a unit", (text) => {
    expect(readDuration(text)).toBeNull();
  });
});

describe("conditions", () => {
  test.each([
    'channel == "app"',
    "amount_fen >= 100050",
    "first_order == true && quantity > 3",
    'channel != "a \\" b"',
  ])("%s there and back", (text) => {
    const parts = readCondition(text, VARIABLES);
    expect(parts).not.toBeNull();
    expect(writeCondition(parts as never, VARIABLES)).toBe(text);
  });
  test.each(['channel in ["a"]', "quantity > 1 || quantity < 0", "!first_order", '"food" in categories', "unknown == 1", "channel == 3"])(
    "%s stays text", (text) => { expect(readCondition(text, VARIABLES)).toBeNull(); },
  );
  test("money is typed in yuan and kept in fen, by digits and not by floats", () => {
    expect(whole("12.5", "amount_fen")).toBe("1250");
    expect(whole("0.29", "amount_fen")).toBe("29");
    expect(whole("1.234", "amount_fen")).toBeNull();
    expect(whole("1.5", "quantity")).toBeNull();
    expect(whole("007", "quantity")).toBe("7");
    expect([yuan("1250"), yuan("5"), yuan("1200"), yuan("-150")]).toEqual(["12.50", "0.05", "12", "-1.50"]);
  });
  test("a value that is none is not written", () => {
    expect(writeCondition([{ variable: "quantity", operator: ">", value: "many" }], VARIABLES)).toBeNull();
  });
  test("for reading", () => {
    expect(tellCondition('amount_fen >= 100000 && channel == "app"', VARIABLES)).toBe("Amount ≥ ¥1000, Channel = app");
    expect(tellCondition("quantity in [1]", VARIABLES)).toBe("quantity in [1]");
  });
});

describe("cells of tables", () => {
  const [amount, quantity, channel, first] = VARIABLES as unknown as [never, never, never, never];
  test.each([
    [channel, "channel", "app"], [channel, "channel", ["app", "web"]], [channel, "channel", { not: ["app"] }],
    [quantity, "quantity", { from: 2 }], [quantity, "quantity", { to: 9 }], [quantity, "quantity", { from: 2, to: 9 }],
    [amount, "amount_fen", { from: 10050 }], [first, "first_order", true], [channel, "channel", undefined],
  ])("%# there and back", (variable, name, cell) => {
    expect(readCell(showCell(cell, name), variable)).toEqual(cell);
  });
  test("in Chinese too", () => {
    expect(readCell("100 到 500", amount)).toEqual({ from: 10000, to: 50000 });
    expect(readCell("非 app、web", channel)).toEqual({ not: ["app", "web"] });
    expect(readCell("是", first)).toBe(true);
  });
  test.each(["lots", "1.234", "9999999999999999"])("%s is no amount", (text) => {
    expect(() => readCell(text, amount)).toThrow();
  });
});

test("every text in the sources has its Chinese", async () => {
  const sources = import.meta.glob("../**/*.{vue,ts}", { query: "?raw", import: "default", eager: true }) as Record<string, string>;
  const missing = new Set<string>();
  for (const [name, text] of Object.entries(sources)) {
    if (name.includes("/zh") || name.endsWith(".test.ts")) continue;
    for (const [, found] of text.matchAll(/\bt\("([^"]+)"/g)) if (found && !(found in zh)) missing.add(found);
    for (const [, found] of text.matchAll(/\bt\('([^']+)'/g)) if (found && !(found in zh)) missing.add(found);
  }
  expect([...missing]).toEqual([]);
});

test("what has a name of its own in the code is said in both languages", () => {
  const named = Object.keys(zh).filter((one) => /^(status|kind|role|signal|domain|field):/.test(one));
  expect(named.filter((one) => !(one in en))).toEqual([]);
  expect(Object.keys(en).filter((one) => !(one in zh))).toEqual([]);
});
