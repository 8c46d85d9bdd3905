/** What moves money and was asked, kept with its idempotency key until it is answered: who reloads, or
 * loses the network meanwhile, asks the same again and it is done once. */

import { type Ref, computed } from "vue";
import { ApiError } from "@/api/error";
import { kept } from "./kept";
import { answered, once } from "./keys";
import { memberId } from "./session";

interface Kept<W> {
  member: number | null;
  wish: W;
}

export function useWish<W extends object, A>(
  name: string,
  ask: (wish: W, key: string) => Promise<A>,
): { open: Ref<W | null>; send: (wish: W) => Promise<A> } {
  const asked = kept<Kept<W> | null>(`wish.${name}`, null);
  const open = computed(() => (asked.value?.member === memberId.value ? asked.value.wish : null));

  /** Ask; one that is open is asked again as it was. A refusal ends it, a lost answer does not. */
  async function send(wish: W): Promise<A> {
    if (asked.value && open.value === null) answered(name); // somebody else's, on this device before
    const now = open.value ?? wish;
    asked.value = { member: memberId.value, wish: now };
    try {
      const answer = await once(name, (key) => ask(now, key));
      asked.value = null;
      return answer;
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.leavesOpen)) asked.value = null;
      throw thrown;
    }
  }

  return { open, send };
}
