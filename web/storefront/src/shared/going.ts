/** Going from page to page. A page that was reloaded has nothing behind it; back leads home then. */

const TABS = ["home", "category", "cart", "me"] as const;
export type Tab = (typeof TABS)[number];
type Query = Record<string, string | number | undefined>;

export const tabUrl = (tab: Tab): string => `/pages/${tab}/${tab}`;

/** `orders/order`, `{ id: 3 }` → `/pages/orders/order?id=3`; what is undefined is left out. */
export function url(page: string, query: Query = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`);
  return `/pages/${page}${pairs.length ? `?${pairs.join("&")}` : ""}`;
}

export const go = (page: string, query?: Query) => uni.navigateTo({ url: url(page, query) });
/** Go there in place of this page, so that back does not lead here again. */
export const goInstead = (page: string, query?: Query) => uni.redirectTo({ url: url(page, query) });
export const goTab = (tab: Tab) => uni.switchTab({ url: tabUrl(tab) });

export function back(): void {
  if (getCurrentPages().length > 1) uni.navigateBack();
  else goTab("home");
}

/** Go to an address that was kept, a tab or a page; home where it is none of ours. */
export function goTo(address: string): void {
  const isTab = TABS.some((tab) => address.split("?")[0] === tabUrl(tab));
  if (isTab) uni.switchTab({ url: address.split("?")[0]! });
  else if (address.startsWith("/pages/")) uni.redirectTo({ url: address });
  else goTab("home");
}

/** The address of the page that is shown now, to come back to. */
export function here(): string {
  const page = getCurrentPages().slice(-1)[0] as { $page?: { fullPath: string }; route?: string };
  return page?.$page?.fullPath ?? `/${page?.route ?? ""}`;
}

/** To the way in, and from there back to what is shown now. */
export const goSignIn = () => go("login/login", { next: here() });
