import { describe, expect, it } from "vitest";
import { mostFen } from "./asking";

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
