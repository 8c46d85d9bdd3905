/** What the platform says of itself; known from the last visit until it answers. */

import { get } from "@/api/client";
import { kept } from "./kept";

export const isSandbox = kept<boolean>("sandbox", false);

/** Ask; a platform that can't be reached changes nothing, the page itself will say so. */
export async function learnAbout(): Promise<void> {
  try {
    isSandbox.value = (await get("/api/shop/about")).is_sandbox;
  } catch {
    return;
  }
}
