// Elements and words. Text goes in as text, never as HTML.

export const config = JSON.parse(document.getElementById("desk-config").textContent);

/** A word of the page's language, with %(name)s filled in. */
export function word(name, values = {}) {
  return config.words[name].replace(/%\((\w+)\)s/g, (_all, key) => String(values[key]));
}

/** el("button", {class: "x", onclick: f}, "text", child) */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export function icon(name) {
  return el("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
}

const relative = new Intl.RelativeTimeFormat(config.language, { numeric: "always", style: "short" });
const moment = new Intl.DateTimeFormat(config.language, {
  month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
  timeZone: config.timezone,
});
const STEPS = [[86400, "day"], [3600, "hour"], [60, "minute"]];
// By how much the server's clock is ahead of this one.
let ahead = 0;

export function setServerTime(iso) {
  ahead = Date.parse(iso) - Date.now();
}

/** "in 2 hours", "3 days ago" */
export function ago(iso) {
  const seconds = (Date.parse(iso) - Date.now() - ahead) / 1000;
  for (const [size, unit] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return word("now");
}

export function isOver(iso) {
  return iso !== null && Date.parse(iso) <= Date.now() + ahead;
}

export function at(iso) {
  return moment.format(new Date(iso));
}

export function yuan(fen) {
  const sign = fen < 0 ? "-" : "";
  const whole = Math.floor(Math.abs(fen) / 100).toLocaleString("en");
  return `${sign}¥${whole}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;
}
