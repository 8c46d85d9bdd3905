// What somebody has set for this device.

import { config } from "./dom.js";

const KEY = "mingchi-desk";
const plain = { keepFocus: config.scansFirst, completes: false, sound: true };

function read() {
  try {
    return { ...plain, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...plain };
  }
}

export const settings = read();

export function set(name, value) {
  settings[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // private browsing: kept until the page is left
  }
}
