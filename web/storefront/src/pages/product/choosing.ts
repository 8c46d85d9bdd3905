/** Choosing a SKU by its specifications: pure. */

export interface Sku {
  id: number;
  value_ids: number[];
  stock: "in_stock" | "low" | "sold_out";
}

/** Value by specification, both by id; what is not chosen yet is missing. */
export type Choice = Readonly<Record<number, number>>;

/** The SKU that has all chosen values; null while something is not chosen. A product without
 * specifications has one SKU. */
export function chosenSku<S extends Sku>(skus: S[], specs: number[], choice: Choice): S | null {
  if (specs.some((spec) => choice[spec] === undefined)) return null;
  return skus.find((sku) => specs.every((spec) => sku.value_ids.includes(choice[spec]!))) ?? null;
}

/** Whether a value leads to something that can be had, with what is chosen of the other ones. */
export function canChoose(skus: Sku[], choice: Choice, spec: number, value: number): boolean {
  const others = Object.entries(choice).filter(([of]) => Number(of) !== spec);
  return skus.some(
    (sku) =>
      sku.stock !== "sold_out" &&
      sku.value_ids.includes(value) &&
      others.every(([, chosen]) => sku.value_ids.includes(chosen)),
  );
}

/** What is chosen as the page opens: the first SKU that can be had, if only one choice is left. */
export function firstChoice(skus: Sku[], specs: number[]): Choice {
  const had = skus.filter((sku) => sku.stock !== "sold_out");
  const only = had.length === 1 ? had[0]! : null;
  return only ? Object.fromEntries(specs.map((spec, at) => [spec, only.value_ids[at]!])) : {};
}
