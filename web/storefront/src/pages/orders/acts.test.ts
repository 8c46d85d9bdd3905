import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("uni", { getStorageSync: () => "", setStorageSync: () => undefined });
const { actsOf } = await import("./acts");

describe("what may be done with an order", () => {
  it.each([
    ["created", "online", ["cancel", "pay"]],
    ["created", "cod", ["cancel"]],
    ["paid", "online", ["cancel", "track"]],
    ["shipped", "online", ["afterSales", "track", "receive"]],
    ["received", "online", ["track", "afterSales", "review"]],
    ["cancelled", "online", []],
    ["refunded", "online", []],
  ])("%s, paid %s: %j", (state, payment_method, acts) =>
    expect(actsOf({ state, payment_method })).toEqual(acts),
  );
});
