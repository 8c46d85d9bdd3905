import { describe, expect, it } from "vitest";
import { mostFen, wanted } from "./asking";

describe("what is proposed", () => {
  it.each([
    [3, 1000, 1, 333],
    [3, 1000, 2, 666],
    [3, 1000, 3, 1000],
    [1, 0, 1, 0],
  ])("of %i units for %i fen, %i of them: %i", (qty, refundable_fen, units, fen) =>
    expect(mostFen({ qty, refundable_fen }, units)).toBe(fen),
  );
});

describe("what is wanted in exchange", () => {
  const bought = { sku_id: 1, is_bought: true, stock: "in_stock", left: null };
  const few = { sku_id: 2, is_bought: false, stock: "low", left: 2 };
  const gone = { sku_id: 3, is_bought: false, stock: "sold_out", left: 0 };
  it.each([
    ["the article as bought unless told", null, 3, 1],
    ["the one chosen", 2, 2, 2],
    ["not more of it than are left", 2, 3, undefined],
    ["not what is sold out", 3, 1, undefined],
    ["not what is not offered", 9, 1, undefined],
  ])("%s", (_name, chosen, units, sku) => expect(wanted([bought, few, gone], chosen, units)?.sku_id).toBe(sku));
});
