/** Points are whole micro-points everywhere; only what is shown or typed is in points. */

const UPT = 1_000_000;
const MOST_UPT = 10 ** 15;

/** `210000000` → `"210"`, `105500000` → `"105.5"`, `1` → `"0.000001"`. */
export function points(upt: number): string {
  if (!Number.isSafeInteger(upt)) throw new RangeError(`not whole micro-points: ${upt}`);
  const digits = String(Math.abs(upt)).padStart(7, "0");
  const rest = digits.slice(-6).replace(/0+$/, "");
  return `${upt < 0 ? "-" : ""}${digits.slice(0, -6)}${rest ? `.${rest}` : ""}`;
}

/** The same with two decimals, rounded down, for where there is little room. */
export function shortPoints(upt: number): string {
  const [whole, rest = ""] = points(upt).split(".");
  return `${whole}.${rest.slice(0, 2).padEnd(2, "0")}`;
}

/** What somebody typed, in micro-points; null where it is no amount above 0 of at most six decimals. */
export function inUpt(typed: string): number | null {
  const found = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(typed.trim());
  if (!found) return null;
  const upt = Number(found[1]) * UPT + Number((found[2] ?? "").padEnd(6, "0"));
  return upt > 0 && upt <= MOST_UPT ? upt : null;
}

/** Parts per million as percent, rounded down: `300000` → `"30"`, `5599` → `"0.55"`. */
export function percent(ppm: number): string {
  const digits = String(Math.floor(ppm / 100)).padStart(3, "0");
  const rest = digits.slice(-2).replace(/0+$/, "");
  return `${digits.slice(0, -2)}${rest ? `.${rest}` : ""}`;
}
