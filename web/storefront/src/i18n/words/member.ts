/** Signing in, profile, addresses, coupons, favourites, invitation, team, points, wallet. */
export const member = {
  "page.login": ["登录", "Sign in"],
  "page.profile": ["个人资料", "Profile"],
  "page.addresses": ["收货地址", "Addresses"],
  "page.addresses.edit": ["编辑地址", "Address"],
  "page.coupons": ["我的优惠券", "My coupons"],
  "page.coupons.centre": ["领券中心", "Coupon centre"],
  "page.favourites": ["我的收藏", "Favourites"],
  "page.invite": ["邀请好友", "Invite"],
  "page.team": ["我的团队", "My team"],
  "page.points": ["我的积分", "My points"],
  "page.points.redeem": ["积分兑换", "Redeem points"],
  "page.wallet": ["我的钱包", "Wallet"],
  "page.wallet.withdraw": ["提现", "Withdraw"],
} as const;
