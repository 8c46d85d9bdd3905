/** A value that survives a reload: a ref whose every change is written to the device's storage. */

import { type Ref, customRef } from "vue";

export function kept<T>(name: string, initial: T): Ref<T> {
  const key = `mingchi.${name}`;
  const stored: unknown = uni.getStorageSync(key);
  let value = stored === "" || stored === undefined ? initial : (stored as T);
  return customRef((track, trigger) => ({
    get() {
      track();
      return value;
    },
    set(now) {
      value = now;
      uni.setStorageSync(key, now);
      trigger();
    },
  }));
}
