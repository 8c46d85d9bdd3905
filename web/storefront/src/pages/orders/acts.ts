/** What a member may do with an order now, and doing it. */

import { post } from "@/api/client";
import { t } from "@/i18n";
import { go } from "@/shared/going";
import { confirmed, tell } from "@/shared/telling";

export type OrderAct = "pay" | "cancel" | "track" | "receive" | "review" | "afterSales";

interface Standing {
  state: string;
  payment_method: string;
}

/** In the order in which they are offered; the last is what most will want. */
export function actsOf(order: Standing): OrderAct[] {
  switch (order.state) {
    case "created":
      return order.payment_method === "cod" ? ["cancel"] : ["cancel", "pay"];
    case "paid":
      return ["cancel", "track"];
    case "shipped":
      return ["afterSales", "track", "receive"];
    case "received":
    case "completed":
      return ["track", "afterSales", "review"];
    default:
      return [];
  }
}

/** Do it; true where the order is another one afterwards. */
export async function doAct(act: OrderAct, order: { id: number; checkout_id: number }): Promise<boolean> {
  const path = { order_id: order.id };
  switch (act) {
    case "pay":
      return leaveFor("payment/payment", order.checkout_id);
    case "track":
      return leaveFor("orders/tracking", order.id);
    case "review":
      return leaveFor("orders/review", order.id);
    case "afterSales":
      return leaveFor("after-sales/ask", order.id);
    case "cancel":
      if (!(await confirmed(t("order.cancelAsk"), t("order.cancelHint"), CANCELLING()))) return false;
      await post("/api/orders/{order_id}/cancel", { path });
      tell(t("order.cancelled"));
      return true;
    case "receive":
      if (!(await confirmed(t("order.receiveAsk"), t("order.receiveHint")))) return false;
      await post("/api/orders/{order_id}/receive", { path });
      tell(t("order.received"));
      return true;
  }
}

/** Not "cancel" and "OK": which of them cancels the order? */
const CANCELLING = () => ({ yes: t("order.cancelYes"), no: t("order.cancelNo") });

function leaveFor(page: string, id: number): false {
  go(page, { id });
  return false;
}
