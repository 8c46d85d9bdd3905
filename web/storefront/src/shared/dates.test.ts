import { describe, expect, it } from "vitest";
import { day, left, moment } from "./dates";

describe("dates", () => {
  it("are Beijing's", () => {
    expect(moment("2026-02-28T16:05:00Z")).toBe("2026-03-01 00:05");
    expect(moment("2026-03-01T00:05:00+08:00")).toBe("2026-03-01 00:05");
    expect(day("2026-12-31T16:00:00Z")).toBe("2027-01-01");
  });

  it("count down to the second", () => {
    const now = Date.parse("2026-03-01T00:00:00Z");
    expect(left("2026-03-01T00:29:59Z", now)).toBe("00:29:59");
    expect(left("2026-03-02T02:00:01Z", now)).toBe("26:00:01");
    expect(left("2026-03-01T00:00:00.200Z", now)).toBe("00:00:01");
    expect(left("2026-03-01T00:00:00Z", now)).toBeNull();
  });
});
