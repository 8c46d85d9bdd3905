/** Moments as the shop's clock shows them (Beijing, UTC+8 all year), whatever the device says. */

const BEIJING_MS = 8 * 3600 * 1000;
const two = (n: number) => String(n).padStart(2, "0");

/** `2026-03-01T15:59:30Z` → `2026-03-01 23:59`. */
export function moment(at: string): string {
  const there = new Date(Date.parse(at) + BEIJING_MS);
  return `${day(at)} ${two(there.getUTCHours())}:${two(there.getUTCMinutes())}`;
}

/** `2026-03-01T15:59:30Z` → `2026-03-01`. */
export function day(at: string): string {
  const there = new Date(Date.parse(at) + BEIJING_MS);
  return `${there.getUTCFullYear()}-${two(there.getUTCMonth() + 1)}-${two(there.getUTCDate())}`;
}

/** Time that is left, as `HH:MM:SS` (hours may pass 24); null when it is over. */
export function left(until: string, now: number): string | null {
  const seconds = Math.ceil((Date.parse(until) - now) / 1000);
  if (seconds <= 0) return null;
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${two(h)}:${two(m)}:${two(s)}`;
}
