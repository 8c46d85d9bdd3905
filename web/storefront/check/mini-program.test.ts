// The compiled mini-program, as far as it can be looked at without WeChat's own tools: every page is
// there and whole, uses only components that exist and tags that WeChat knows, and fits the main
// package. `script/web test` compiles it first.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const BUILT = fileURLToPath(new URL("../dist/build/mp-weixin/", import.meta.url));
const MOST_BYTES = 2 * 1024 * 1024;
const TAGS = new Set([
  "view", "text", "image", "input", "textarea", "button", "swiper", "swiper-item", "scroll-view",
  "block", "slot", "template", "rich-text", "canvas", "picker", "picker-view", "picker-view-column",
  "form", "label", "icon", "navigator", "wxs", "import", "include", "page-meta", "root-portal",
]); // prettier-ignore

const files = readdirSync(BUILT, { recursive: true, encoding: "utf8" }).filter((name) =>
  statSync(join(BUILT, name)).isFile(),
);
const json = (name: string) => JSON.parse(readFileSync(join(BUILT, name), "utf8"));
const app = json("app.json") as { pages: string[]; usingComponents?: Record<string, string> };
const wxml = files.filter((name) => name.endsWith(".wxml"));

/** The tags of a template, what stands in double braces left out. */
function tags(name: string): Set<string> {
  const text = readFileSync(join(BUILT, name), "utf8").replace(/\{\{.*?\}\}/gs, "");
  return new Set([...text.matchAll(/<([a-z][\w-]*)/g)].map(([, tag]) => tag!));
}

/** Where a component of a page or component is, without ending; null where nothing says so. */
function found(from: string, tag: string): string | null {
  const own = json(from.replace(/\.wxml$/, ".json")) as { usingComponents?: Record<string, string> };
  const path = own.usingComponents?.[tag] ?? app.usingComponents?.[tag];
  if (!path) return null;
  return path.startsWith("/") ? path.slice(1) : relative(BUILT, join(BUILT, dirname(from), path));
}

describe("the mini-program", () => {
  it("has every page of pages.json, whole", () => {
    const source = new URL("../src/pages.json", import.meta.url);
    const named = (JSON.parse(readFileSync(source, "utf8")) as { pages: { path: string }[] }).pages;
    expect(app.pages).toEqual(named.map((page) => page.path));
    const missing = app.pages
      .flatMap((page) => ["js", "json", "wxml"].map((ending) => `${page}.${ending}`))
      .filter((name) => !existsSync(join(BUILT, name)));
    expect(missing).toEqual([]);
  });

  it("uses only components that are there", () => {
    const missing = wxml.flatMap((name) =>
      [...tags(name)]
        .filter((tag) => !TAGS.has(tag))
        .map((tag) => ({ name, tag, path: found(name, tag) }))
        .filter(({ path }) => path === null || !existsSync(join(BUILT, `${path}.wxml`))),
    );
    expect(missing).toEqual([]);
  });

  it("asks WeChat for nothing that only browsers have", () => {
    const browsers = wxml.filter((name) => /\bbindkeydown|\bonclick=|<(div|span|img|a)\b/.test(readFileSync(join(BUILT, name), "utf8")));
    expect(browsers).toEqual([]);
    const sheets = files.filter((name) => name.endsWith(".wxss"));
    const elsewhere = sheets.filter((name) =>
      /url\(["']?(https?:)?\/\//.test(readFileSync(join(BUILT, name), "utf8")),
    );
    expect(elsewhere).toEqual([]);
  });

  it("fits the main package", () => {
    const bytes = files.reduce((sum, name) => sum + statSync(join(BUILT, name)).size, 0);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });
});
