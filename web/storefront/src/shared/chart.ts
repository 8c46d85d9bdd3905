/** A line of what was, as a picture that takes its colour from the text around it (a mask). Where it
 * ends is now: nothing is drawn beyond. */

export interface Point {
  at: string;
  price: string;
}

export interface Chart {
  /** CSS `url()`s of the line and of the area under it. */
  line: string;
  area: string;
  /** What the axes say: lowest and highest price, first and last moment. */
  low: string;
  high: string;
  from: string;
  to: string;
}

const WIDTH = 600;
const HEIGHT = 200;
const EDGE = 6;

/** Null for fewer than two points: nothing to draw yet. */
export function chart(history: readonly Point[]): Chart | null {
  if (history.length < 2) return null;
  const times = history.map(({ at }) => Date.parse(at));
  const prices = history.map(({ price }) => Number(price));
  const x = scale(times, EDGE, WIDTH - EDGE);
  const y = scale(prices, HEIGHT - EDGE, EDGE);
  const steps = history.map((_, n) => `${round(x(times[n]!))} ${round(y(prices[n]!))}`);
  const path = `M${steps.join("L")}`;
  const closed = `${path}L${round(x(times[times.length - 1]!))} ${HEIGHT}L${round(x(times[0]!))} ${HEIGHT}z`;
  const ordered = [...history].sort((a, b) => Number(a.price) - Number(b.price));
  return {
    line: picture(`<path d='${path}' fill='none' stroke='#000' stroke-width='3' stroke-linejoin='round' stroke-linecap='round' vector-effect='non-scaling-stroke'/>`),
    area: picture(`<path d='${closed}' fill='#000'/>`),
    low: ordered[0]!.price,
    high: ordered[ordered.length - 1]!.price,
    from: history[0]!.at,
    to: history[history.length - 1]!.at,
  };
}

/** From the smallest to the largest of `values`, onto `low` to `high`; all in the middle where
 * they are all the same. */
function scale(values: readonly number[], low: number, high: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least === most) return () => (low + high) / 2;
  return (value) => low + ((value - least) / (most - least)) * (high - low);
}

const round = (n: number) => Math.round(n * 10) / 10;

function picture(drawn: string): string {
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${WIDTH} ${HEIGHT}' preserveAspectRatio='none'>${drawn}</svg>`;
  return `url("data:image/svg+xml,${svg.replace(/[<>#]/g, encodeURIComponent)}")`;
}
