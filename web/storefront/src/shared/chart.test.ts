import { describe, expect, it } from "vitest";
import { chart } from "./chart";

const day = (n: number, price: string) => ({ at: `2026-03-0${n}T00:00:00Z`, price });
const drawn = (url: string) => decodeURIComponent(url).match(/ d='([^']+)'/)![1]!;

describe("the price chart", () => {
  it("draws nothing of one price", () => {
    expect(chart([])).toBeNull();
    expect(chart([day(1, "1.000000")])).toBeNull();
  });

  it("goes from the first price to the last, higher ones above", () => {
    const found = chart([day(1, "1.000000"), day(2, "1.500000"), day(3, "2.000000")])!;
    expect(drawn(found.line)).toBe("M6 194L300 100L594 6");
    expect([found.low, found.high]).toEqual(["1.000000", "2.000000"]);
    expect([found.from, found.to]).toEqual(["2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"]);
  });

  it("leaves the width to time, not to how many points there are", () => {
    const found = chart([day(1, "1.000000"), day(2, "1.000000"), day(5, "2.000000")])!;
    expect(drawn(found.line)).toBe("M6 194L153 194L594 6");
  });

  it("draws what does not move in the middle", () => {
    expect(drawn(chart([day(1, "1.5"), day(2, "1.5")])!.line)).toBe("M6 100L594 100");
  });

  it("ends where the history ends", () => {
    const found = chart([day(1, "1.0"), day(2, "1.1")])!;
    const most = Math.max(...drawn(found.area).match(/[\d.]+(?= )/g)!.map(Number));
    expect(most).toBe(594);
  });
});
