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
  balanced(notes, 24).forEach((line, n) => write(pen, line, 11, "#52605d", 360 + n * 17));
}

function write(pen: Pen, text: string, size: number, colour: string, y: number): void {
  pen.setFillStyle(colour);
  pen.setFontSize(size);
  pen.fillText(text, WIDTH / 2, y);
}

/** As few lines as that, about as long as each other: no full stop on a line of its own. */
export function balanced(text: string, most: number): string[] {
  const lines = wrapped(text, most);
  for (let less = most - 1; less > 0; less--) {
    if (wrapped(text, less).length > lines.length) return wrapped(text, less + 1);
  }
  return lines;
}

/** In lines of at most so many wide signs; a Latin letter counts half, words stay whole, no line
 * begins with a comma. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/[\u2e80-\uffef][，。；：、！？）]*|[^\s\u2e80-\uffef]+\s*/g) ?? []) {
    if (line && width(line + piece.trimEnd()) > most) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
  }
  return line ? [...lines, line.trimEnd()] : lines;
}

const width = (text: string) => [...text].reduce((sum, sign) => sum + (sign >= "\u2e80" ? 1 : 0.55), 0);
