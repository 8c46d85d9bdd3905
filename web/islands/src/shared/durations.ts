/** ISO 8601 durations as a number and a unit, which is how people set limits. */

export type Unit = "M" | "H" | "D" | "W";
export interface Simple {
  count: number;
  unit: Unit;
}

const SIMPLE = /^P(?:T(?:(\d+)M|(\d+)H)|(\d+)D|(\d+)W)$/;

/** `P3D` → 3 days; null for what one number and unit can't say (`P1DT12H`). */
export function readDuration(text: string): Simple | null {
  const found = SIMPLE.exec(text.trim());
  if (!found) return null;
  const units: Unit[] = ["M", "H", "D", "W"];
  const place = [1, 2, 3, 4].find((one) => found[one] !== undefined) as number;
  return { count: Number(found[place]), unit: units[place - 1] as Unit };
}

export function writeDuration({ count, unit }: Simple): string {
  return unit === "M" || unit === "H" ? `PT${count}${unit}` : `P${count}${unit}`;
}
