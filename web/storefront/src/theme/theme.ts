/** Light or dark: as the device has it, or as the shopper chose. */

import { computed, ref } from "vue";
import { kept } from "@/shared/kept";

export type Choice = "auto" | "light" | "dark";

export const choice = kept<Choice>("theme", "auto");
const device = ref<"light" | "dark">("light");

export const theme = computed(() => (choice.value === "auto" ? device.value : choice.value));

/** Follow the device from now on; called once, as the app starts. */
export function followDevice(): void {
  // #ifdef H5
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const look = () => (device.value = dark.matches ? "dark" : "light");
  dark.addEventListener("change", look);
  look();
  // #endif
  // #ifndef H5
  device.value = uni.getAppBaseInfo().theme === "dark" ? "dark" : "light";
  uni.onThemeChange(({ theme: now }) => (device.value = now === "dark" ? "dark" : "light"));
  // #endif
}
