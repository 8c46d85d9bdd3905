/** The category that the category tab opens with: chosen there, or on the home page. */

import { kept } from "./kept";

export const pickedCategory = kept<number | null>("category", null);
