import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("uni", { getStorageSync: () => "", setStorageSync: () => undefined });
const { couponParts, couponTerms } = await import("./coupons");
const { locale } = await import("@/i18n");

const NONE = { off_fen: 0, off_ppm: 0, min_spend_fen: 0, cap_fen: null };

describe("a coupon", () => {
  it.each([
    [{ ...NONE, kind: "fixed", off_fen: 500 }, "立减5元"],
    [{ ...NONE, kind: "fixed", off_fen: 550, min_spend_fen: 2000 }, "立减5.5元 满20元可用"],
    [{ ...NONE, kind: "threshold", off_fen: 3000, min_spend_fen: 20000 }, "满200减30"],
    [{ ...NONE, kind: "percentage", off_ppm: 150_000, cap_fen: 5000 }, "8.5折 最高减50元"],
    [{ ...NONE, kind: "free_shipping" }, "包邮"],
  ])("says %j as %s", (terms, said) => expect(couponTerms(terms)).toBe(said));

  it("says terms apart from what it takes off", () => {
    const one = { ...NONE, kind: "percentage", off_ppm: 100_000, cap_fen: 2000 };
    expect(couponParts(one)).toEqual(["9折", "最高减20元"]);
    expect(couponParts({ ...NONE, kind: "fixed", off_fen: 500 })).toEqual(["立减5元", ""]);
  });

  it("says percent in English", () => {
    locale.value = "en";
    expect(couponTerms({ ...NONE, kind: "percentage", off_ppm: 100_000 })).toBe("10% off");
  });
});
