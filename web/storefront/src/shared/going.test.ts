import { describe, expect, it } from "vitest";
import { tabUrl, url } from "./going";

describe("addresses of pages", () => {
  it("carry what they are about", () => {
    expect(url("orders/order", { id: 3 })).toBe("/pages/orders/order?id=3");
    expect(url("search/search", { text: "茶 & 杯", sort: undefined })).toBe(
      "/pages/search/search?text=%E8%8C%B6%20%26%20%E6%9D%AF",
    );
    expect(url("cart/cart")).toBe("/pages/cart/cart");
    expect(tabUrl("me")).toBe("/pages/me/me");
  });
});
