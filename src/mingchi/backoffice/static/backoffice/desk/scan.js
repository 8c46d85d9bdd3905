// The scanner's field. A scanner types a code and presses Enter; the field holds the focus as long
// as that is wanted.

import * as api from "./api.js";
import * as detail from "./detail.js";
import { word } from "./dom.js";
import * as rows from "./rows.js";
import * as say from "./say.js";
import { set, settings } from "./settings.js";

const form = document.getElementById("desk-scan");
export const field = document.getElementById("desk-code");
const keep = document.getElementById("desk-keep");
const completes = document.getElementById("desk-completes");
const sound = document.getElementById("desk-sound");
const TYPES = "input, textarea, select, [contenteditable], dialog[open] *";

export function focus() {
  // A phone's own keyboard would cover the list; a finger on the field brings it.
  if (matchMedia("(pointer: coarse)").matches) field.inputMode = "none";
  field.focus({ preventScroll: true });
}

function comeBack() {
  setTimeout(() => {
    const here = document.activeElement;
    if (settings.keepFocus && !document.hidden && !here?.closest?.(TYPES)) focus();
  }, 0);
}

export function start(on) {
  keep.checked = settings.keepFocus;
  completes.checked = settings.completes;
  sound.checked = settings.sound;
  keep.addEventListener("change", () => {
    set("keepFocus", keep.checked);
    if (keep.checked) focus();
  });
  completes.addEventListener("change", () => (set("completes", completes.checked), comeBack()));
  sound.addEventListener("change", () => (set("sound", sound.checked), comeBack()));
  field.addEventListener("pointerdown", () => (field.inputMode = "text"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = field.value.trim();
    field.value = "";
    if (code) take(code, on);
    else on.openCurrent();
  });
  document.addEventListener("click", (event) => {
    if (settings.keepFocus && !event.target.closest?.(TYPES)) comeBack();
  });
  window.addEventListener("focus", comeBack);
  if (settings.keepFocus) focus();
}

// Codes are worked one after the other: a scanner is quicker than the network.
let before = Promise.resolve();

export function take(code, on) {
  before = before.then(() => scanned(code, on)).catch((error) => say.bad(error.message));
}

async function scanned(code, on) {
  say.hush();
  const open = detail.item();
  if (open !== null && !open.closed_at) {
    const count = detail.count(code);
    if (count !== null) return told(code, count);
    if (isSame(code, open) && rows.isDeed(open) && (settings.completes || detail.isComplete())) {
      return on.complete([open], "");
    }
  }
  let found;
  try {
    found = await api.find(code);
  } catch (error) {
    return say.bad(open && error.code === "code_unknown" ? word("notHere", { code }) : error.message);
  }
  const first = found.items[0];
  if (settings.completes && !found.is_article && found.items.length === 1 && rows.isDeed(first)) {
    return on.complete([first], "");
  }
  await on.open(first.id);
  say.good(found.items.length > 1
    ? word("foundSome", { code, count: found.items.length, title: first.title, number: first.number })
    : word("found", { number: first.number, title: first.title }));
}

function isSame(code, open) {
  const upper = code.toUpperCase();
  return [open.number, open.order_number, ...open.parcels.flatMap((one) => [one.number, one.tracking_number])]
    .some((one) => one && one.toUpperCase() === upper);
}

function told(code, count) {
  if (count.isTooMany) return say.bad(word("tooMany", { code, wanted: count.wanted }));
  const text = word("counted", { code, now: count.now, wanted: count.wanted });
  say.good(count.isAll ? `${text} ${word("allThere")}` : text);
}
