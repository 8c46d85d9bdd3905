/** What a coupon takes off, in the few words that stand on it. */

import { locale, t } from "@/i18n";
import { yuan } from "./money";

interface Terms {
  kind: string;
  off_fen: number;
  off_ppm: number;
  min_spend_fen: number;
  cap_fen: number | null;
}

/** Yuan without idle zeros: `3000` → `30`, `3050` → `30.5`. */
const short = (fen: number) => yuan(fen).replace(/\.?0+$/, "");

/** `满200减30`, `9折 最高减50元`, `包邮`. */
export const couponTerms = (coupon: Terms): string => [off(coupon), ...limits(coupon)].join(" ");

/** What it takes off, in large letters; on what terms, in small ones. */
export const couponParts = (coupon: Terms): [string, string] => [off(coupon), limits(coupon).join(" ")];

function limits(coupon: Terms): string[] {
  const told = [];
  if (coupon.min_spend_fen && coupon.kind !== "threshold") {
    told.push(t("coupon.from", { least: short(coupon.min_spend_fen) }));
  }
  if (coupon.cap_fen) told.push(t("coupon.cap", { most: short(coupon.cap_fen) }));
  return told;
}

function off(coupon: Terms): string {
  const amount = { off: short(coupon.off_fen), least: short(coupon.min_spend_fen) };
  switch (coupon.kind) {
    case "threshold":
      return t("coupon.threshold", amount);
    case "percentage":
      return t("coupon.percentage", { rate: rate(coupon.off_ppm) });
    case "free_shipping":
      return t("coupon.freeShipping");
    default:
      return t("coupon.fixed", amount);
  }
}

/** Chinese names what is left in tenths (10 % off is 9折), English what is taken off in percent. */
const rate = (offPpm: number) =>
  locale.value === "en" ? offPpm / 10_000 : (1_000_000 - offPpm) / 100_000;
