/** Icons as paths in a square of 24, drawn with the colour of the text around them. */

const line = (path: string) => `<path d='${path}' fill='none' stroke='#000' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/>`; // prettier-ignore
const full = (path: string) => `<path d='${path}'/>`;
const HEART = "M12 20.5s-8-4.9-8-10.6A4.6 4.6 0 0 1 12 7a4.6 4.6 0 0 1 8 2.9c0 5.7-8 10.6-8 10.6z";
const STAR = "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.500 9.700l5.900-.8z";

const DRAWN = {
  home: line("M4 11.5 12 4l8 7.500M6 10v10h12V10M10 20v-5h4v5"),
  category: line("M4 4h6.500v6.500H4zM13.500 4H20v6.500h-6.500zM4 13.500h6.500V20H4zM13.500 13.500H20V20h-6.500z"),
  cart: line("M3 4h2.500l2.200 11h10.100L20 7.500H6.300M9 20h.01M17 20h.01"),
  me: line("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500a7.500 7.500 0 0 1 15 0"),
  search: line("M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.200 16.200 20.500 20.500"),
  back: line("M15 5l-7 7 7 7"),
  right: line("M9 5l7 7-7 7"),
  down: line("M5 9l7 7 7-7"),
  close: line("M6 6l12 12M18 6 6 18"),
  plus: line("M12 5v14M5 12h14"),
  minus: line("M5 12h14"),
  check: line("M5 12.500l4.500 4.500L19 7.500"),
  heart: line(HEART),
  "heart-full": full(HEART),
  star: line(STAR),
  "star-full": full(STAR),
  truck: line("M2.500 6H14v11H2.500zM14 10h4l3.500 3.500V17H14M6.500 19.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17.500 19.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"),
  box: line("M4 8l8-4 8 4v8.500L12 21l-8-4.500zM4 8l8 4 8-4M12 12v9"),
  pin: line("M12 21s7-6.200 7-11.500a7 7 0 0 0-14 0C5 14.800 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z"),
  coupon: line("M3.500 7h17v3.500a1.500 1.500 0 0 0 0 3V17h-17v-3.500a1.500 1.500 0 0 0 0-3zM14 8v8"),
  shop: line("M4 9.500 5.500 4h13L20 9.500M4 9.500a2.700 2.700 0 0 0 5.300 0 2.700 2.700 0 0 0 5.400 0 2.700 2.700 0 0 0 5.300 0M5.500 12v8h13v-8"),
  share: line("M12 15V3.500M8 7l4-3.500L16 7M5 12v8h14v-8"),
  camera: line("M4 8h3.500L9 5.500h6L16.500 8H20v11.500H4zM12 17a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z"),
  clock: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2"),
  shield: line("M12 3.500l7.500 2.500v6c0 4.500-3.200 7.300-7.500 8.500-4.300-1.200-7.500-4-7.500-8.500V6zM8.500 12l2.500 2.500 4.500-4.500"),
  wallet: line("M4 6.500h15V20H4zM4 6.500 15 4v2.500M15 13.200h.01M19 10.500h2v5.500h-2"),
  points: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 13.500c1.300-1.300 2.700-1.300 4 0s2.700 1.300 4 0M8 10c1.300-1.300 2.700-1.300 4 0s2.700 1.300 4 0"),
  gift: line("M4 9h16v4H4zM5.500 13v7.500h13V13M12 9v11.500M12 9C9 9 7 7.800 7 6s3.500-2.500 5 3c1.500-5.500 5-4.800 5-3s-2 3-5 3z"),
  team: line("M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.800a3.500 3.500 0 0 1 0 6.400M18.500 14.500a6.500 6.500 0 0 1 3 5.500"),
  service: line("M5 14v-2a7 7 0 0 1 14 0v2M5 13h2.500v5H5zM16.500 13H19v5h-2.500zM19 18c0 2-2.500 3-5.500 3"),
  message: line("M4 5h16v11.500H9.500L5.500 20v-3.500H4z"),
  settings: line("M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z"),
  edit: line("M5 19l.8-4L16 4.800 19.200 8 9 18.200zM14 6.800 17.200 10"),
  trash: line("M4.500 7h15M9 7V4.500h6V7M6.500 7l1 13h9l1-13M10 11v5M14 11v5"),
  filter: line("M4 5h16l-6 7.500V19l-4-2v-4.500z"),
  warn: line("M12 4 2.500 20h19zM12 10v4.500M12 17.200h.01"),
  info: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.800h.01"),
  globe: line("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18"),
  moon: line("M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z"),
  copy: line("M9 9h11v11H9zM15 9V4H4v11h5"),
  phone: line("M7 2.500h10v19H7zM11 18.500h2"),
  bell: line("M6.500 16.500v-5.500a5.500 5.500 0 0 1 11 0v5.500l1.500 2h-14zM10 20.500h4"),
  invoice: line("M5.500 3.500h13v17l-2.200-1.500-2.100 1.500-2.200-1.500-2.200 1.500-2.100-1.500-2.200 1.500zM9 8.500h6M9 12.500h6"),
}; // prettier-ignore

export type Icon = keyof typeof DRAWN;

/** What wot-design-uni calls the icons that its components draw. */
const OF_WOT: Record<string, Icon> = {
  add: "plus",
  decrease: "minus",
  "arrow-right": "right",
  "arrow-down": "down",
  "arrow-left": "back",
  "check-bold": "check",
  "error-fill": "close",
};

/** A CSS `url()` of the icon; empty for a name nobody drew. */
export function picture(name: string): string {
  const drawn = DRAWN[name as Icon] ?? DRAWN[OF_WOT[name]!];
  if (!drawn) return "";
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'>${drawn}</svg>`;
  return `url("data:image/svg+xml,${svg.replace(/[<>#]/g, encodeURIComponent)}")`;
}
