import { describe, expect, it } from "vitest";
import { inUpt, percent, points, shortPoints } from "./points";

describe("points", () => {
  it.each([
    [0, "0"], [1, "0.000001"], [999_999, "0.999999"], [1_000_000, "1"], [105_500_000, "105.5"],
    [-210_000_000, "-210"], [10 ** 15, "1000000000"],
  ])("shows %i micro-points as %s", (upt, shown) => expect(points(upt)).toBe(shown)); // prettier-ignore

  it.each([
    [0, "0.00"], [105_559_999, "105.55"], [1, "0.00"], [210_000_000, "210.00"],
  ])("shows %i in short as %s, never more than is held", (upt, shown) => expect(shortPoints(upt)).toBe(shown)); // prettier-ignore

  it.each([["1", 1_000_000], ["0.000001", 1], [" 10.5 ", 10_500_000], ["0.29", 290_000]])(
    "reads %j",
    (typed, upt) => expect(inUpt(typed)).toBe(upt),
  );

  it.each(["", "0", "0.0", "-1", "1e3", "1.0000001", "１", "9999999999", "."])(
    "does not take %j for points",
    (typed) => expect(inUpt(typed)).toBeNull(),
  );

  it("gives back what it showed", () => {
    for (const upt of [1, 10, 999_999, 1_000_001, 4_350_000]) expect(inUpt(points(upt))).toBe(upt);
  });

  it("refuses what is not whole", () => expect(() => points(0.5)).toThrow(RangeError));

  it.each([[0, "0"], [300_000, "30"], [5_599, "0.55"], [1_000_000, "100"], [99, "0"]])(
    "shows %i ppm as %s percent",
    (ppm, shown) => expect(percent(ppm)).toBe(shown),
  );
});
