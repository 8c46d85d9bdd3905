import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("uni", { getStorageSync: () => "", setStorageSync: () => undefined });
const { couponTerms } = await import("./coupons");
const { locale } = await import("@/i18n");

const NONE = { off_fen: 0, off_ppm: 0, min_spend_fen: 0, cap_fen: null };

describe("a coupon", () => {
  it.each([
    [{ ...NONE, kind: "fixed", off_fen: 500 }, "立减5"],
    [{ ...NONE, kind: "fixed", off_fen: 550, min_spend_fen: 2000 }, "立减5.5 满20可用"],
    [{ ...NONE, kind: "threshold", off_fen: 3000, min_spend_fen: 20000 }, "满200减30"],
    [{ ...NONE, kind: "percentage", off_ppm: 150_000, cap_fen: 5000 }, "8.5折 最高减50"],
    [{ ...NONE, kind: "free_shipping" }, "包邮"],
  ])("says %j as %s", (terms, said) => expect(couponTerms(terms)).toBe(said));

  it("says percent in English", () => {
    locale.value = "en";
    expect(couponTerms({ ...NONE, kind: "percentage", off_ppm: 100_000 })).toBe("10% off");
  });
});
