// One item, with what it needs to be done. It is drawn when it is opened, and never under the
// hands of somebody who types: what changes meanwhile is said in its head.

import * as api from "./api.js";
import { ago, at, config, el, icon, word, yuan } from "./dom.js";
import { chips, votes } from "./rows.js";
import * as say from "./say.js";

// Where weight and carrier are written down; elsewhere they are folded away.
const NEED_PAPERS = new Set(["shipment.weigh", "shipment.pack", "shipment.print_slip", "shipment.create"]);
const pane = document.getElementById("desk-detail");
let open = null; // the item's details
let counted = new Map(); // article → pieces that were scanned

export const isOpen = () => open !== null;
export const item = () => open;

export async function show(id, on) {
  const found = await api.item(id);
  if (open?.id !== found.id) counted = new Map();
  open = found;
  draw(on);
}

export function close() {
  open = null;
  pane.hidden = true;
  pane.replaceChildren();
  document.getElementById("desk").classList.remove("has-detail");
}

/** Says in the head of an open item that it is no longer for this person. */
export function gone(text) {
  if (open === null || open.isGone) return;
  open.isGone = true;
  pane.querySelector(".desk-gone").textContent = text;
  for (const button of pane.querySelectorAll(".desk-outcomes button")) button.disabled = true;
}

function draw(on) {
  pane.hidden = false;
  document.getElementById("desk").classList.add("has-detail");
  pane.replaceChildren(...[
    el("div", { class: "desk-pane-top" },
      el("button", { type: "button", class: "desk-button is-quiet", onclick: on.close }, icon("arrow_back"), word("back")),
      el("a", { class: "desk-link", href: config.path.replace("/0/", `/${open.instance_id}/`) }, word("path"))),
    el("h2", { tabindex: "-1", class: "desk-pane-title" }, el("span", { class: "desk-number" }, open.number), " ", open.title),
    el("p", { class: "desk-gone", role: "status" }, state()),
    el("p", { class: "desk-line" }, ...chips(open)),
    open.repair ? el("p", { class: "desk-broken" }, open.repair) : null,
    facts(), theCase(), goods(), ...open.parcels.map((parcel) => parcelBox(parcel, on)), ballots(), actions(on)].filter(Boolean));
  recount();
}

function state() {
  if (open.closed_at) return word("closed", { who: open.closed_by || "–", outcome: open.outcome });
  if (open.assignee && !open.is_mine) return word("takenBy", { who: open.assignee });
  return open.may_do ? "" : word("notYours");
}

function facts() {
  const pairs = [
    [word("order"), orderLink()],
    [word("recipient"), [open.recipient, open.phone].filter(Boolean).join(" ")],
    [word("address"), open.address],
    [word("delivery"), open.delivery_method],
    [word("payment"), open.payment_method ? `${open.payment_method} · ${yuan(open.total_fen)}` : ""],
    [word("waiting"), `${ago(open.opened_at)} (${at(open.opened_at)})`],
    [word("dueAt"), open.due_at ? at(open.due_at) : ""],
    [word("claimedBy"), open.is_mine ? word("you") : open.assignee],
  ].filter(([, value]) => value);
  return el("dl", { class: "desk-factlist" },
    ...pairs.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
}

/** The order's number where it is not in the head already, and a link for those who may open it. */
function orderLink() {
  if (!config.order || !open.order_id) return open.order_number === open.number ? "" : open.order_number;
  return el("a", { class: "desk-link", href: config.order.replace("/0/", `/${open.order_id}/`) }, open.order_number);
}

function theCase() {
  const one = open.case;
  if (!one) return null;
  const amount = one.amount_fen ? ` · ${yuan(one.amount_fen)}` : "";
  return el("section", { class: "desk-box" }, el("h3", {}, word("case")),
    el("p", {}, `${one.kind} · ${one.state} · ${word("pieces", { count: one.units })}${amount}`),
    one.replacement ? el("p", {}, word("inExchange", { article: one.replacement })) : null,
    el("p", {}, one.reason), one.sent_back ? el("p", {}, word("sentBack", { number: one.sent_back })) : null);
}

function goods() {
  if (open.goods.length === 0) return null;
  return el("section", { class: "desk-box" },
    el("h3", {}, word("goods", { count: open.goods.reduce((sum, one) => sum + one.units, 0) })),
    el("ul", { class: "desk-goods" }, ...open.goods.map((one) =>
      el("li", { "data-code": one.code.toUpperCase(), "data-units": one.units },
        el("span", { class: "desk-units" }, `${one.units}×`),
        el("span", { class: "desk-article" }, one.title, el("small", {}, [one.code, one.place].filter(Boolean).join(" · "))),
        el("span", { class: "desk-counted" })))));
}

function parcelBox(parcel, on) {
  const known = [parcel.state, parcel.place, parcel.carrier, parcel.tracking_number, parcel.weight_g ? `${parcel.weight_g} g` : ""];
  const head = [el("h3", {}, word("parcel", { number: parcel.number })),
    el("p", { class: "desk-small" }, known.filter(Boolean).join(" · "))];
  if (!parcel.may_prepare) return el("section", { class: "desk-box" }, ...head);
  const box = el("details", { class: "desk-box", open: NEED_PAPERS.has(open.step) }, el("summary", {}, ...head));
  const field = (name, label, value, more = {}) =>
    el("label", { class: "desk-field" }, label, el("input", { name, value: value ?? "", autocomplete: "off", ...more }));
  const form = (save, ...fields) =>
    el("form", { class: "desk-form", onsubmit: async (event) => {
      event.preventDefault();
      await on.attempt(async () => {
        await save(new FormData(event.target));
        say.good(word("saved"));
      });
    } }, ...fields, el("button", { class: "desk-button", type: "submit" }, word("save")));
  box.append(
    form((data) => api.weigh(parcel.id, Number(data.get("weight"))),
      field("weight", word("weight"), parcel.weight_g, { type: "number", min: 1, max: 100000000, required: true, inputmode: "numeric" })),
    form((data) => api.carrier(parcel.id, data.get("carrier"), data.get("number")),
      field("carrier", word("carrier"), parcel.carrier, { maxlength: 40, required: true }),
      field("number", word("tracking"), parcel.tracking_number, { maxlength: 60, required: true })));
  return box;
}

function ballots() {
  if (!open.is_vote) return null;
  return el("section", { class: "desk-box" }, el("h3", {}, votes(open)),
    el("ul", {}, ...open.ballots.map((one) => el("li", {}, `${one.who}: ${one.outcome}`))));
}

function actions(on) {
  const can = config.mayAct && open.may_do && !open.hold && !open.ballots.some((one) => one.is_mine);
  const box = el("div", { class: "desk-outcomes" });
  if (open.hold) box.append(el("p", { class: "desk-small" }, word("heldLong")));
  if (open.repair) box.append(el("button", { type: "button", class: "desk-button is-first", disabled: !can, onclick: () => on.retry(open) }, word("retry")));
  if (open.may_decide) {
    open.outcomes.forEach((one, index) =>
      box.append(el("button", { type: "button", class: `desk-button ${index || open.repair ? "" : "is-first"}`, disabled: !can,
        "data-outcome": one.code, onclick: () => on.complete([open], one.code) }, one.label)));
  }
  if (!open.is_vote) {
    box.append(el("button", { type: "button", class: "desk-button is-quiet", disabled: !can,
      onclick: () => (open.is_mine ? on.release(open) : on.claim(open)) }, word(open.is_mine ? "release" : "claim")));
  }
  return box;
}

export function focusOutcome() {
  pane.querySelector(".desk-outcomes button:not(:disabled)")?.focus();
}

export function focusTitle() {
  pane.querySelector(".desk-pane-title")?.focus();
}

/** A scanned article of the open item. null: it is none of its articles. */
export function count(code) {
  const upper = code.toUpperCase();
  const rows = [...pane.querySelectorAll(`.desk-goods li`)].filter((row) => row.dataset.code === upper);
  if (open === null || rows.length === 0) return null;
  const wanted = rows.reduce((sum, row) => sum + Number(row.dataset.units), 0);
  const now = (counted.get(upper) ?? 0) + 1;
  if (now > wanted) return { isTooMany: true, now: wanted, wanted, isAll: false };
  counted.set(upper, now);
  recount();
  return { isTooMany: false, now, wanted, isAll: isComplete() };
}

/** Whether every piece was scanned. */
export function isComplete() {
  const rows = [...pane.querySelectorAll(".desk-goods li")];
  return rows.length > 0 && rows.every((row) => row.classList.contains("is-counted"));
}

function recount() {
  const left = new Map(counted);
  for (const row of pane.querySelectorAll(".desk-goods li")) {
    const units = Number(row.dataset.units);
    const here = Math.min(units, left.get(row.dataset.code) ?? 0);
    left.set(row.dataset.code, (left.get(row.dataset.code) ?? 0) - here);
    row.classList.toggle("is-counted", here === units);
    row.querySelector(".desk-counted").textContent = here ? `${here}/${units}${here === units ? " ✓" : ""}` : "";
  }
}
