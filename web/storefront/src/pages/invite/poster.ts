/** The poster's picture: a QR code of the link, with what is said around it. */

import qrcode from "qrcode-generator";

export const WIDTH = 300;
export const HEIGHT = 420;
const QR_SIDE = 210; // with the quiet zone around it
const QUIET = 4; // modules of white around it, as ISO/IEC 18004 asks

/** What a canvas of uni-app is asked to do here. */
export interface Pen {
  setFillStyle(colour: string): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  setFontSize(size: number): void;
  setTextAlign(align: "center"): void;
  fillText(text: string, x: number, y: number): void;
}

/** Which modules are dark, row by row. */
export function modules(link: string): boolean[][] {
  const code = qrcode(0, "M");
  code.addData(link, "Byte");
  code.make();
  const side = Array.from({ length: code.getModuleCount() }, (_, n) => n);
  return side.map((row) => side.map((column) => code.isDark(row, column)));
}

export function drawPoster(pen: Pen, { link, lines }: { link: string; lines: [string, string, string, string] }): void {
  const [shop, says, code, notes] = lines;
  pen.setFillStyle("#ffffff");
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.setFillStyle("#0b766e");
  pen.fillRect(0, 0, WIDTH, 92);
  pen.setTextAlign("center");
  write(pen, shop, 22, "#ffffff", 44);
  write(pen, says, 14, "#ffffff", 72);
  drawCode(pen, modules(link), 96);
  write(pen, code, 18, "#16211f", 334);
  wrapped(notes, 20).forEach((line, n) => write(pen, line, 12, "#52605d", 362 + n * 18));
}

function write(pen: Pen, text: string, size: number, colour: string, y: number): void {
  pen.setFillStyle(colour);
  pen.setFontSize(size);
  pen.fillText(text, WIDTH / 2, y);
}

/** Whole pixels a module, so that no grey line runs between them. */
function drawCode(pen: Pen, dark: boolean[][], top: number): void {
  const each = Math.max(1, Math.floor(QR_SIDE / (dark.length + 2 * QUIET)));
  const left = Math.floor((WIDTH - each * dark.length) / 2);
  pen.setFillStyle("#000000");
  dark.forEach((row, y) =>
    row.forEach((isDark, x) => {
      if (isDark) pen.fillRect(left + x * each, top + (QUIET + y) * each, each, each);
    }),
  );
}

/** In lines of at most so many wide signs; a Latin letter counts half, words stay whole. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*/g) ?? []) {
    if (line && width(line + piece.trimEnd()) > most) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
  }
  return line ? [...lines, line.trimEnd()] : lines;
}

const width = (text: string) => [...text].reduce((sum, sign) => sum + (sign >= "\u2e80" ? 1 : 0.55), 0);
