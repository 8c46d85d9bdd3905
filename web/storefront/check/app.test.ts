// The compiled resources of the app, as far as they can be looked at without HBuilderX and a phone:
// every page is in them, and nothing asks for what only a browser has. `script/web test` compiles them.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const BUILT = fileURLToPath(new URL("../dist/build/app/", import.meta.url));
const read = (name: string) => readFileSync(join(BUILT, name), "utf8");
const BROWSERS = /(?<![\w$.])(window|document|navigator|localStorage|sessionStorage|history)\.\w+/g;

describe("the app", () => {
  it("has every page of pages.json", () => {
    const source = new URL("../src/pages.json", import.meta.url);
    const { pages } = JSON.parse(readFileSync(source, "utf8")) as { pages: { path: string }[] };
    const service = read("app-config-service.js");
    expect(pages.map(({ path }) => path).filter((path) => !service.includes(`"${path}"`))).toEqual([]);
  });

  it("asks its device for nothing that only browsers have", () => {
    expect(read("app-service.js").match(BROWSERS)).toBeNull();
  });

  it("may pay, and takes nothing from other sites", () => {
    expect(JSON.parse(read("manifest.json"))).toMatchObject({ permissions: { Payment: {} } });
    const sheets = readdirSync(BUILT, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".css"));
    expect(sheets.length).toBeGreaterThan(1);
    expect(sheets.filter((name) => /url\(["']?(https?:)?\/\//.test(read(name)))).toEqual([]);
  });
});
