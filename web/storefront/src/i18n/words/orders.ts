/** Orders, tracking, after-sales, reviews. */
export const orders = {
  "page.orders": ["我的订单", "My orders"],
  "page.orders.order": ["订单详情", "Order"],
  "page.orders.tracking": ["物流跟踪", "Tracking"],
  "page.orders.review": ["写评价", "Write a review"],
  "page.afterSales.cases": ["售后", "After-sales"],
  "page.afterSales.ask": ["申请售后", "Ask for after-sales"],
  "page.afterSales.case": ["售后详情", "After-sales case"],
} as const;
