import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("uni", { getStorageSync: () => "", setStorageSync: () => undefined });
const { WORDS, locale, t, tCode } = await import(".");

const top = new URL("..", import.meta.url).pathname;
const sources = readdirSync(top, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(vue|ts)$/.test(name) && !/\.test\.ts$|i18n\/words\//.test(name))
  .map((name) => readFileSync(top + name, "utf8"))
  .join("\n");
const holes = (said: string) => [...said.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe("words", () => {
  const all = Object.entries(WORDS) as [string, readonly [string, string]][];

  it("are said in both languages, with the same holes", () => {
    const odd = all.filter(([, [zh, en]]) => !zh || !en || `${holes(zh)}` !== `${holes(en)}`);
    expect(odd).toEqual([]);
  });

  it("say nothing in Chinese to those who read English", () => {
    expect(all.filter(([, [, en]]) => /[\u4e00-\u9fff]/.test(en) && en !== "简体中文")).toEqual([]);
  });

  it("stand in one file only", () => {
    const files = readdirSync(`${top}i18n/words`).map((name) =>
      readFileSync(`${top}i18n/words/${name}`, "utf8"),
    );
    const keys = files.flatMap((text) => [...text.matchAll(/^ {2}"([^"]+)": /gm)].map(([, k]) => k));
    expect(keys.length).toBe(new Set(keys).size);
    expect(new Set(keys)).toEqual(new Set(Object.keys(WORDS)));
  });

  it("are all used", () => {
    // `tCode("group", code)` uses a whole group.
    const groups = [...sources.matchAll(/tCode\(\s*["']([\w.]+)["']/g)].map(([, group]) => `${group}.`);
    const unused = Object.keys(WORDS).filter(
      (key) =>
        !sources.includes(`"${key}"`) &&
        !sources.includes(`'${key}'`) &&
        !groups.some((group) => key.startsWith(group)),
    );
    expect(unused).toEqual([]);
  });

  it("fill their holes and follow the language", () => {
    expect(t("common.back")).toBe("返回");
    locale.value = "en";
    expect(t("common.back")).toBe("Back");
    expect(tCode("order.state", "unheard-of")).toBe("unheard-of");
  });
});

describe("pages", () => {
  it("leave Chinese to the words", () => {
    const found = readdirSync(top, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".vue"))
      .filter((name) => /[\u4e00-\u9fff]/.test(readFileSync(top + name, "utf8")));
    expect(found).toEqual([]);
  });
});
