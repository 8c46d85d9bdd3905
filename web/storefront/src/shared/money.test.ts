import { describe, expect, it } from "vitest";
import { inFen, money, yuan } from "./money";

describe("money", () => {
  it.each([
    [0, "0.00"], [1, "0.01"], [99, "0.99"], [100, "1.00"], [123456, "1234.56"], [-5, "-0.05"],
    [10 ** 12, "10000000000.00"],
  ])("shows %i fen as %s", (fen, shown) => expect(yuan(fen)).toBe(shown)); // prettier-ignore

  it("puts the sign before the currency", () => expect(money(-1050)).toBe("-¥10.50"));

  it.each([
    ["1", 100], ["1.5", 150], ["1.05", 105], [" 0.01 ", 1], ["0.29", 29], ["10000000000", 10 ** 12],
  ])("reads %j as %i fen", (typed, fen) => expect(inFen(typed)).toBe(fen)); // prettier-ignore

  it.each(["", ".", "1.", ".5", "-1", "1.005", "1e3", "１", "1,000", "10000000000.01", "99999999999"])(
    "does not take %j for an amount",
    (typed) => expect(inFen(typed)).toBeNull(),
  );

  it("gives back what it showed", () => {
    for (const fen of [0, 1, 9, 10, 99, 100, 101, 4.35 * 100, 999999]) {
      expect(inFen(yuan(Math.round(fen)))).toBe(Math.round(fen));
    }
  });

  it("refuses what is not whole", () => expect(() => yuan(0.1)).toThrow(RangeError));
});
