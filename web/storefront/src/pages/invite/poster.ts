/** The poster's picture: a QR code of the link, with what is said around it. */

import { type Pen as CodePen, drawCode } from "@/shared/qr";

export const WIDTH = 300;
export const HEIGHT = 420;

/** What a canvas of uni-app is asked to do here. */
export interface Pen extends CodePen {
  setFontSize(size: number): void;
  setTextAlign(align: "center"): void;
  fillText(text: string, x: number, y: number): void;
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
  drawCode(pen, link, { width: WIDTH, top: 96 });
  write(pen, code, 18, "#16211f", 334);
  wrapped(notes, 20).forEach((line, n) => write(pen, line, 12, "#52605d", 362 + n * 18));
}

function write(pen: Pen, text: string, size: number, colour: string, y: number): void {
  pen.setFillStyle(colour);
  pen.setFontSize(size);
  pen.fillText(text, WIDTH / 2, y);
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
