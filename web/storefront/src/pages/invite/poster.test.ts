import { describe, expect, it } from "vitest";
import { modules } from "@/shared/qr";
import { money } from "@/i18n/words/money";
import { HEIGHT, WIDTH, balanced, drawPoster, wrapped } from "./poster";

const LINK = "https://shop.example/#/pages/login/login?join=ABCD2345";

describe("the poster", () => {
  it("has a QR code with its three corners", () => {
    const dark = modules(LINK);
    const corner = (row: number, column: number) => {
      for (let n = 0; n < 7; n++) {
        expect([dark[row + n]![column], dark[row]![column + n], dark[row + 6]![column + n]]).toEqual([true, true, true]);
      }
      expect(dark[row + 3]![column + 3]).toBe(true);
      expect(dark[row + 1]![column + 1]).toBe(false);
    };
    const far = dark.length - 7;
    corner(0, 0);
    corner(0, far);
    corner(far, 0);
  });

  it("gives another link another code", () => {
    expect(modules(LINK)).not.toEqual(modules(LINK.replace("2345", "2346")));
  });

  it("draws each module on whole pixels within the picture", () => {
    const rects: number[][] = [];
    const texts: string[] = [];
    const pen = {
      setFillStyle: () => undefined,
      setFontSize: () => undefined,
      setTextAlign: () => undefined,
      fillRect: (...rect: number[]) => rects.push(rect),
      fillText: (text: string) => texts.push(text),
    };
    drawPoster(pen, { link: LINK, lines: ["a", "b", "c", "d"] });
    const dark = modules(LINK).flat().filter(Boolean).length;
    expect(rects.length).toBe(dark + 2);
    for (const [x, y, w, h] of rects) {
      expect([x, y, w, h].every(Number.isInteger)).toBe(true);
      expect(x! >= 0 && x! + w! <= WIDTH && y! >= 0 && y! + h! <= HEIGHT).toBe(true);
    }
    expect(texts).toEqual(["a", "b", "c", "d"]);
  });

  it.each([0, 1])("has room for its notes in language %s", (language) => {
    const notes = money["disclosure.referral"][language]!;
    const lowest: number[] = [];
    const pen = {
      setFillStyle: () => undefined,
      setFontSize: () => undefined,
      setTextAlign: () => undefined,
      fillRect: () => undefined,
      fillText: (_: string, __: number, y: number) => lowest.push(y),
    };
    drawPoster(pen, { link: LINK, lines: ["a", "b", "c", notes] });
    expect(Math.max(...lowest)).toBeLessThan(HEIGHT - 16);
  });

  it("wraps words whole and Chinese anywhere", () => {
    expect(wrapped("签收且退货期满后结算", 6)).toEqual(["签收且退货期", "满后结算"]);
    expect(wrapped("free to join, nothing to buy", 8)).toEqual(["free to join,", "nothing to buy"]);
    expect(wrapped("即可推荐；签收", 4)).toEqual(["即可推", "荐；签收"]);
    expect(wrapped("", 5)).toEqual([]);
  });

  it("leaves no full stop alone", () => {
    expect(balanced("免费注册，无需购买。", 9)).toEqual(["免费注册，", "无需购买。"]);
    expect(balanced("short", 9)).toEqual(["short"]);
    expect(balanced("", 9)).toEqual([]);
  });
});
