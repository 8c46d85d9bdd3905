/** Handing a payment to the gateway. What comes of it the platform learns from the gateway itself;
 * the page only asks the platform. */

import { post } from "@/api/client";
import { keyFor, once } from "@/shared/keys";

/** Where one pays, as the API calls it. */
export function payClient(): "browser" | "desktop" | "wechat" | "wechat_mini" | "app" {
  // #ifdef MP-WEIXIN
  return "wechat_mini";
  // #endif
  // #ifdef APP-PLUS
  return "app";
  // #endif
  // #ifdef H5
  if (/MicroMessenger/i.test(navigator.userAgent)) return "wechat";
  return /Mobi|Android/i.test(navigator.userAgent) ? "browser" : "desktop";
  // #endif
}

/** Begin to pay; a code to show (`qr`) is returned, all else is done here. */
export async function pay(checkoutId: number, gateway: string): Promise<{ qr: string | null }> {
  const attempt = await post("/api/checkouts/{checkout_id}/pay", {
    path: { checkout_id: checkoutId },
    body: { gateway, client: payClient(), payer: "" },
    key: keyFor(`pay.${checkoutId}.${gateway}.${Math.floor(Date.now() / 60_000)}`),
  });
  const { kind } = attempt.data;
  if (kind === "qr") return { qr: attempt.data["code_url"] ?? null };
  if (kind === "sandbox") await payInSandbox(attempt.out_trade_no);
  else hand(kind, attempt.data);
  return { qr: null };
}

async function payInSandbox(out_trade_no: string): Promise<void> {
  await once(`sandbox.${out_trade_no}`, (key) =>
    post("/api/payments/sandbox/pay", { body: { out_trade_no }, key }),
  );
}

function hand(kind: string | undefined, data: Record<string, string>): void {
  // #ifdef H5
  if (kind === "redirect" && data["url"]) window.location.href = data["url"];
  // #endif
  // #ifndef H5
  if (kind === "wechat") uni.requestPayment(data as unknown as UniApp.RequestPaymentOptions);
  // #endif
}
