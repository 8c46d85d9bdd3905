import { beforeEach, describe, expect, it, vi } from "vitest";

interface Asked {
  url: string;
  data: Record<string, unknown>;
  success(answer: { statusCode: number; data: unknown }): void;
}
const asked: Asked[] = [];
let answers: { statusCode: number; data: unknown }[] = [];
const stored = new Map<string, unknown>();
vi.stubGlobal("uni", {
  getStorageSync: (key: string) => stored.get(key) ?? "",
  setStorageSync: (key: string, value: unknown) => stored.set(key, value),
  removeStorageSync: (key: string) => stored.delete(key),
  request: (one: Asked) => {
    asked.push(one);
    one.success(answers.shift()!);
  },
});
vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0 MicroMessenger/8.0.50" });
vi.stubGlobal("getCurrentPages", () => [{ $page: { fullPath: "/pages/payment/payment?id=7" } }]);
const { outcomeOf, pay, payClient, tellPayer } = await import("./paying");

const DATA = { appId: "wx1", timeStamp: "1", nonceStr: "n", package: "p", signType: "RSA", paySign: "s" };
const attempt = { statusCode: 200, data: { out_trade_no: "T1", data: { kind: "wechat", ...DATA } } };
const refused = (code: string) => ({ statusCode: 409, data: { error: { code, message: code } } });

beforeEach(() => {
  asked.length = 0;
  stored.clear();
});

it.each([
  ["get_brand_wcpay_request:ok", "done"],
  ["requestPayment:ok", "done"],
  ["get_brand_wcpay_request:cancel", "cancelled"],
  ["requestPayment:fail cancel", "cancelled"],
  ["requestPayment:fail [payment支付宝:62001]用户中途取消", "cancelled"],
  ["get_brand_wcpay_request:fail", "failed"],
  ["requestPayment:fail [payment支付宝:62009]未知错误", "failed"],
  ["requestPayment:fail jsapi has no permission", "failed"],
  ["", "failed"],
])("%s is %s", (told, outcome) => expect(outcomeOf(told)).toBe(outcome));

describe("inside WeChat", () => {
  const window = { location: { origin: "https://shop", pathname: "/", href: "" }, WeixinJSBridge: {} };
  const bridge = (err_msg: string) => {
    const invoke = vi.fn((_name: string, _data: object, told: (answer: object) => void) => told({ err_msg }));
    vi.stubGlobal("window", { ...window, WeixinJSBridge: { invoke } });
    return invoke;
  };

  it("hands WeChat what the API signed, says so before it is known, and names no payer", async () => {
    const invoke = bridge("get_brand_wcpay_request:cancel");
    const handing = vi.fn();
    answers = [attempt];
    expect(payClient()).toBe("wechat");
    expect(await pay(7, "wechat", handing)).toEqual({ outcome: "cancelled", qr: null });
    expect(invoke.mock.calls[0]!.slice(0, 2)).toEqual(["getBrandWCPayRequest", DATA]);
    expect(handing).toHaveBeenCalledOnce();
    expect(asked[0]!.data).toEqual({ gateway: "wechat", client: "wechat", payer: "" });
  });

  it("leaves for WeChat where nobody knows who pays, and has handed over nothing", async () => {
    bridge("");
    const set = vi.fn();
    vi.stubGlobal("sessionStorage", { setItem: set });
    const handing = vi.fn();
    const at = "http://wx/authorize?redirect_uri={redirect_uri}&state={state}";
    const ways = { statusCode: 200, data: { clients: ["wechat"], authorize_url: at } };
    answers = [refused("payer_unknown"), ways, ways];
    expect(await pay(7, "wechat", handing)).toEqual({ outcome: "left", qr: null });
    const away = JSON.parse(set.mock.calls[0]![1] as string) as Record<string, string>;
    expect(away).toMatchObject({ purpose: "pay", back: "/pages/payment/payment?id=7" });
    expect(away["state"]).toMatch(/^[0-9a-f]{32}$/);
    const { href } = (globalThis as unknown as { window: typeof window }).window.location;
    expect(href).toBe(`http://wx/authorize?redirect_uri=https%3A%2F%2Fshop%2F&state=${away["state"]}`);
    expect(handing).not.toHaveBeenCalled();
  });

  it("says so where this platform can't ask WeChat", async () => {
    answers = [refused("payer_unknown"), { statusCode: 200, data: { clients: ["sandbox"], authorize_url: null } }];
    await expect(pay(7, "wechat", () => undefined)).rejects.toMatchObject({ code: "payer_unknown" });
  });

  it("tells WeChat's word as it came", async () => {
    answers = [{ statusCode: 200, data: { done: true } }];
    await tellPayer({ client: "wechat", code: "c7" });
    expect(asked[0]).toMatchObject({ url: "/api/payments/payer", data: { client: "wechat", code: "c7" } });
  });

  it("lets other refusals be told", async () => {
    answers = [refused("not_payable")];
    await expect(pay(7, "wechat", () => undefined)).rejects.toMatchObject({ code: "not_payable" });
  });
});

it("opens Alipay from the app with what the API signed", async () => {
  const requestPayment = vi.fn((wish: { fail(answer: object): void }) => wish.fail({ errMsg: "requestPayment:fail [payment:62001]" }));
  vi.stubGlobal("uni", { ...uni, requestPayment });
  answers = [{ statusCode: 200, data: { out_trade_no: "T1", data: { kind: "alipay_app", order_string: "app_id=1&sign=s" } } }];
  expect(await pay(7, "alipay", () => undefined)).toEqual({ outcome: "cancelled", qr: null });
  expect(requestPayment.mock.calls[0]![0]).toMatchObject({ provider: "alipay", orderInfo: "app_id=1&sign=s" });
});
