import { beforeEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("uni", { getStorageSync: () => "", setStorageSync: () => undefined });
const { clientFor, codeBroughtBack, comeBackFromWechat, filled, readReturn } = await import("./wechat");

const AWAY = JSON.stringify({ state: "a1b2", purpose: "pay", back: "/pages/payment/payment?id=7" });

describe("by which client", () => {
  it.each([
    ["wechat", ["wechat", "wechat_mini", "sandbox"], "wechat"],
    ["wechat_mini", ["wechat", "wechat_mini"], "wechat_mini"],
    ["wechat_mini", ["wechat", "sandbox"], "sandbox"],
    ["wechat", ["wechat_mini"], null],
    [null, ["wechat", "wechat_mini", "sandbox"], "sandbox"],
    [null, ["wechat"], null],
  ] as const)("from %s, offered %j: %s", (device, offered, client) =>
    expect(clientFor([...offered], device)).toBe(client),
  );
});

it("fills in where to come back to, and nothing else", () => {
  const at = "http://127.0.0.1:1/authorize?appid=a&redirect_uri={redirect_uri}&state={state}#wechat_redirect";
  expect(filled(at, "https://shop.example/?a=b#/x", "s&t")).toBe(
    "http://127.0.0.1:1/authorize?appid=a&redirect_uri=https%3A%2F%2Fshop.example%2F%3Fa%3Db%23%2Fx&state=s%26t#wechat_redirect",
  );
});

describe("coming back", () => {
  it("brings the code to the page that asked", () => {
    expect(readReturn("?code=c7&state=a1b2", AWAY)).toEqual({
      purpose: "pay",
      back: "/pages/payment/payment?id=7",
      code: "c7",
    });
  });

  it.each([
    ["another state", "?code=c7&state=b2", AWAY],
    ["no state", "?code=c7", AWAY],
    ["no code", "?state=a1b2", AWAY],
    ["nobody went from here", "?code=c7&state=a1b2", null],
  ])("takes nothing with %s", (_, search, kept) => expect(readReturn(search, kept)).toBeNull());
});

describe("the browser", () => {
  const shown: string[] = [];
  let kept: string | null = null;
  const arrive = (search: string) => {
    vi.stubGlobal("window", {
      location: { search, pathname: "/", hash: "#/" },
      history: { replaceState: (_state: null, _title: string, at: string) => shown.push(at) },
    });
    comeBackFromWechat();
  };
  beforeEach(() => {
    shown.length = 0;
    kept = AWAY;
    vi.stubGlobal("sessionStorage", { getItem: () => kept, removeItem: () => (kept = null) });
  });

  it("shows the page that asked, which takes the code once", () => {
    arrive("?code=c7&state=a1b2");
    expect(shown).toEqual(["/#/pages/payment/payment?id=7"]);
    expect(codeBroughtBack("login")).toBeNull();
    expect(codeBroughtBack("pay")).toEqual({ client: "wechat", code: "c7" });
    expect(codeBroughtBack("pay")).toBeNull();
  });

  it("drops what somebody else sent it with, and cannot be sent so twice", () => {
    arrive("?code=c7&state=theirs");
    expect(shown).toEqual(["/#/"]);
    expect(codeBroughtBack("pay")).toBeNull();
    arrive("?code=c7&state=a1b2");
    expect(codeBroughtBack("pay")).toBeNull();
  });

  it("leaves other addresses alone", () => {
    arrive("?utm=1");
    expect(shown).toEqual([]);
  });
});
