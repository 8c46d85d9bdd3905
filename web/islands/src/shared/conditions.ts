/** Simple conditions as parts that people choose; anything else stays CEL as it was written.
 *
 *     payment_method == "cod" && amount_fen >= 100000
 */

import type { Variable } from "./api";
import { t } from "./i18n";

export const OPERATORS = ["==", "!=", ">=", "<=", ">", "<"] as const;
export type Operator = (typeof OPERATORS)[number];

/** `value` as people type it: text without quotes, money in yuan, "true" or "false". */
export interface Part {
  variable: string;
  operator: Operator;
  value: string;
}

const PART = /^\s*([a-z]\w*)\s*(==|!=|>=|<=|>|<)\s*("(?:[^"\\]|\\.)*"|-?\d+|true|false)\s*$/;
export const isMoney = (variable: string): boolean => variable.endsWith("_fen");

/** The parts of a condition, null where it can't be shown as parts. */
export function readCondition(text: string, variables: Pick<Variable, "name" | "type">[]): Part[] | null {
  if (!text.trim()) return [];
  const parts: Part[] = [];
  for (const piece of text.split("&&")) {
    const found = PART.exec(piece);
    if (!found) return null;
    const [, variable, operator, literal] = found as unknown as [string, string, Operator, string];
    const known = variables.find((one) => one.name === variable);
    if (!known || known.type === "list<string>") return null;
    const value = plain(literal, known.type, variable);
    if (value === null) return null;
    parts.push({ variable, operator, value });
  }
  return parts;
}

function plain(literal: string, type: string, variable: string): string | null {
  if (type === "string") return literal.startsWith('"') ? (JSON.parse(literal) as string) : null;
  if (type === "bool") return literal === "true" || literal === "false" ? literal : null;
  if (!/^-?\d+$/.test(literal)) return null;
  return isMoney(variable) ? yuan(literal) : literal;
}

/** CEL of the parts; null where a value does not fit its variable. */
export function writeCondition(parts: Part[], variables: Pick<Variable, "name" | "type">[]): string | null {
  const written = parts.map(({ variable, operator, value }) => {
    const type = variables.find((one) => one.name === variable)?.type;
    const literal = type === "string" ? JSON.stringify(value) : type === "bool" ? value : whole(value, variable);
    return literal === null ? null : `${variable} ${operator} ${literal}`;
  });
  return written.includes(null) ? null : written.join(" && ");
}

/** `12.5` yuan → `1250` fen; whole numbers stay; null for anything else. No float is made of it. */
export function whole(value: string, variable: string): string | null {
  const found = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/.exec(value.trim());
  if (!found) return null;
  const [, sign, units, cents] = found;
  if (!isMoney(variable)) return cents ? null : `${sign}${BigInt(units as string)}`;
  return `${sign}${BigInt((units as string) + (cents ?? "").padEnd(2, "0"))}`;
}

/** `1250` fen → `12.50` yuan, `1200` → `12`. */
export function yuan(fen: string): string {
  const sign = fen.startsWith("-") ? "-" : "";
  const digits = fen.replace("-", "").padStart(3, "0");
  const cents = digits.slice(-2);
  return `${sign}${digits.slice(0, -2)}${cents === "00" ? "" : `.${cents}`}`;
}

const SIGNS: Record<Operator, string> = { "==": "=", "!=": "≠", ">=": "≥", "<=": "≤", ">": ">", "<": "<" };

/** A condition for reading: titles for names, money in yuan; as it was written where it is more. */
export function tellCondition(text: string, variables: Variable[]): string {
  const known = [...variables, { name: "outcome", type: "string" as const, title: t("outcome"), values: [] }];
  const parts = readCondition(text, known);
  if (!parts?.length) return text;
  return parts
    .map(({ variable, operator, value }) => {
      const title = known.find((one) => one.name === variable)?.title ?? variable;
      const said = isMoney(variable) ? `¥${value}` : value === "true" ? t("yes") : value === "false" ? t("no") : value;
      return `${title.replace(/[（(](分|fen)[）)]/, "").trim()} ${SIGNS[operator]} ${said}`;
    })
    .join(", ");
}
