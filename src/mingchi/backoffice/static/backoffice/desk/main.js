// The work desk: what there is to do, most urgent first, kept up to date without a reload.

import * as api from "./api.js";
import * as detail from "./detail.js";
import { config, el, setServerTime, word } from "./dom.js";
import * as keys from "./keys.js";
import * as rows from "./rows.js";
import * as say from "./say.js";
import * as scan from "./scan.js";
import { settings } from "./settings.js";

const desk = document.getElementById("desk");
const bulk = document.getElementById("desk-bulk");
const help = document.getElementById("desk-help");
const confirmed = document.getElementById("desk-confirm");
const question = { view: config.view, role: "", step: "", overdue: String(config.overdue) };
let timer = 0;
let failures = 0;
let asking = null;

// Reading

async function refresh() {
  clearTimeout(timer);
  asking ??= ask().finally(() => (asking = null));
  await asking;
  timer = setTimeout(refresh, Math.min(60000, config.pollMs * 2 ** failures) * (0.85 + Math.random() * 0.3));
}

async function ask() {
  if (document.hidden) return;
  const asked = JSON.stringify(question);
  try {
    const found = await api.queue(question);
    failures = 0;
    desk.classList.remove("is-offline");
    if (found !== null && asked === JSON.stringify(question)) take(found);
  } catch (error) {
    failures = Math.min(4, failures + 1);
    desk.classList.add("is-offline");
    document.getElementById("desk-offline").textContent = error.message;
  }
}

async function again() {
  api.forgetQueue();
  if (asking) await asking;
  await refresh();
}

function take(found) {
  setServerTime(found.as_of);
  const taken = new Map(found.taken.map((one) => [one.item_id, one.by]));
  const isNew = rows.show(found.items, taken, on);
  for (const name of ["mine", "group", "repairs", "overdue"]) {
    for (const node of document.querySelectorAll(`[data-count=${name}]`)) node.textContent = found.counts[name];
  }
  for (const chip of document.querySelectorAll("[data-role]")) {
    const count = chip.dataset.role ? found.counts.by_role[chip.dataset.role] ?? 0 : found.counts.group;
    chip.querySelector("b").textContent = count;
  }
  document.getElementById("desk-empty").hidden = rows.ids().length > 0;
  document.getElementById("desk-list").setAttribute("aria-busy", "false");
  const open = detail.item();
  if (open && taken.has(open.id)) detail.gone(word("takenBy", { who: taken.get(open.id) }));
  if (isNew && failures === 0) say.aside(word("newItems", { count: isNew }));
  showBulk();
}

// Doing

async function attempt(run) {
  try {
    await run();
    return true;
  } catch (error) {
    say.bad(error.message);
    return false;
  }
}

const on = {
  attempt,
  open: (id) => attempt(async () => {
    say.hush();
    const back = history.state?.item;
    await detail.show(id, on);
    if (back === undefined) history.pushState({ item: id }, "");
    else history.replaceState({ item: id }, "");
    rows.setCurrent(id);
    if (!settings.keepFocus) detail.focusTitle();
  }),
  openCurrent: () => rows.current() !== null && on.open(rows.current()),
  close() {
    if (history.state?.item !== undefined) history.back();
    else closed();
  },
  tick(id) {
    rows.setTick(id, !rows.ticked.has(id));
    showBulk();
  },
  claim: (item) => attempt(async () => {
    await api.claim(item.id);
    say.good(word("claimed", { number: item.number }));
    await after(item.id);
  }),
  release: (item) => attempt(async () => {
    await api.release(item.id);
    say.good(word("released", { number: item.number }));
    await after(item.id);
  }),
  retry: (item) => attempt(async () => {
    await api.retry(item.id);
    say.good(word("retried", { number: item.number }));
    await over(item.id);
  }),
  complete: (items, outcome) => attempt(async () => {
    const { answers } = await api.complete(items.map((item) => item.id), outcome);
    const byId = new Map(items.map((item) => [item.id, item]));
    const refusedOnes = answers.filter((one) => one.code);
    tell(answers, refusedOnes, byId);
    for (const one of answers.filter((each) => !each.code)) await over(one.item_id, one.outcome === null);
    await again();
    for (const one of refusedOnes) rows.refused(one.item_id, one.message);
  }),
};

function tell(answers, refusedOnes, byId) {
  const done = answers.length - refusedOnes.length;
  const first = byId.get(answers[0].item_id);
  if (answers.length === 1) {
    if (refusedOnes.length) return say.bad(`${first.number}: ${refusedOnes[0].message}`);
    return say.good(word(answers[0].outcome === null ? "voted" : "done", { number: first.number, title: first.title }));
  }
  if (refusedOnes.length === 0) return say.good(word("allDone", { count: done }));
  const why = refusedOnes.map((one) => `${byId.get(one.item_id).number}: ${one.message}`).join("\n");
  say.bad(`${word("someDone", { count: done, refused: refusedOnes.length })}\n${why}`);
}

async function after(id) {
  await again();
  if (detail.item()?.id === id) await detail.show(id, on);
}

async function over(id, voted = false) {
  if (detail.item()?.id === id) {
    if (voted) await detail.show(id, on);
    else on.close();
  }
  if (!voted) {
    if (rows.current() === id) rows.move(1, { withFocus: !settings.keepFocus });
    rows.drop(id);
  }
}

function closed() {
  const id = detail.item()?.id;
  detail.close();
  if (settings.keepFocus) scan.focus();
  else if (id !== undefined && !rows.focus(id)) rows.move(0);
}

// Many at once

function chosen() {
  return [...rows.ticked].map(rows.get).filter(Boolean);
}

function showBulk() {
  const items = chosen();
  bulk.hidden = items.length === 0;
  if (items.length === 0) return;
  const shared = items[0].outcomes.filter((one) =>
    items.every((item) => item.may_decide && item.outcomes.some((other) => other.code === one.code)));
  bulk.replaceChildren(
    el("span", { class: "desk-bulk-count", role: "status" }, word("chosen", { count: items.length })),
    el("button", { type: "button", class: "desk-button is-quiet", onclick: claimAll }, word("claim")),
    ...shared.map((one, index) => el("button", { type: "button", class: `desk-button ${index ? "" : "is-first"}`,
      onclick: () => confirmMany(one.code, one.label) }, one.label)),
    ...(shared.length ? [] : [el("button", { type: "button", class: "desk-button is-first",
      onclick: () => confirmMany("", word("complete")) }, word("complete"))]),
    el("button", { type: "button", class: "desk-button is-quiet", onclick: untick }, word("untick")));
}

function untick() {
  for (const id of [...rows.ticked]) rows.setTick(id, false);
  showBulk();
}

async function claimAll() {
  let done = 0;
  const items = chosen();
  for (const item of items) {
    try {
      await api.claim(item.id);
      done += 1;
    } catch (error) {
      rows.refused(item.id, error.message);
    }
  }
  say[done === items.length ? "good" : "bad"](word("claimedSome", { count: done, of: items.length }));
  await again();
}

function confirmMany(outcome, label) {
  const items = chosen();
  const steps = new Map();
  for (const item of items) steps.set(item.title, (steps.get(item.title) ?? 0) + 1);
  confirmed.querySelector("p").textContent = word("sure", {
    label, count: items.length, steps: [...steps].map(([title, count]) => `${title} ×${count}`).join(word("comma")),
  });
  confirmed.onclose = () => confirmed.returnValue === "yes" && on.complete(items, outcome);
  confirmed.returnValue = "";
  confirmed.showModal();
}

function completeCurrent() {
  if (rows.ticked.size) return confirmMany("", word("complete"));
  const item = detail.isOpen() ? detail.item() : rows.get(rows.current());
  if (!item) return undefined;
  if (rows.isDeed(item)) return on.complete([item], "");
  if (detail.item()?.id === item.id) return detail.focusOutcome();
  return on.open(item.id).then(detail.focusOutcome);
}

// Wiring

function askFor(changes) {
  Object.assign(question, changes);
  rows.clear();
  untick();
  showQuestion();
  again();
}

function showQuestion() {
  for (const tab of document.querySelectorAll("[data-view]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.view === question.view));
  }
  for (const chip of document.querySelectorAll("[data-role]")) {
    chip.setAttribute("aria-pressed", String(chip.dataset.role === question.role));
  }
  document.getElementById("desk-roles").hidden = question.view !== "group";
  document.getElementById("desk-overdue").setAttribute("aria-pressed", question.overdue);
}

for (const tab of document.querySelectorAll("[data-view]")) {
  tab.addEventListener("click", () => askFor({ view: tab.dataset.view, role: "", step: "" }));
}
for (const chip of document.querySelectorAll("[data-role]")) {
  chip.addEventListener("click", () => askFor({ role: chip.dataset.role }));
}
document.getElementById("desk-overdue").addEventListener("click", () =>
  askFor({ overdue: question.overdue === "true" ? "false" : "true" }));
for (const button of document.querySelectorAll("[data-help]")) {
  button.addEventListener("click", () => help.showModal());
}
window.addEventListener("popstate", () => {
  if (history.state?.item === undefined) closed();
  else on.open(history.state.item);
});
document.addEventListener("visibilitychange", () => !document.hidden && refresh());
window.addEventListener("online", refresh);

const claimCurrent = () => {
  const item = detail.item() ?? rows.get(rows.current());
  if (item && !item.is_vote) (item.is_mine ? on.release : on.claim)(item);
};
keys.start({
  j: () => rows.move(1),
  k: () => rows.move(-1),
  ArrowDown: () => rows.move(1, { withFocus: !settings.keepFocus }),
  ArrowUp: () => rows.move(-1, { withFocus: !settings.keepFocus }),
  x: () => rows.current() !== null && on.tick(rows.current()),
  c: claimCurrent,
  d: completeCurrent,
  o: () => on.openCurrent(),
  g: () => askFor({ view: question.view === "mine" ? "group" : "mine", role: "", step: "" }),
  "/": () => scan.field.focus(),
  "?": () => help.showModal(),
  Escape() {
    if (detail.isOpen()) on.close();
    else if (document.activeElement === scan.field) scan.field.blur();
    else untick();
  },
}, () => help.open || confirmed.open);

if (config.step) question.step = config.step;
history.replaceState(null, "");
showQuestion();
scan.start(on);
setInterval(rows.retime, 30000);
refresh();
