/** Addresses of pictures: the API gives them without the host it answers at. */

import { origin } from "@/api/client";

export const withOrigin = (url: string): string => (url.startsWith("/") ? origin + url : url);
