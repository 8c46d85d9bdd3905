// The list. Rows are kept and changed in place, so that what is ticked or has the focus stays.

import { ago, at, config, el, icon, isOver, word } from "./dom.js";

const list = document.getElementById("desk-list");
const rows = new Map(); // id → {node, item, text}
const GOODS_SHOWN = 2;

export const ticked = new Set();

export function goodsLine(item) {
  const shown = item.goods.slice(0, GOODS_SHOWN).map((one) => `${one.title} ×${one.units}`);
  if (item.goods.length > GOODS_SHOWN) shown.push(word("moreGoods", { count: item.goods.length - GOODS_SHOWN }));
  return shown.join(word("comma"));
}

/** When it is due: never by colour alone. */
export function dueChip(item) {
  if (item.due_at === null) return null;
  const over = isOver(item.due_at);
  const text = word(over ? "overdue" : "due", { when: ago(item.due_at) });
  return el("span", { class: `desk-chip ${over ? "is-over" : ""}`, title: at(item.due_at) },
    over ? icon("alarm") : "", text);
}

export function chips(item) {
  return [
    dueChip(item),
    item.hold ? el("span", { class: "desk-chip is-held" }, icon("pan_tool"), word("held", { reason: item.hold })) : null,
    item.repair ? el("span", { class: "desk-chip is-broken" }, icon("build"), word("repair")) : null,
    item.is_vote ? el("span", { class: "desk-chip" }, icon("how_to_vote"), votes(item)) : null,
  ];
}

export function votes(item) {
  if (item.ballots.some((one) => one.is_mine)) return word("youVoted");
  return word("votes", { count: item.ballots.length, of: item.quorum === "all" ? word("all") : item.quorum });
}

/** Whether it can be done without a look: a deed, not a decision. */
export function isDeed(item) {
  return item.outcomes[0].code === "done" && !item.is_vote && !item.repair && !item.hold;
}

function actionOf(item, on) {
  if (!isDeed(item)) {
    return el("button", { type: "button", class: "desk-button", tabindex: "-1", onclick: () => on.open(item.id) }, word("open"));
  }
  return el("button", { type: "button", class: "desk-button is-first", tabindex: "-1", onclick: () => on.complete([item], "") },
    item.outcomes[0].label);
}

function content(item, on) {
  const box = el("input", { type: "checkbox", tabindex: "-1", "aria-label": word("tick", { number: item.number }), onchange: () => on.tick(item.id) });
  box.checked = ticked.has(item.id);
  const facts = [item.buyer, goodsLine(item), item.places.join(word("comma"))].filter(Boolean).join(" · ");
  return [
    el("label", { class: "desk-tick" }, box),
    el("button", { type: "button", class: "desk-main", "data-open": item.id, onclick: () => on.open(item.id) },
      el("span", { class: "desk-line" },
        el("span", { class: "desk-number" }, item.number),
        el("span", { class: "desk-title" }, item.title), ...chips(item)),
      el("span", { class: "desk-facts" }, facts),
      el("span", { class: "desk-since" }, word("since", { when: ago(item.opened_at) }), " · ",
        [item.role_name, config.manyMerchants ? item.merchant : ""].filter(Boolean).join(" · "))),
    el("span", { class: "desk-does" },
      item.is_vote ? null : el("button", { type: "button", class: "desk-button is-quiet", tabindex: "-1",
        onclick: () => (item.is_mine ? on.release(item) : on.claim(item)) }, word(item.is_mine ? "release" : "claim")),
      actionOf(item, on)),
  ];
}

function fill(row, item, on) {
  const hadFocus = row.node.contains(document.activeElement);
  row.item = item;
  row.text = JSON.stringify(item);
  row.node.replaceChildren(...content(item, on));
  row.node.classList.toggle("is-mine", item.is_mine);
  if (hadFocus) focus(item.id);
}

/** Brings the list to `items`; returns how many are new. What was taken stays, marked. */
export function show(items, taken, on) {
  const here = current();
  const place = here === null ? -1 : ids().indexOf(here);
  let isNew = 0;
  const wanted = new Set(items.map((item) => item.id));
  for (const [id, row] of rows) {
    if (wanted.has(id) || row.node.classList.contains("is-taken")) continue;
    if (taken.has(id)) mark(row, taken.get(id));
    else drop(id);
  }
  let next = list.firstElementChild; // what was taken keeps its place among them
  for (const item of items) {
    let row = rows.get(item.id);
    if (row === undefined) {
      row = { node: el("li", { class: "desk-row", "data-id": item.id }) };
      rows.set(item.id, row);
      isNew += 1;
    }
    if (row.text !== JSON.stringify(item)) fill(row, item, on);
    row.node.classList.remove("is-taken");
    while (next !== null && next !== row.node && next.classList.contains("is-taken")) next = next.nextElementSibling;
    if (next === row.node) next = next.nextElementSibling;
    else list.insertBefore(row.node, next);
  }
  if (here !== null && !rows.has(here) && place >= 0) focus(ids()[Math.min(place, ids().length - 1)]);
  return isNew;
}

function mark(row, who) {
  const hadFocus = row.node.contains(document.activeElement);
  row.node.classList.add("is-taken");
  row.node.querySelector(".desk-does").replaceChildren(el("span", { class: "desk-taken" }, word("takenBy", { who })));
  for (const one of row.node.querySelectorAll("input")) one.disabled = true;
  ticked.delete(row.item.id);
  if (hadFocus) row.node.querySelector(".desk-main").focus();
  setTimeout(() => {
    if (row.node.classList.contains("is-taken")) drop(row.item.id);
  }, 15000);
}

export function drop(id) {
  rows.get(id)?.node.remove();
  rows.delete(id);
  ticked.delete(id);
}

export function clear() {
  rows.clear();
  list.replaceChildren();
}

export function refused(id, message) {
  const node = rows.get(id)?.node;
  node?.querySelector(".desk-refused")?.remove();
  node?.append(el("p", { class: "desk-refused", role: "status" }, icon("error"), message));
}

export function retime() {
  for (const row of rows.values()) {
    const since = row.node.querySelector(".desk-since");
    const chip = row.node.querySelector(".desk-chip[title]");
    if (since) since.firstChild.data = word("since", { when: ago(row.item.opened_at) });
    if (chip) chip.replaceWith(dueChip(row.item));
  }
}

export const ids = () => [...list.children].map((node) => Number(node.dataset.id));
export const get = (id) => rows.get(id)?.item;

/** The row that has the focus, or that is open. */
export function current() {
  const node = document.activeElement?.closest?.(".desk-row") ?? list.querySelector(".is-current");
  return node ? Number(node.dataset.id) : null;
}

export function setCurrent(id) {
  for (const node of list.children) node.classList.toggle("is-current", Number(node.dataset.id) === id);
}

export function focus(id) {
  const node = rows.get(id)?.node.querySelector(".desk-main");
  if (!node) return false;
  setCurrent(id);
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest" });
  return true;
}

/** The next row (1) or the one before (-1). */
export function move(by, { withFocus = true } = {}) {
  const all = ids();
  if (all.length === 0) return;
  const place = all.indexOf(current());
  const next = place < 0 ? 0 : Math.max(0, Math.min(all.length - 1, place + by));
  if (withFocus) focus(all[next]);
  else {
    setCurrent(all[next]);
    rows.get(all[next]).node.scrollIntoView({ block: "nearest" });
  }
}

export function setTick(id, on) {
  if (on) ticked.add(id);
  else ticked.delete(id);
  const box = rows.get(id)?.node.querySelector("input[type=checkbox]");
  if (box) box.checked = on;
}
