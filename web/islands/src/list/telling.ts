/** A list as plain text, one line a row: for tests and for reading aloud. */

import { conditionOf, durationOf, messageOf } from "../shared/elements";
import type { Branch, Chain, Outline, Row } from "./outline";

export function tell(outline: Outline): string {
  return lines(outline.chain).join("\n");
}

function lines(chain: Chain): string[] {
  const own = chain.rows.flatMap(row);
  return chain.ends === "on" ? own : [...own, chain.ends === "goto" ? `→ ${chain.target?.id}` : chain.ends];
}

function row(one: Row): string[] {
  const value = one.kind === "wait" ? ` ${durationOf(one.node)}${messageOf(one.node)}` : "";
  return [
    `${one.kind} ${one.node.id}${value}`,
    ...(one.rows ? indent(lines(one.rows)) : []),
    ...one.branches.flatMap(branch),
    ...one.catches.flatMap(branch),
  ];
}

function branch(one: Branch): string[] {
  const event = one.event ? durationOf(one.event) + messageOf(one.event) : "";
  const head = event || conditionOf(one.way) || "else";
  return [`- ${head}`, ...indent(lines(one.chain))];
}

const indent = (text: string[]): string[] => text.map((line) => `  ${line}`);
