// Says what happened to somebody who does not look at the screen: a band of colour, text that a
// screen reader speaks at once, and a sound.

import { settings } from "./settings.js";

const band = document.getElementById("desk-said");
const quiet = document.getElementById("desk-quiet");
band.addEventListener("click", hush);
let sound = null;
let clearing = 0;

function tone(frequency, seconds, after, type) {
  const oscillator = sound.createOscillator();
  const gain = sound.createGain();
  oscillator.type = type;
  oscillator.frequency.value = frequency;
  gain.gain.value = 0.2;
  oscillator.connect(gain).connect(sound.destination);
  oscillator.start(sound.currentTime + after);
  oscillator.stop(sound.currentTime + after + seconds);
}

function play(isGood) {
  if (!settings.sound || !("AudioContext" in window)) return;
  try {
    sound ??= new AudioContext();
    if (isGood) tone(990, 0.09, 0, "sine");
    else for (const after of [0, 0.28]) tone(190, 0.22, after, "square");
  } catch {
    sound = null; // there is no sound device
  }
}

function show(text, kind) {
  clearTimeout(clearing);
  // The same words again must be spoken again.
  band.textContent = "";
  band.className = `desk-said is-${kind}`;
  requestAnimationFrame(() => (band.textContent = text));
  document.getElementById("desk").dataset.said = kind;
  clearing = setTimeout(hush, kind === "bad" ? 20000 : 6000);
}

export function hush() {
  clearTimeout(clearing);
  band.textContent = "";
  band.className = "desk-said";
  delete document.getElementById("desk").dataset.said;
}

export function good(text) {
  show(text, "good");
  play(true);
}

export function bad(text) {
  show(text, "bad");
  play(false);
}

/** For screen readers only, when they have time. */
export function aside(text) {
  quiet.textContent = text;
}
