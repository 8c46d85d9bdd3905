// Calls of the desk's API.

import { config, word } from "./dom.js";

/** A refusal: `code`, and a message that says what to do. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
  }
}

async function send(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(config.api + path, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        "Accept-Language": config.language,
        ...(method === "GET" ? {} : { "Content-Type": "application/json", "X-CSRFToken": config.csrf }),
        ...headers,
      },
      body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
    });
  } catch {
    throw new Refusal(0, { code: "offline", message: word("offline") });
  }
  if (answer.status === 304) return { answer, data: null };
  let data = null;
  try {
    data = await answer.json();
  } catch {
    data = null;
  }
  if (answer.ok) return { answer, data };
  const error = data?.error ?? { code: "unknown", message: word("failed") };
  if (answer.status === 401) error.message = word("signedOut");
  throw new Refusal(answer.status, error);
}

// One wish is done once, however often it is sent.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function keyed(path, body) {
  const headers = { "Idempotency-Key": newKey() };
  try {
    return (await send("POST", path, body, headers)).data;
  } catch (error) {
    // It may have arrived: asked again with the same key, the answer is the same.
    if (error.code !== "offline") throw error;
    return (await send("POST", path, body, headers)).data;
  }
}

let mark = "";
let markOf = "";

/** The queue, or null where nothing has changed since it was last asked the same. */
export async function queue(question) {
  const query = new URLSearchParams(question).toString();
  const headers = mark && markOf === query ? { "If-None-Match": mark } : {};
  const { answer, data } = await send("GET", `?${query}`, null, headers);
  if (data !== null) [mark, markOf] = [answer.headers.get("ETag") ?? "", query];
  return data;
}

export function forgetQueue() {
  mark = "";
}

export const item = async (id) => (await send("GET", `/items/${id}`)).data;
export const find = async (code) => (await send("GET", `/find?${new URLSearchParams({ code })}`)).data;
export const claim = (id) => send("POST", `/items/${id}/claim`);
export const release = (id) => send("POST", `/items/${id}/release`);
export const retry = (id) => send("POST", `/items/${id}/retry`);
export const complete = (ids, outcome) => keyed("/complete", { item_ids: ids, outcome });
export const weigh = (id, grams) => send("PUT", `/parcels/${id}/weight`, { weight_g: grams });
export const carrier = (id, carrier, number) =>
  send("PUT", `/parcels/${id}/carrier`, { carrier, tracking_number: number });
