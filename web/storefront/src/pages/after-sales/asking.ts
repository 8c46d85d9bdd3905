/** What may be asked for after buying: pure. */

export const KINDS = ["refund_only", "return", "exchange"] as const;
export type Kind = (typeof KINDS)[number];

/** What is proposed for so many units of a line: their part of what may still be asked back, rounded
 * down; all of it for all units. The API decides. */
export function mostFen(line: { qty: number; refundable_fen: number }, units: number): number {
  return Math.floor((line.refundable_fen * units) / line.qty);
}
