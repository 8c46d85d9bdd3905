/** Decision tables as a grid of texts, and back to the data that the server takes. */

import type { Variable } from "./api";
import { isMoney, whole, yuan } from "./conditions";

export type Cell = unknown;
export interface TableData {
  name: string;
  inputs: { name: string }[];
  output?: { type: string };
  rows: { when: Record<string, Cell>; then: string }[];
  default?: string;
}

/** A cell as people write it: `app, web`, `not app`, `100 – 500`, `≥ 100`, `≤ 500`, `yes`. */
export function showCell(cell: Cell, name: string): string {
  if (cell === undefined || cell === null) return "";
  if (Array.isArray(cell)) return cell.map((one) => showCell(one, name)).join(", ");
  if (typeof cell === "number") return isMoney(name) ? yuan(String(cell)) : String(cell);
  if (typeof cell !== "object") return String(cell);
  const { from, to, not } = cell as { from?: number; to?: number; not?: Cell };
  if (not !== undefined) return `not ${showCell(not, name)}`;
  if (from === undefined || from === null) return `<= ${showCell(to, name)}`;
  return to === undefined || to === null
    ? `>= ${showCell(from, name)}`
    : `${showCell(from, name)} - ${showCell(to, name)}`;
}

/** The cell that a text means; undefined for "any". Raises an Error with the text that is at fault. */
export function readCell(text: string, variable: Pick<Variable, "name" | "type">): Cell {
  const said = text.trim();
  if (!said) return undefined;
  if (variable.type === "bool") return readBool(said);
  const negated = /^(?:not\s+|非|不是\s*)(.+)$/.exec(said);
  if (negated) return { not: list(negated[1] as string, variable) };
  if (variable.type === "int") return readNumbers(said, variable);
  const values = list(said, variable);
  return values.length === 1 ? values[0] : values;
}

function readBool(said: string): boolean {
  if (["true", "yes", "是"].includes(said)) return true;
  if (["false", "no", "否"].includes(said)) return false;
  throw new Error(said);
}

function readNumbers(said: string, variable: Pick<Variable, "name" | "type">): Cell {
  const between = /^([\d.]+)\s*(?:-|–|~|到|至)\s*([\d.]+)$/.exec(said);
  if (between) return { from: number(between[1], variable), to: number(between[2], variable) };
  const bound = /^(>=|≥|<=|≤)\s*([\d.]+)$/.exec(said);
  if (bound) return { [/^(>=|≥)/.test(said) ? "from" : "to"]: number(bound[2], variable) };
  const values = list(said, variable);
  return values.length === 1 ? values[0] : values;
}

function list(said: string, variable: Pick<Variable, "name" | "type">): Cell[] {
  const parts = said.split(/[,，、]/).map((one) => one.trim()).filter(Boolean);
  return variable.type === "int" ? parts.map((one) => number(one, variable)) : parts;
}

function number(text: string | undefined, variable: Pick<Variable, "name">): number {
  const read = whole(text ?? "", variable.name);
  if (read === null || !Number.isSafeInteger(Number(read))) throw new Error(text ?? "");
  return Number(read);
}
