/** Money is whole fen everywhere; only what is shown or typed is in yuan. No float in between. */

export const MOST_FEN = 10 ** 12;

/** An amount in parts: `-1234567` → `["-", "12345", "67"]`. */
export function parts(fen: number): [sign: string, yuan: string, cents: string] {
  if (!Number.isSafeInteger(fen)) throw new RangeError(`not whole fen: ${fen}`);
  const digits = String(Math.abs(fen)).padStart(3, "0");
  return [fen < 0 ? "-" : "", digits.slice(0, -2), digits.slice(-2)];
}

/** `123456` → `"1234.56"`. */
export function yuan(fen: number): string {
  const [sign, whole, cents] = parts(fen);
  return `${sign}${whole}.${cents}`;
}

/** `123456` → `"¥1234.56"`, `-5` → `"-¥0.05"`. */
export function money(fen: number): string {
  const [sign, whole, cents] = parts(fen);
  return `${sign}¥${whole}.${cents}`;
}

/** What somebody typed, in fen; null where it is no amount of at most two decimals. */
export function inFen(typed: string): number | null {
  const found = /^(\d{1,11})(?:\.(\d{1,2}))?$/.exec(typed.trim());
  if (!found) return null;
  const fen = Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
  return fen <= MOST_FEN ? fen : null;
}
