/** Handing a payment to the gateway. What comes of it the platform learns from the gateway itself;
 * the page only asks the platform. */

import { type Answer, post } from "@/api/client";
import { ApiError } from "@/api/error";
import { keyFor, once } from "@/shared/keys";
import { type WechatCode, wechatClient, wechatCode, wechatHere } from "@/shared/wechat";

/** What came of it here: a code to show (`qr`), handed over, the page is left to ask who pays (`left`),
 * and, where the device itself says so, done, cancelled or failed. None but the platform's word counts. */
export type Outcome = "qr" | "handed" | "left" | "done" | "cancelled" | "failed";
type Attempt = Answer<"/api/checkouts/{checkout_id}/pay", "post">;

const BRIDGE_WITHIN_MS = 8000;

/** Where one pays, as the API calls it. */
export function payClient(): "browser" | "desktop" | "wechat" | "wechat_mini" | "app" {
  // #ifdef APP-PLUS
  return "app";
  // #endif
  // #ifndef APP-PLUS
  return wechatHere() ?? (/Mobi|Android/i.test(navigator.userAgent) ? "browser" : "desktop");
  // #endif
}

/** Begin to pay; `handing` is called when the gateway has it, before anything is known of it. */
export async function pay(
  checkoutId: number,
  gateway: string,
  handing: () => void,
): Promise<{ outcome: Outcome; qr: string | null }> {
  const attempt = await begin(checkoutId, gateway);
  if (attempt === null) return { outcome: "left", qr: null };
  handing();
  const { kind } = attempt.data;
  if (kind === "qr") return { outcome: "qr", qr: attempt.data["code_url"] ?? null };
  if (kind === "alipay_app") {
    return { outcome: await payByDevice({ provider: "alipay", orderInfo: attempt.data["order_string"] }), qr: null };
  }
  if (kind === "wechat") return { outcome: await payInWechat(attempt.data), qr: null };
  if (kind === "sandbox") await payInSandbox(attempt.out_trade_no);
  // #ifdef H5
  if (kind === "redirect" && attempt.data["url"]) window.location.href = attempt.data["url"];
  // #endif
  return { outcome: "handed", qr: null };
}

/** WeChat's word on who pays on this device. */
export const tellPayer = (code: WechatCode) => post("/api/payments/payer", { body: code });

/** A fresh attempt. Where nobody knows yet who pays, WeChat is asked, once; null while the page is left
 * for that. */
async function begin(checkoutId: number, gateway: string): Promise<Attempt | null> {
  const ask = () =>
    post("/api/checkouts/{checkout_id}/pay", {
      path: { checkout_id: checkoutId },
      body: { gateway, client: payClient(), payer: "" },
      key: keyFor(`pay.${checkoutId}.${gateway}.${Math.floor(Date.now() / 60_000)}`),
    });
  try {
    return await ask();
  } catch (thrown) {
    const device = wechatHere();
    const isAsked = thrown instanceof ApiError && thrown.code === "payer_unknown";
    if (!isAsked || !device || (await wechatClient()) !== device) throw thrown;
    const code = await wechatCode(device, "pay");
    if (code === null) return null;
    await tellPayer(code);
    return ask();
  }
}

async function payInSandbox(out_trade_no: string): Promise<void> {
  await once(`sandbox.${out_trade_no}`, (key) =>
    post("/api/payments/sandbox/pay", { body: { out_trade_no }, key }),
  );
}

interface Bridge {
  invoke(name: string, data: Record<string, string>, told: (answer: { err_msg: string }) => void): void;
}

/** The gateway's own window, as the mini-program and the app open it. */
function payByDevice(wish: object): Promise<Outcome> {
  return new Promise((resolve) => {
    uni.requestPayment({
      ...(wish as UniApp.RequestPaymentOptions),
      success: () => resolve("done"),
      fail: ({ errMsg }) => resolve(outcomeOf(errMsg as string)),
    });
  });
}

/** WeChat's own window over the page; what the payer did there, as WeChat tells the device. */
function payInWechat({ kind: _, ...data }: Record<string, string>): Promise<Outcome> {
  // #ifdef MP-WEIXIN
  return payByDevice({ ...data, provider: "wxpay" });
  // #endif
  // #ifdef H5
  return new Promise((resolve) => {
    const invoke = () => {
      clearTimeout(tooLate);
      const { WeixinJSBridge } = window as unknown as { WeixinJSBridge: Bridge };
      WeixinJSBridge.invoke("getBrandWCPayRequest", data, ({ err_msg }) => resolve(outcomeOf(err_msg)));
    };
    const tooLate = setTimeout(() => resolve("failed"), BRIDGE_WITHIN_MS);
    if ("WeixinJSBridge" in window) invoke();
    else document.addEventListener("WeixinJSBridgeReady", invoke, { once: true });
  });
  // #endif
}

/** `get_brand_wcpay_request:ok`, `…:cancel`, `requestPayment:fail cancel`, and 62001 of Alipay in an app
 * for thinking better of it; anything else is a failure. */
export function outcomeOf(told: string): Outcome {
  if (/:ok$/.test(told)) return "done";
  return /cancel$|:62001\]/.test(told) ? "cancelled" : "failed";
}
