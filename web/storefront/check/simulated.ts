// WeChat's mini-program, simulated: compiled pages are loaded, run and rendered by WeChat's own
// `miniprogram-simulate`, over a `wx` that keeps what it is asked. The API answers what its schema
// says, every field there.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { JSDOM } from "jsdom";

type Json = Record<string, any>;
interface Asked {
  method: string;
  path: string;
  data: unknown;
}
export interface Shown {
  text: string;
  html: string;
  press: (name: string) => Promise<void>;
  leave: () => void;
}

const require = createRequire(import.meta.url);
const BUILT = fileURLToPath(new URL("../dist/build/mp-weixin/", import.meta.url));
const schema = JSON.parse(readFileSync(new URL("../src/api/openapi.json", import.meta.url), "utf8")) as Json;
const DAY = "2026-11-02T04:00:00Z";

/** What was asked of the API, where the program went, what it told, what WeChat was to be paid, and what
 * went wrong, since a page was opened. */
const nothing = () => ({
  asked: [] as Asked[],
  gone: [] as string[],
  told: [] as string[],
  paid: [] as Json[],
  faults: [] as unknown[],
});
export const seen = nothing();
/** What the API answers in place of an example, by `METHOD path`. */
export const answers: Record<string, unknown> = {};
/** What the payer does in WeChat's window, as WeChat tells the program. */
export const payer = { does: "requestPayment:ok" };
export const pages = (JSON.parse(readFileSync(`${BUILT}app.json`, "utf8")) as { pages: string[] }).pages;

const stored: Json = { "mingchi.session": { token: "t", memberId: 1 } };
const noticed = () => undefined;
const device = { platform: "devtools", brand: "devtools", model: "devtools", system: "iOS 17", language: "zh_CN", theme: "light", windowWidth: 390, statusBarHeight: 20 };
const went = ({ url }: { url: string }) => void seen.gone.push(url);
const wx: Json = {
  getStorageSync: (name: string) => stored[name] ?? "",
  setStorageSync: (name: string, value: unknown) => void (stored[name] = value),
  removeStorageSync: (name: string) => void delete stored[name],
  request: answer,
  navigateTo: went,
  redirectTo: went,
  switchTab: went,
  reLaunch: went,
  showToast: ({ title }: Json) => void seen.told.push(title),
  showModal: ({ success }: Json) => success({ confirm: true, cancel: false }),
  requestPayment: pay,
  login: ({ success }: Json) => success({ code: "of-this-device" }),
  setNavigationBarTitle: noticed,
  getSystemInfoSync: () => device,
  getWindowInfo: () => device,
  getDeviceInfo: () => device,
  getAppBaseInfo: () => device,
  getLaunchOptionsSync: () => ({ path: "", query: {} }),
  getEnterOptionsSync: () => ({ path: "", query: {} }),
  onThemeChange: noticed,
};

/** WeChat's window over the page: only `ok` is a success. */
function pay({ success, fail, complete: _, ...asked }: Json): void {
  seen.paid.push(asked);
  const tell = payer.does.endsWith(":ok") ? success : fail;
  setTimeout(() => tell({ errMsg: payer.does }));
}

/** An operation's answer, made of the schema of its first success. */
function answer({ url, method, data, success }: Json): { abort: () => void } {
  const path = new URL(url, "https://shop.test").pathname;
  seen.asked.push({ method, path, data });
  const operation = operations.find((one) => one.method === method && one.path.test(path));
  if (!operation) throw new Error(`the API has no ${method} ${path}`);
  const told = answers[`${method} ${path}`] ?? example(operation.body);
  setTimeout(() => success({ statusCode: operation.status, data: told, header: {} }));
  return { abort: noticed };
}

const operations = Object.entries(schema["paths"] as Json).flatMap(([path, methods]) =>
  Object.entries(methods as Json).map(([method, operation]) => {
    const status = Object.keys(operation.responses).find((code) => code.startsWith("2"))!;
    return {
      method: method.toUpperCase(),
      path: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`),
      status: Number(status),
      body: operation.responses[status].content?.["application/json"]?.schema,
    };
  }),
);

/** A value of a JSON schema with every field, no null where something else may stand. */
function example(of: Json | undefined, name = "", depth = 0): unknown {
  if (!of || depth > 8 || name === "parent_id") return null; // a root: categories are a tree
  if (of["$ref"]) {
    const found = (of["$ref"] as string).split("/").slice(1).reduce((at: Json, key) => at[key], schema);
    return example(found, name, depth + 1);
  }
  if (of["enum"]) return of["enum"][0];
  if ("const" in of) return of["const"];
  const choices = of["anyOf"] ?? of["oneOf"] ?? of["allOf"];
  if (choices) return example((choices as Json[]).find((one) => one["type"] !== "null"), name, depth + 1);
  if (of["type"] === "array") return [example(of["items"], name, depth + 1)];
  if (of["type"] === "integer" || of["type"] === "number") return of["minimum"] ?? 3;
  if (of["type"] === "boolean") return true;
  if (of["type"] === "string") return of["format"] === "date-time" ? DAY : of["format"] === "date" ? DAY.slice(0, 10) : name;
  const fields = Object.entries((of["properties"] ?? {}) as Json);
  return Object.fromEntries(fields.map(([key, field]) => [key, example(field, key, depth + 1)]));
}

// What the simulation and its parts ask of a browser.
const OF_BROWSER = ["document", "Node", "Element", "HTMLElement", "Event", "CustomEvent", "Text", "DocumentFragment"];

/** Start the program for a member who is signed in: its code runs, its pages can be opened. */
export function launch(): void {
  const global = globalThis as Json;
  const { window } = new JSDOM("", { url: "https://shop.test/" });
  Object.assign(global, { window }, Object.fromEntries(OF_BROWSER.map((name) => [name, (window as Json)[name]])));
  window.document.head.appendChild = (style) => style; // nothing is laid out here
  const simulate = require("miniprogram-simulate");
  Object.assign(global["wx"], wx);
  Object.assign(global, { Page: noticed, Behavior: (one: unknown) => one, getCurrentPages: () => [] });
  global["App"] = (app: Json) => (global["getApp"] = () => app);
  for (const told of ["error", "warn"] as const) console[told] = (...words: unknown[]) => void seen.faults.push(words);
  require(`${BUILT}app.js`);
  global["getApp"]().onLaunch({ path: "", query: {} });
  Object.assign(global, { simulate });
}

/** Open a page as WeChat does, until what it asked for is there. */
export async function open(page: string, query: Record<string, string>): Promise<Shown> {
  Object.assign(seen, nothing());
  const { simulate } = globalThis as Json;
  const component = simulate.render(simulate.load(`${BUILT}${page}`, { compiler: "official", rootPath: BUILT }));
  const ground = document.createElement("div");
  component.attach(ground);
  component.instance.onLoad?.(query);
  component.instance.onShow?.();
  await settled(ground);
  return {
    get html() {
      return ground.innerHTML;
    },
    get text() {
      return ground.textContent ?? "";
    },
    press: (name) => press(ground, name),
    leave() {
      component.instance.onUnload?.();
      component.detach();
    },
  };
}

async function press(ground: Element, name: string): Promise<void> {
  const found = [...ground.querySelectorAll("app-tap")].filter((one) => one.textContent?.trim() === name);
  if (!found.length) throw new Error(`nothing to press is called ${name}`);
  const { Event: Events } = require("miniprogram-exparser");
  const tap = Events.create("tap", {}, { bubbles: true, capturePhase: true, composed: true });
  Events.dispatchEvent((found[0]!.firstElementChild as Json)["__wxElement"], tap);
  await settled(ground);
}

/** A few turns of the loop: an answer, what is drawn of it, what that asks for; more while the page
 * says that it waits. */
async function settled(ground: Element): Promise<void> {
  for (let turn = 0; turn < 8 || (turn < 100 && ground.innerHTML.includes("app-bone")); turn++)
    await new Promise((go) => setTimeout(go, 1));
}
