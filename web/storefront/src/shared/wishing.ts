/** What moves money and was asked, kept with its idempotency key until it is answered: who reloads, or
 * loses the network meanwhile, asks the same again and it is done once. */

import { type Ref, computed } from "vue";
import { ApiError } from "@/api/error";
import { kept } from "./kept";
import { answered, keyFor } from "./keys";
import { memberId } from "./session";

interface Kept<W> {
  member: number | null;
  wish: W;
}

export function useWish<W extends object, A>(
  name: string,
  ask: (wish: W, key: string) => Promise<A>,
): { open: Ref<W | null>; send: (wish: W) => Promise<A>; forget: () => void } {
  const asked = kept<Kept<W> | null>(`wish.${name}`, null);
  const open = computed(() => (asked.value?.member === memberId.value ? asked.value.wish : null));

  function forget(): void {
    asked.value = null;
    answered(name);
  }

  /** Ask; one that is open is asked again as it was. A refusal ends it, a lost answer does not. */
  async function send(wish: W): Promise<A> {
    if (asked.value && open.value === null) forget(); // somebody else's, on this device before
    const now = open.value ?? wish;
    asked.value = { member: memberId.value, wish: now };
    try {
      const answer = await ask(now, keyFor(name));
      forget();
      return answer;
    } catch (thrown) {
      if (!(thrown instanceof ApiError && (thrown.isPassing || thrown.status === 401))) forget();
      throw thrown;
    }
  }

  return { open, send, forget };
}
