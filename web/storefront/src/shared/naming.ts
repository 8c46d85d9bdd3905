/** The name of what is written into, where screen readers look for it. */

import { getCurrentInstance, onMounted, watch } from "vue";

/** uni-app leaves a name on its own element around the first input of this component, where it means
 * nothing; on H5 it goes to the input itself. */
export function useInputName(label: () => string): void {
  // #ifdef H5
  const self = getCurrentInstance();
  function name(): void {
    const root = self?.proxy?.$el as HTMLElement;
    const input = root.querySelector("input, textarea");
    input?.closest("uni-input, uni-textarea")?.removeAttribute("aria-label");
    input?.setAttribute("aria-label", label());
  }
  onMounted(name);
  watch(label, name, { flush: "post" });
  // #endif
}
