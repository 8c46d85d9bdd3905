/** Something pressed: once at a time, and a refusal is told. */

import { ref } from "vue";
import { tellError } from "./telling";

export function useAct() {
  const isBusy = ref(false);

  async function act(run: () => Promise<unknown>): Promise<void> {
    if (isBusy.value) return;
    isBusy.value = true;
    try {
      await run();
    } catch (thrown) {
      tellError(thrown);
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, act };
}
