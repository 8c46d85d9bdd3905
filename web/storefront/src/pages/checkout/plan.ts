/** What a checkout is about: from its address and from what was chosen on its page. Kept, so that a
 * reload shows the same. */

import { kept } from "@/shared/kept";

export interface Plan {
  /** What it is of: the cart, or one article bought at once. */
  of: string;
  addressId: number | null;
  /** null: those that save most. */
  couponIds: number[] | null;
  note: string;
}

const EMPTY: Omit<Plan, "of"> = { addressId: null, couponIds: null, note: "" };
const stored = kept<Plan | null>("checkout", null);

/** The plan of this checkout; a new one where the last was about something else. */
export function planFor(of: string): Plan {
  return stored.value?.of === of ? stored.value : { of, ...EMPTY };
}

export function keepPlan(plan: Plan): void {
  stored.value = { ...plan };
}

export function forgetPlan(): void {
  stored.value = null;
}
