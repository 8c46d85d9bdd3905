/** What may be asked for after buying: pure. */

export const KINDS = ["refund_only", "return", "exchange"] as const;
export type Kind = (typeof KINDS)[number];

/** What a line may be exchanged for. */
export interface Variant {
  sku_id: number;
  is_bought: boolean;
  stock: string;
  left: number | null;
}

/** Whether so many units of it are left, as far as the API tells. */
export const isLeft = (one: Variant, units: number): boolean =>
  one.stock !== "sold_out" && (one.left === null || one.left >= units);

/** What is wanted in exchange while it can be had: the one chosen, else the article as bought. */
export function wanted<V extends Variant>(all: readonly V[], chosen: number | null, units: number): V | null {
  const found = all.find((one) => (chosen === null ? one.is_bought : one.sku_id === chosen));
  return found && isLeft(found, units) ? found : null;
}

/** What is proposed for so many units of a line: their part of what may still be asked back, rounded
 * down; all of it for all units. The API decides. */
export function mostFen(line: { qty: number; refundable_fen: number }, units: number): number {
  return Math.floor((line.refundable_fen * units) / line.qty);
}
