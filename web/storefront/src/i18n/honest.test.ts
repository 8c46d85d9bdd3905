import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("uni", { getStorageSync: () => "", setStorageSync: () => undefined });
const { WORDS } = await import(".");

// A price to come, an aim, a multiple, a promise; and what advertising law forbids.
const CHINESE =
  /稳赚|保本|只涨不跌|躺赚|翻倍|单边|上扬|[\d几多数百千]倍|倍数|回报|收益|升值|增值|上涨|看涨|涨幅|预计|预期|预测|未来|目标|年化|利率|利息|必赚|赚钱|财富|致富|出局倍/;
const ENGLISH =
  /guarantee|profit|\bearn|\byield|interest rate|multipl|\btarget|forecast|predict|expect|in future|\bfuture\b|will (?:rise|grow|be worth)|double|\d+(?:\.\d+)?x\b|times what|\bgains?\b|get rich|invest(?!ment and no security)/i;

describe("what members read", () => {
  const said = (n: 0 | 1) => Object.entries(WORDS).map(([key, both]) => [key, both[n]] as const);

  it("promises nothing in Chinese", () => {
    expect(said(0).filter(([, text]) => CHINESE.test(text))).toEqual([]);
  });

  it("promises nothing in English", () => {
    expect(said(1).filter(([, text]) => ENGLISH.test(text))).toEqual([]);
  });

  it.each(["稳赚不赔", "价格翻倍", "3倍出局", "预计明日池价", "目标价 5 元"])("would find %s", (text) =>
    expect(CHINESE.test(text)).toBe(true),
  );

  it.each(["Guaranteed", "It will be worth more", "3x what you paid", "target price", "expected price"])(
    "would find %s",
    (text) => expect(ENGLISH.test(text)).toBe(true),
  );

  it("tells all that is to be told of points, word for word", () => {
    expect(WORDS["disclosure.join"][0]).toBe("积分是消费奖励，不是存款、投资或证券；请勿为积分而购物。");
    expect(WORDS["disclosure.redeem"][0]).toBe(
      "{n} 积分 × 池价 {p} = {gross} 元，其中 {fee} 元留在池内归其余持有人，到账 {net} 元。",
    );
    expect(WORDS["disclosure.referral"][0]).toBe("免费注册，无需购买即可推荐；签收且退货期满后结算。");
    expect(WORDS["disclosure.refund"][0]).toBe("七日内可无理由退货，相应积分、佣金同步收回。");
    expect(WORDS["disclosure.tax"][0]).toBe("应税收入 {I} 元，预扣 {T} 元，到账 {N} 元。");
  });
});

describe("pages", () => {
  it("show no multiple at which points leave", () => {
    const top = new URL("..", import.meta.url).pathname;
    const found = readdirSync(top, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(vue|ts)$/.test(name) && !/\.test\.ts$|api\/schema\.ts$/.test(name))
      .filter((name) => readFileSync(top + name, "utf8").includes("exit_multiple"));
    expect(found).toEqual([]);
  });
});
