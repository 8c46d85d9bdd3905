import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

// Ink on ground, as pages use them. AA: 4.5 for text.
const PAIRS: [string, string][] = [
  ["text", "page"], ["text", "surface"], ["text", "sunken"],
  ["text-soft", "page"], ["text-soft", "surface"], ["text-soft", "sunken"],
  ["brand", "surface"], ["brand", "page"], ["brand", "brand-soft"], ["on-brand", "brand"],
  ["price", "surface"], ["price", "page"], ["price", "price-soft"], ["on-price", "price"],
  ["warn", "warn-soft"], ["warn", "surface"],
  ["danger", "surface"], ["danger", "page"],
  ["good", "surface"],
]; // prettier-ignore

function tokens(mixin: string): Map<string, string> {
  const source = readFileSync(new URL("./tokens.scss", import.meta.url), "utf8");
  const body = source.split(`@mixin ${mixin} {`)[1]?.split("}")[0] ?? "";
  return new Map([...body.matchAll(/--([\w-]+): (#\w{6});/g)].map(([, name, to]) => [name!, to!]));
}

/** WCAG 2's relative luminance of `#rrggbb`. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(ink: string, ground: string): number {
  const [low, high] = [luminance(ink), luminance(ground)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

describe("colours", () => {
  it("measures contrast as WCAG does", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
  });

  it("have the same names in light and dark", () => {
    expect([...tokens("dark").keys()]).toEqual([...tokens("light").keys()]);
  });

  it.each(["light", "dark"])("can be read in %s", (mixin) => {
    const found = tokens(mixin);
    const weak = PAIRS.map(([ink, ground]) => ({
      pair: `${ink} on ${ground}`,
      ratio: contrast(found.get(ink)!, found.get(ground)!),
    })).filter(({ ratio }) => !(ratio >= 4.5));
    expect(weak).toEqual([]);
  });
});
