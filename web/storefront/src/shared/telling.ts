/** Short words to the shopper, and questions before what can't be undone. */

import { ApiError } from "@/api/error";
import { t } from "@/i18n";

export function tell(title: string): void {
  uni.showToast({ title, icon: "none", duration: 2500 });
}

/** Tell why something was refused; what is no refusal is a fault of ours and goes on. */
export function tellError(thrown: unknown): void {
  if (!(thrown instanceof ApiError)) throw thrown;
  tell(thrown.message);
}

/** Ask; true when it is to be done. */
export function confirmed(
  title: string,
  content = "",
  { yes = t("common.ok"), no = t("common.cancel") } = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    uni.showModal({
      title,
      content,
      confirmText: yes,
      cancelText: no,
      success: ({ confirm }) => resolve(confirm),
      fail: () => resolve(false),
    });
  });
}

/** Ask for a word; null where somebody thought better of it. */
export function asked(title: string, hint: string): Promise<string | null> {
  return new Promise((resolve) => {
    uni.showModal({
      title,
      editable: true,
      placeholderText: hint,
      confirmText: t("common.ok"),
      cancelText: t("common.cancel"),
      success: ({ confirm, content }) => resolve((confirm && content?.trim()) || null),
      fail: () => resolve(null),
    });
  });
}
