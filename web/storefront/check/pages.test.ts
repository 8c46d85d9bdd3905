// The compiled pages at work in WeChat's simulation: each is opened with what the API answers.
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answers, launch, open, pages, payer, seen } from "./simulated";

const QUERY = { id: "1", sku: "1", qty: "1", text: "茶", join: "ABCD2345" };
// Pages that also open without knowing what they are about, and then may have nothing to ask.
const ABOUT_NOTHING = ["login/login", "addresses/edit", "points/redeem", "wallet/withdraw"];
// What these show at first is on the device.
const ASKS_NOTHING = ["pages/search/search"];

beforeAll(launch);

describe("a compiled page", () => {
  it.each(pages)("%s asks and shows what is answered", async (page) => {
    const shown = await looked(page, QUERY);
    if (!ASKS_NOTHING.includes(page)) expect(seen.asked.length, "asks nothing").toBeGreaterThan(0);
    shown.leave();
  });

  it.each(ABOUT_NOTHING)("%s opens by itself", async (page) => (await looked(`pages/${page}`, {})).leave());
});

async function looked(page: string, query: Record<string, string>) {
  const shown = await open(page, query);
  expect(seen.faults).toEqual([]);
  expect(shown.text.length, "nothing is shown").toBeGreaterThan(10);
  expect(shown.html, "still waits").not.toContain("app-bone");
  expect(shown.text).not.toMatch(/undefined|NaN|\[object|出了点问题/);
  return shown;
}

describe("what is pressed", () => {
  it("signs in by the code that WeChat gives this device", async () => {
    const login = await open("pages/login/login", {});
    await login.press("微信登录");
    expect(seen.asked.slice(-1)).toEqual([
      { method: "POST", path: "/api/members/wechat/sign-in", data: { client: "wechat_mini", code: "of-this-device" } },
    ]);
    expect(seen.gone).toEqual(["/pages/me/me"]);
    login.leave();
  });

  it("leads to another page", async () => {
    const me = await open("pages/me/me", {});
    await me.press("我的优惠券");
    expect(seen.gone).toEqual(["/pages/coupons/coupons"]);
    me.leave();
  });

  it("is told the API", async () => {
    const cart = await open("pages/cart/cart", {});
    await cart.press("全选");
    expect(seen.asked.map(({ method, path }) => `${method} ${path}`)).toContain("POST /api/cart/select");
    cart.leave();
  });
});

describe("a payment", () => {
  const CHECKOUT = "/api/checkouts/1";
  const HANDED = {
    timeStamp: "1790000000",
    nonceStr: "5K8264ILTKCH16CQ",
    package: "prepay_id=wx201410272009395522657a690389285100",
    signType: "RSA",
    paySign: "oR9d8PuhnIc+YZ8cBHFCwfgpaK9gd7vaRvkYD7rthRAZ/X+QBhcCYL21N7cHCTUxbQ+EAt6Uy+lwSN22",
  };
  const order = { id: 1, number: "1", state: "created", total_fen: 300, pay_by: "2999-01-01T00:00:00Z", paid_at: null };
  const ordered = { ...order, checkout_id: 1, merchant: "茶", payment_method: "online", lines: [] };
  const owes = { id: 1, total_fen: 300, to_pay_fen: 300, orders: [order] };
  const paid = { ...owes, to_pay_fen: 0, orders: [{ ...order, state: "paid", paid_at: "2026-11-02T04:00:00Z" }] };

  beforeEach(() => {
    answers["GET /api/payments/ways"] = [{ gateway: "wechat", name: "微信支付" }];
    answers[`GET ${CHECKOUT}`] = owes;
    const data = { kind: "wechat", ...HANDED };
    answers[`POST ${CHECKOUT}/pay`] = { payment_id: 1, out_trade_no: "P1", amount_fen: 300, gateway: "wechat", data };
  });
  afterEach(() => Object.keys(answers).forEach((one) => delete answers[one]));

  it("begins at the order", async () => {
    answers["GET /api/orders"] = { items: [{ ...ordered, state: "created" }], next: null };
    const orders = await open("pages/orders/orders", {});
    await orders.press("去付款");
    expect(seen.gone).toEqual(["/pages/payment/payment?id=1"]);
    orders.leave();
  });

  /** Into WeChat's window, and what the payer does there. */
  async function payNow(does: string) {
    payer.does = `requestPayment:${does}`;
    const page = await open("pages/payment/payment", { id: "1" });
    await page.press("确认支付");
    expect(seen.faults).toEqual([]);
    expect(seen.paid).toEqual([expect.objectContaining(HANDED)]);
    const asked = seen.asked.find((one) => one.method === "POST");
    expect(asked).toEqual({
      method: "POST",
      path: `${CHECKOUT}/pay`,
      data: { gateway: "wechat", client: "wechat_mini", payer: "" },
    });
    return page;
  }

  it.each([
    ["fail cancel", "已取消支付，没有扣款"],
    ["fail the merchant's account is closed", "支付没有完成，请重试或换一种方式"],
  ])("that ends in `%s` says so, and may be begun again", async (does, said) => {
    const page = await payNow(does);
    expect(seen.told).toEqual([said]);
    expect(page.text).toContain("确认支付");
    expect(page.text).not.toContain("正在确认支付结果");
    page.leave();
  });

  it("that WeChat calls done waits for the platform's word", async () => {
    const page = await payNow("ok");
    expect(seen.told).toEqual([]);
    expect(page.text).toContain("正在确认支付结果");
    expect(page.text).not.toContain("支付成功");
    page.leave();
    answers[`GET ${CHECKOUT}`] = paid;
    const again = await open("pages/payment/payment", { id: "1" });
    expect(again.text).toContain("支付成功");
    await again.press("查看订单");
    expect(seen.gone).toEqual(["/pages/orders/order?id=1"]);
    again.leave();
  });
});
