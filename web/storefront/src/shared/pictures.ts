/** Pictures: the API gives their addresses without the host it answers at. */

import { origin } from "@/api/client";
import type { components } from "@/api/schema";

export type Picture = components["schemas"]["PictureOut"];

export const withOrigin = (url: string): string => (url.startsWith("/") ? origin + url : url);

/** Show one of these as large as the screen, the others beside it. */
export function lookAt(pictures: readonly Picture[], at: number): void {
  uni.previewImage({ urls: pictures.map(({ url }) => withOrigin(url)), current: at });
}
