/** Something pressed: once at a time, and a refusal is told, or shown where it belongs. */

import { ref } from "vue";
import { ApiError } from "@/api/error";
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

/** What is sent from a form. A refusal stands at its field (`faultOf`), or over the button (`fault`). */
export function useForm() {
  const { isBusy, act } = useAct();
  const fault = ref<ApiError | null>(null);
  const faultOf = (field: string) => (fault.value?.field === field ? fault.value.message : "");

  const tried = (run: () => Promise<unknown>, afterRefusal?: (refusal: ApiError) => unknown) =>
    act(async () => {
      fault.value = null;
      try {
        await run();
      } catch (thrown) {
        if (!(thrown instanceof ApiError)) throw thrown;
        fault.value = thrown;
        await afterRefusal?.(thrown);
      }
    });

  return { isBusy, act, fault, faultOf, tried };
}
