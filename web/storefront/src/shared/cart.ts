/** How much lies in the cart, for the mark on its tab; the cart's page and every change of it tell. */

import { kept } from "./kept";

export const cartCount = kept<number>("cart.count", 0);
