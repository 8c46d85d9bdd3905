/** Who somebody is at WeChat: a code of this device, which the API exchanges there. The mini-program
 * has it at once; the browser inside WeChat leaves the page for it and comes back with it. */

import { type Answer, get } from "@/api/client";
import { t } from "@/i18n";
import { here } from "./going";
import { asked, tell } from "./telling";

export type WechatClient = Answer<"/api/members/wechat", "get">["clients"][number];
/** What the code is for; the page that asked for it takes it up again. */
export type Purpose = "login" | "bind" | "pay";
export interface WechatCode {
  client: WechatClient;
  code: string;
}
interface Away {
  state: string;
  purpose: Purpose;
  back: string;
}
interface Returned {
  purpose: Purpose;
  back: string;
  code: string;
}

const KEPT = "mingchi.wechat.away";
let returned: Returned | null = null;

/** Where in WeChat this is; null in no WeChat. */
export function wechatHere(): "wechat" | "wechat_mini" | null {
  // #ifdef MP-WEIXIN
  return "wechat_mini";
  // #endif
  // #ifdef H5
  return /MicroMessenger/i.test(navigator.userAgent) ? "wechat" : null;
  // #endif
  // #ifndef MP-WEIXIN || H5
  return null;
  // #endif
}

/** By which of the clients on offer one signs in from here; the sandbox's where there is no other. */
export function clientFor(offered: WechatClient[], device: WechatClient | null): WechatClient | null {
  if (device && offered.includes(device)) return device;
  return offered.includes("sandbox") ? "sandbox" : null;
}

/** By which client one goes to WeChat from here, as the platform offers it; null for not at all. */
export const wechatClient = async () => clientFor((await get("/api/members/wechat")).clients, wechatHere());

/** A code of this client; null where somebody thought better of it, or the page is left for WeChat: then
 * `codeBroughtBack` has it once this page is shown again. */
export async function wechatCode(client: WechatClient, purpose: Purpose): Promise<WechatCode | null> {
  let code: string | null = null;
  if (client === "sandbox") code = await asked(t("wechat.sandboxWho"), t("wechat.sandboxHint"));
  // #ifdef MP-WEIXIN
  if (client === "wechat_mini") code = await codeOfMiniProgram();
  // #endif
  // #ifdef H5
  if (client === "wechat") await leaveForWechat(purpose);
  // #endif
  return code ? { client, code } : null;
}

/** The code that WeChat sent this browser back with, once, where it was asked for this. */
export function codeBroughtBack(purpose: Purpose): WechatCode | null {
  if (returned?.purpose !== purpose) return null;
  const { code } = returned;
  returned = null;
  return { client: "wechat", code };
}

// #ifdef MP-WEIXIN
function codeOfMiniProgram(): Promise<string | null> {
  return new Promise((resolve) => {
    const fail = () => (tell(t("wechat.noCode")), resolve(null));
    uni.login({ provider: "weixin", success: ({ code }) => resolve(code), fail });
  });
}
// #endif

// #ifdef H5
/** Go; `state` proves on the way back that it was this browser that went. */
async function leaveForWechat(purpose: Purpose): Promise<void> {
  const { authorize_url: at } = await get("/api/members/wechat");
  if (!at) return;
  const away: Away = { state: randomState(), purpose, back: here() };
  sessionStorage.setItem(KEPT, JSON.stringify(away));
  window.location.href = filled(at, window.location.origin + window.location.pathname, away.state);
}

/** Before any page is shown: what WeChat sent us back with, and the address of the page that asked. */
export function comeBackFromWechat(): void {
  const { search, pathname } = window.location;
  if (!/[?&]code=/.test(search)) return;
  returned = readReturn(search, sessionStorage.getItem(KEPT));
  sessionStorage.removeItem(KEPT);
  // The code is worth nothing twice: a reload must not bring it again.
  window.history.replaceState(null, "", `${pathname}${returned ? `#${returned.back}` : window.location.hash}`);
}

const randomState = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
// #endif

/** The address at WeChat, with where it is to send the browser back to. */
export const filled = (at: string, redirectUri: string, state: string): string =>
  at.replace("{redirect_uri}", encodeURIComponent(redirectUri)).replace("{state}", encodeURIComponent(state));

/** What came back, where it is for whom went from here; null for somebody else's. */
export function readReturn(search: string, kept: string | null): Returned | null {
  const found = new URLSearchParams(search);
  const [code, state] = [found.get("code"), found.get("state")];
  if (!kept || !code || !state) return null;
  const away = JSON.parse(kept) as Away;
  return state === away.state ? { purpose: away.purpose, back: away.back, code } : null;
}
