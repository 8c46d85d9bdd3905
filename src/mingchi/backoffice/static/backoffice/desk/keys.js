// The keyboard. A single letter is a command where nothing is typed into; what comes faster than
// fingers is a scanner, and goes to its field instead.

import * as scan from "./scan.js";

const PAUSE_MS = 45;
const TYPES = "input:not([type=checkbox]), textarea, select, [contenteditable]";
let waiting = null; // {key, run, timer}

/** `commands`: key → function. `isBlocked`: whether a dialog is open. */
export function start(commands, isBlocked) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.(TYPES);
    if (typing && typing !== scan.field) return;
    if (event.key === "Escape") return commands.Escape(event);
    if (isBlocked()) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      return commands[event.key](event);
    }
    if (typing || event.key.length !== 1 || event.key === " ") return;
    event.preventDefault();
    letter(event, commands);
  });
}

function letter(event, commands) {
  if (waiting !== null) {
    // Two keys at once: a scanner.
    clearTimeout(waiting.timer);
    scan.field.value += waiting.key + event.key;
    waiting = null;
    return scan.field.focus();
  }
  const run = commands[event.key];
  if (event.repeat) return run?.(event);
  const key = event.key;
  const timer = setTimeout(() => {
    waiting = null;
    run?.(event);
  }, PAUSE_MS);
  waiting = { key, timer };
}
