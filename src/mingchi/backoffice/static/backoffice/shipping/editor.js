// Edits the rules of a shipping template in place of the text field that holds them as JSON.
import { pick } from "./picker.js";

const config = JSON.parse(document.getElementById("shipping-config").textContent);
const source = document.querySelector(".bo-rules-source");
const unit = document.querySelector("select[name=unit]");
// One piece, or a kilogram.
const usual = () => {
  const units = unit.value === "weight" ? 1000 : 1;
  return {
    first_units: units, first_fen: 1000, additional_units: units, additional_fen: 200,
    free_from_fen: null, free_from_pieces: null,
  };
};
let state = read();
let areas = [];

function read() {
  try {
    const found = JSON.parse(source.value);
    return { default: found.default, rules: found.rules };
  } catch {
    return { default: usual(), rules: [] };
  }
}

function write() {
  source.value = JSON.stringify(state);
}

/** Text goes in as text, never as HTML. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const word = (name) => config.words[name];

function nameOf(prefix) {
  const names = [];
  let level = areas;
  for (const digits of [2, 4, 6]) {
    const code = prefix.slice(0, digits).padEnd(6, "0");
    const found = digits <= prefix.length && level.find((area) => area.code === code);
    if (!found) continue;
    names.push(found.name);
    level = found.children;
  }
  return names.join("") || prefix;
}

const yuan = (fen) => (fen === null ? "" : `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`);

/** Fen of what was typed, null where it is empty, undefined where it is no amount. */
function fen(text) {
  if (text === "") return null;
  const found = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(text);
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : undefined;
}

function whole(text) {
  if (text === "") return null;
  return /^\d{1,8}$/.test(text) ? Number(text) : undefined;
}

function cell(fee, name, label, after) {
  const money = name.endsWith("_fen");
  const input = el("input", {
    type: "text",
    inputmode: money ? "decimal" : "numeric",
    value: money ? yuan(fee[name]) : (fee[name] ?? ""),
    "aria-label": `${label} (${after})`,
    oninput: () => {
      const value = (money ? fen : whole)(input.value.trim());
      const wrong = value === undefined || (value === null && !name.startsWith("free"));
      input.setAttribute("aria-invalid", String(wrong));
      // What can't be read goes to the server as it is, which says so.
      fee[name] = wrong ? input.value : value;
      write();
    },
  });
  return el("label", {}, el("span", {}, label), input, el("span", {}, after));
}

function cells(fee) {
  const units = word(unit.value === "weight" ? "grams" : "pieces");
  return el(
    "div", { class: "ship-cells" },
    cell(fee, "first_units", word("first"), units),
    cell(fee, "first_fen", "", word("yuan")),
    cell(fee, "additional_units", word("additional"), units),
    cell(fee, "additional_fen", "", word("yuan")),
    cell(fee, "free_from_fen", word("free_from"), ""),
    cell(fee, "free_from_pieces", word("free_pieces"), ""),
  );
}

function sent(of, key) {
  const box = el("input", {
    type: "checkbox",
    checked: of[key] !== null,
    onchange: () => {
      of[key] = box.checked ? usual() : null;
      show();
    },
  });
  return el("label", {}, box, word("sent"));
}

function rule(of, place) {
  const names = of.regions.map(nameOf).join("、") || word("none");
  const others = new Set(state.rules.filter((other) => other !== of).flatMap((x) => x.regions));
  const choose = async () => {
    const found = await pick({ areas, chosen: of.regions, taken: others, word, el });
    if (found) of.regions = found;
    show();
  };
  const remove = () => {
    state.rules.splice(place, 1);
    show();
  };
  return el(
    "div", { class: "ship-rule" },
    el(
      "div", { class: "ship-head" },
      el("span", { class: "ship-regions" }, names),
      sent(of, "fee"),
      el("button", { type: "button", class: "ship-button", onclick: choose }, word("choose")),
      el("button", { type: "button", class: "ship-button", onclick: remove }, word("remove")),
    ),
    of.fee && cells(of.fee),
  );
}

function add() {
  state.rules.push({ regions: [], fee: usual() });
  show();
}

function show() {
  write();
  board.replaceChildren(
    ...state.rules.map(rule),
    el(
      "div", { class: "ship-rule" },
      el(
        "div", { class: "ship-head" },
        el("span", { class: "ship-regions" }, word("all")),
        sent(state, "default"),
      ),
      state.default && cells(state.default),
    ),
    el("div", {}, el("button", { type: "button", class: "ship-button", onclick: add }, word("add"))),
  );
}

const board = el("div", { class: "ship-rules" });
source.after(board);
source.hidden = true;
unit.addEventListener("change", () => {
  // Fees that nobody has touched go by the new unit; what was typed stays.
  const other = unit.value === "weight" ? 1 : 1000;
  for (const fee of [state.default, ...state.rules.map((of) => of.fee)]) {
    if (fee?.first_units === other && fee.additional_units === other) {
      fee.first_units = fee.additional_units = usual().first_units;
    }
  }
  show();
});
show();
fetch(config.areas)
  .then((answer) => answer.json())
  .then((found) => {
    areas = found;
    show();
  });
