/** QR codes, drawn on a canvas. */

import qrcode from "qrcode-generator";

/** The side of a code with the quiet zone around it, in px. */
export const QR_SIDE = 210;
const QUIET = 4; // modules of white around it, as ISO/IEC 18004 asks

/** What a canvas of uni-app is asked to do here. */
export interface Pen {
  setFillStyle(colour: string): void;
  fillRect(x: number, y: number, width: number, height: number): void;
}

/** Which modules are dark, row by row. */
export function modules(text: string): boolean[][] {
  const code = qrcode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const side = Array.from({ length: code.getModuleCount() }, (_, n) => n);
  return side.map((row) => side.map((column) => code.isDark(row, column)));
}

/** In the middle of so much room, on a ground that is white; whole pixels a module, so that no grey
 * line runs between them. */
export function drawCode(pen: Pen, text: string, { width, top }: { width: number; top: number }): void {
  const dark = modules(text);
  const each = Math.max(1, Math.floor(QR_SIDE / (dark.length + 2 * QUIET)));
  const left = Math.floor((width - each * dark.length) / 2);
  pen.setFillStyle("#000000");
  dark.forEach((row, y) =>
    row.forEach((isDark, x) => {
      if (isDark) pen.fillRect(left + x * each, top + (QUIET + y) * each, each, each);
    }),
  );
}
