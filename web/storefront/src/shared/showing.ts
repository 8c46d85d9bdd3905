/** What a page does each time a member comes to it, by going on or by coming back. Who is not signed in
 * sees the way in instead (`app-frame`), and nothing is asked for. */

import { onShow } from "@dcloudio/uni-app";
import { isSignedIn } from "./session";

export function onMemberShow(run: () => unknown): void {
  onShow(() => {
    if (isSignedIn.value) void run();
  });
}
