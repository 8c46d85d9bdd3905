/** Words in the reader's language. The English text is the key; `zh` holds the Chinese. */

import { en } from "./en";
import { zh } from "./zh";

let language: "zh" | "en" = "en";

export function setLanguage(to: "zh" | "en"): void {
  language = to;
}

export const isChinese = (): boolean => language === "zh";

/** A text with values for what stands in braces: `line {n}` and `{ n: 3 }`. */
export function t(text: string, values: Record<string, string | number> = {}): string {
  const said = (language === "zh" ? zh : en)[text] ?? text;
  return said.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
