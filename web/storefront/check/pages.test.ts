// The compiled pages at work in WeChat's simulation: each is opened with what the API answers.
import { beforeAll, describe, expect, it } from "vitest";
import { launch, open, pages, seen } from "./simulated";

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
