/** Idempotency keys: one for each wish, kept until the wish is answered, so that a shopper who
 * reloads or presses twice wishes once. */

import { ApiError } from "@/api/error";

const name = (wish: string) => `mingchi.key.${wish}`;

/** The key of a wish, the same until `answered`. */
export function keyFor(wish: string): string {
  const stored: unknown = uni.getStorageSync(name(wish));
  if (typeof stored === "string" && stored) return stored;
  const made = `${Date.now().toString(36)}-${random()}${random()}`;
  uni.setStorageSync(name(wish), made);
  return made;
}

export const answered = (wish: string): void => uni.removeStorageSync(name(wish));

/** Ask for what is wished, under its key. A refusal ends the wish, a lost answer does not. */
export async function once<A>(wish: string, ask: (key: string) => Promise<A>): Promise<A> {
  try {
    const answer = await ask(keyFor(wish));
    answered(wish);
    return answer;
  } catch (thrown) {
    if (!(thrown instanceof ApiError && thrown.leavesOpen)) answered(wish);
    throw thrown;
  }
}

const random = () => Math.random().toString(36).slice(2, 12);
