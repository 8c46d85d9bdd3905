/** Home, categories, search, product, cart, checkout, payment. */
export const shop = {
  "page.search": ["搜索", "Search"],
  "page.product": ["商品详情", "Product"],
  "page.product.reviews": ["商品评价", "Reviews"],
  "page.checkout": ["确认订单", "Check out"],
  "page.payment": ["收银台", "Payment"],
  "shop.soldOut": ["售罄", "Sold out"],
  "shop.sold": ["已售 {n}", "{n} sold"],
} as const;
