/** Words in the shopper's language. Every phrase has one line, Chinese and English, in `words/`. */

import { kept } from "@/shared/kept";
import { common } from "./words/common";
import { member } from "./words/member";
import { money } from "./words/money";
import { orders } from "./words/orders";
import { shop } from "./words/shop";

export type Locale = "zh-Hans" | "en";
export const WORDS = { ...common, ...shop, ...orders, ...member, ...money };
export type Key = keyof typeof WORDS;

export const locale = kept<Locale>("locale", "zh-Hans");

/** A phrase, with values for what stands in braces: `{n} left` and `{ n: 3 }`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const [chinese, english] = WORDS[key];
  const said: string = locale.value === "en" ? english : chinese;
  return said.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The phrase for a code of the API, `order.state` and `paid`; the code itself where we know none. */
export function tCode(group: string, code: string): string {
  const key = `${group}.${code}`;
  return key in WORDS ? t(key as Key) : code;
}
