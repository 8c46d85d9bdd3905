import { describe, expect, it } from "vitest";
import { type Sku, canChoose, chosenSku, firstChoice } from "./choosing";

const [COLOUR, SIZE] = [1, 2];
const [RED, BLUE, SMALL, LARGE] = [11, 12, 21, 22];
const sku = (id: number, value_ids: number[], stock: Sku["stock"] = "in_stock"): Sku => ({ id, value_ids, stock });
const SKUS = [sku(1, [RED, SMALL]), sku(2, [RED, LARGE], "sold_out"), sku(3, [BLUE, LARGE], "low")];
const SPECS = [COLOUR, SIZE];

describe("choosing a SKU", () => {
  it("takes all specifications", () => {
    expect(chosenSku(SKUS, SPECS, { [COLOUR]: RED })).toBeNull();
    expect(chosenSku(SKUS, SPECS, { [COLOUR]: RED, [SIZE]: SMALL })?.id).toBe(1);
    expect(chosenSku(SKUS, SPECS, { [COLOUR]: BLUE, [SIZE]: SMALL })).toBeNull();
    expect(chosenSku([sku(9, [])], [], {})?.id).toBe(9);
  });

  it("offers what can be had with what is chosen", () => {
    expect(canChoose(SKUS, {}, SIZE, LARGE)).toBe(true);
    expect(canChoose(SKUS, { [COLOUR]: RED }, SIZE, LARGE)).toBe(false);
    expect(canChoose(SKUS, { [COLOUR]: BLUE }, SIZE, LARGE)).toBe(true);
    expect(canChoose(SKUS, { [COLOUR]: RED, [SIZE]: SMALL }, COLOUR, BLUE)).toBe(false);
    expect(canChoose(SKUS, { [COLOUR]: RED, [SIZE]: SMALL }, SIZE, SMALL)).toBe(true);
  });

  it("chooses by itself only where nothing is to choose", () => {
    expect(firstChoice(SKUS, SPECS)).toEqual({});
    expect(firstChoice([SKUS[0]!, SKUS[1]!], SPECS)).toEqual({ [COLOUR]: RED, [SIZE]: SMALL });
    expect(firstChoice([sku(9, [])], [])).toEqual({});
  });
});
