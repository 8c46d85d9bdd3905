"""Who may call what: one table, read by every route as it is registered.

Routes that change something for staff name the action of `usecases.rights`, which says who may;
the use case asks again, for the merchant concerned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mingchi.foundation import roles
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import flow_roles
from mingchi.usecases.rights import RIGHTS, SEE_MERCHANT_MONEY

PUBLIC, MEMBER, STAFF = "public", "member", "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The roles that may call a route, and whether it moves money (needs an idempotency key)."""

    roles: frozenset[str]
    moves_money: bool = False


def _access(*names: str, moves_money: bool = False) -> Access:
    return Access(roles=frozenset(names), moves_money=moves_money)


def action(name: str, *, moves_money: bool = False) -> Access:
    """Whoever has this right at the platform, or at some merchant."""
    right = RIGHTS[name]
    return _access(*right.platform, *_at_merchants(right.merchant), moves_money=moves_money)


def _at_merchants(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"merchant.{name}" for name in names)


MERCHANT_ROLES = _at_merchants(MerchantStaff.Role.values)
ANYBODY = _access(PUBLIC)
MEMBERS = _access(MEMBER)
MEMBERS_PAY = _access(MEMBER, moves_money=True)
ANY_STAFF = _access(STAFF)
LOOK = _access(*roles.ALL)
LOOK_OWN = _access(*roles.ALL, *MERCHANT_ROLES)
WORK = _access(*flow_roles.OF_PLATFORM, *MERCHANT_ROLES)
WORK_PAYS = _access(*flow_roles.OF_PLATFORM, *MERCHANT_ROLES, moves_money=True)
MERCHANT_MONEY = _access(*roles.ALL, *_at_merchants(SEE_MERCHANT_MONEY))
SEE_FLOWS = _access(*roles.ALL, "merchant.manager")

ROUTES: Mapping[str, Access] = MappingProxyType(
    {
        # signing in
        "join": ANYBODY,
        "sign_in": ANYBODY,
        "send_sign_in_code": ANYBODY,
        "sign_in_with_code": ANYBODY,
        "get_wechat_ways": ANYBODY,
        "sign_in_by_wechat": ANYBODY,
        "list_wechat_bindings": MEMBERS,
        "bind_wechat": MEMBERS,
        "unbind_wechat": MEMBERS,
        "sign_out": MEMBERS,
        "me": MEMBERS,
        "edit_profile": MEMBERS,
        "get_joining_disclosure": ANYBODY,
        "agree": MEMBERS,
        "set_portrait": MEMBERS,
        "remove_portrait": MEMBERS,
        "list_team": MEMBERS,
        "staff_csrf": ANYBODY,
        "staff_sign_in": ANYBODY,
        "staff_sign_out": ANY_STAFF,
        "staff_me": ANY_STAFF,
        # a member's addresses
        "list_areas": ANYBODY,
        "list_addresses": MEMBERS,
        "add_address": MEMBERS,
        "read_address": MEMBERS,
        "get_address": MEMBERS,
        "edit_address": MEMBERS,
        "remove_address": MEMBERS,
        "set_default_address": MEMBERS,
        # the shop
        "get_about": ANYBODY,
        "list_categories": ANYBODY,
        "list_products": ANYBODY,
        "get_product": ANYBODY,
        "get_home": ANYBODY,
        "list_brands": ANYBODY,
        "get_brand": ANYBODY,
        "suggest": ANYBODY,
        # reviews, and the pictures of what members write
        "list_product_reviews": ANYBODY,
        "summarise_product_reviews": ANYBODY,
        "upload_own_picture": MEMBERS,
        "list_to_review": MEMBERS,
        "list_own_reviews": MEMBERS,
        "get_own_review": MEMBERS,
        "write_review": MEMBERS,
        "add_to_review": MEMBERS,
        # what a member keeps
        "list_favourites": MEMBERS,
        "is_favourite": MEMBERS,
        "add_favourite": MEMBERS,
        "remove_favourite": MEMBERS,
        "list_visits": MEMBERS,
        "add_visit": MEMBERS,
        "forget_visits": MEMBERS,
        "forget_visit": MEMBERS,
        # a member's coupons
        "list_coupon_centre": MEMBERS,
        "claim_coupon": MEMBERS,
        "claim_coupon_by_code": MEMBERS,
        "list_coupons": MEMBERS,
        "list_usable_coupons": MEMBERS,
        # a member's cart and checkout
        "get_cart": MEMBERS,
        "add_cart_item": MEMBERS,
        "change_cart_item": MEMBERS,
        "remove_cart_item": MEMBERS,
        "select_cart_items": MEMBERS,
        "preview_checkout": MEMBERS,
        "check_out": MEMBERS_PAY,
        "get_checkout": MEMBERS,
        "pay_checkout": MEMBERS_PAY,
        "cancel_checkout": MEMBERS,
        # a member's orders
        "place_order": MEMBERS_PAY,
        "list_orders": MEMBERS,
        "count_orders": MEMBERS,
        "get_order": MEMBERS,
        "track_order": MEMBERS,
        "pay_order": MEMBERS_PAY,
        "cancel_order": MEMBERS,
        "receive_order": MEMBERS,
        "ask_refund": MEMBERS_PAY,
        "list_refunds": MEMBERS,
        "list_case_causes": MEMBERS,
        "list_replacements": MEMBERS,
        "open_case": MEMBERS_PAY,
        "open_cases_for_all": MEMBERS_PAY,
        "say_in_case": MEMBERS,
        "appeal_case": MEMBERS,
        "list_cases": MEMBERS,
        "get_case": MEMBERS,
        "send_case_back": MEMBERS,
        "withdraw_case": MEMBERS,
        "request_invoice": MEMBERS,
        "get_invoice": MEMBERS,
        "list_messages": MEMBERS,
        "get_refund": MEMBERS,
        # payments
        "gateway_notice": ANYBODY,
        "list_payment_ways": ANYBODY,
        "prove_payer": MEMBERS,
        "sandbox_pay": MEMBERS_PAY,
        # points
        "get_pool": ANYBODY,
        "list_prices": ANYBODY,
        "list_daily_prices": ANYBODY,
        "get_disclosures": ANYBODY,
        "list_positions": MEMBERS,
        "quote": MEMBERS,
        "redeem": MEMBERS_PAY,
        "list_redemptions": MEMBERS,
        "get_redemption": MEMBERS,
        # wallet
        "get_wallet": MEMBERS,
        "get_statement": MEMBERS,
        "list_awards": MEMBERS,
        "list_payout_ways": MEMBERS,
        "ask_withdrawal": MEMBERS_PAY,
        "list_withdrawals": MEMBERS,
        "get_withdrawal": MEMBERS,
        # what anybody may recompute
        "get_plan": ANYBODY,
        "export_events": ANYBODY,
        "list_batches": ANYBODY,
        # staff: orders and refunds, the merchant's own or, for platform staff, all
        "staff_list_orders": LOOK_OWN,
        "staff_get_order": LOOK_OWN,
        "staff_ship_order": action("order.ship"),
        "staff_receive_order": action("order.receive"),
        "staff_complete_order": action("order.complete", moves_money=True),
        "staff_cancel_order": action("order.cancel"),
        "staff_ask_refund": action("refund.ask", moves_money=True),
        "staff_list_refunds": LOOK_OWN,
        "staff_ask_price": action("price.ask"),
        "staff_list_prices": LOOK_OWN,
        "staff_decide_price": action("price.decide"),
        "staff_issue_invoice": action("invoice.issue"),
        "staff_list_cases": LOOK_OWN,
        "staff_get_case": LOOK_OWN,
        "staff_answer_case": action("case.answer", moves_money=True),
        "staff_arbitrate_case": action("case.arbitrate", moves_money=True),
        "staff_note_case": action("case.answer"),
        "staff_open_case": action("case.open", moves_money=True),
        "staff_decide_refund": action("refund.decide", moves_money=True),
        "staff_list_payment_refunds": LOOK,
        "staff_retry_payment_refund": action("refund.send", moves_money=True),
        # staff: reviews
        "staff_list_reviews": LOOK_OWN,
        "staff_answer_review": action("review.answer"),
        "staff_hide_review": action("review.hide"),
        "staff_show_review": action("review.hide"),
        # staff: goods
        "staff_list_categories": LOOK_OWN,
        "staff_add_category": action("category.edit"),
        "staff_edit_category": action("category.edit"),
        "staff_delete_category": action("category.edit"),
        "staff_list_brands": LOOK_OWN,
        "staff_add_brand": action("brand.edit"),
        "staff_edit_brand": action("brand.edit"),
        "staff_delete_brand": action("brand.edit"),
        "staff_get_home": LOOK,
        "staff_add_banner": action("home.edit"),
        "staff_edit_banner": action("home.edit"),
        "staff_delete_banner": action("home.edit"),
        "staff_add_shelf": action("home.edit"),
        "staff_edit_shelf": action("home.edit"),
        "staff_delete_shelf": action("home.edit"),
        "staff_set_hot_words": action("home.edit"),
        "staff_upload_image": action("catalogue.edit"),
        "staff_get_product": LOOK_OWN,
        "staff_arrange_images": action("catalogue.edit"),
        "staff_set_specifications": action("catalogue.edit"),
        "staff_edit_skus": action("catalogue.edit"),
        "staff_list_products": LOOK_OWN,
        "staff_add_product": action("catalogue.edit"),
        "staff_edit_product": action("catalogue.edit"),
        "staff_add_sku": action("catalogue.edit"),
        "staff_edit_sku": action("catalogue.edit"),
        "staff_change_stock": action("stock.change"),
        "staff_list_merchants": LOOK_OWN,
        "staff_add_merchant": action("merchant.edit"),
        "staff_set_merchant_status": action("merchant.edit"),
        "staff_add_merchant_staff": action("merchant.edit"),
        "staff_remove_merchant_staff": action("merchant.edit"),
        # staff: prices
        "staff_list_coupons": LOOK_OWN,
        "staff_get_coupon": LOOK_OWN,
        "staff_add_coupon": action("coupon.edit"),
        "staff_edit_coupon": action("coupon.edit"),
        "staff_open_coupon": action("coupon.edit"),
        "staff_accept_coupon": action("coupon.accept"),
        "staff_close_coupon": action("coupon.edit"),
        "staff_grant_coupon": action("coupon.grant"),
        "staff_decide_coupon": action("coupon.decide"),
        "staff_list_shipping_templates": LOOK_OWN,
        "staff_add_shipping_template": action("shipping.edit"),
        "staff_edit_shipping_template": action("shipping.edit"),
        "staff_remove_shipping_template": action("shipping.edit"),
        "staff_assign_shipping_template": action("shipping.edit"),
        # staff: members
        "staff_list_members": LOOK,
        "staff_get_member": LOOK,
        "staff_set_rank": action("member.rank"),
        "staff_appoint_agent": action("member.appoint"),
        "staff_appoint_shareholder": action("member.appoint"),
        "staff_bind_sponsor": action("member.bind_sponsor"),
        "staff_freeze_member": action("member.freeze"),
        "staff_take_down_portrait": action("portrait.take_down"),
        # staff: money
        "staff_list_withdrawals": LOOK,
        "staff_decide_withdrawal": action("withdrawal.decide", moves_money=True),
        "staff_pay_withdrawal": action("withdrawal.pay", moves_money=True),
        "staff_send_withdrawal": action("withdrawal.pay", moves_money=True),
        "staff_fail_withdrawal": action("withdrawal.pay", moves_money=True),
        "staff_list_bills": LOOK,
        "staff_list_bill_differences": LOOK,
        "staff_compare_bill": action("bill.compare", moves_money=True),
        "staff_look_at_difference": action("bill.look", moves_money=True),
        "staff_get_merchant_balance": MERCHANT_MONEY,
        "staff_state_merchant_account": action("merchant_account.state"),
        "staff_list_statements": MERCHANT_MONEY,
        "staff_close_statement": action("statement.close"),
        "staff_get_statement": MERCHANT_MONEY,
        "staff_list_statement_lines": MERCHANT_MONEY,
        "staff_export_statement": MERCHANT_MONEY,
        "staff_list_payouts": MERCHANT_MONEY,
        "staff_ask_payout": action("payout.ask", moves_money=True),
        "staff_decide_payout": action("payout.decide", moves_money=True),
        "staff_look_at_payout_account": action("payout.pay"),
        "staff_pay_payout": action("payout.pay", moves_money=True),
        "staff_fail_payout": action("payout.pay", moves_money=True),
        "staff_list_proposals": LOOK,
        "staff_ask_subsidy": action("subsidy.ask", moves_money=True),
        "staff_decide_subsidy": action("subsidy.decide", moves_money=True),
        "staff_preview_close": action("close.ask"),
        "staff_ask_close": action("close.ask", moves_money=True),
        "staff_decide_close": action("close.decide", moves_money=True),
        # staff: plans
        "staff_list_plans": LOOK,
        "staff_get_plan": LOOK,
        "staff_check_plan": LOOK,
        "staff_draft_plan": action("plan.draft"),
        "staff_edit_plan": action("plan.draft"),
        "staff_ask_plan": action("plan.ask"),
        "staff_decide_plan": action("plan.decide"),
        # staff: flows; whoever may not draw may look, a merchant's manager at their own
        "staff_list_flows": SEE_FLOWS,
        "staff_get_flow": SEE_FLOWS,
        "staff_get_flow_file": SEE_FLOWS,
        "staff_compare_flows": SEE_FLOWS,
        "staff_flow_vocabulary": SEE_FLOWS,
        "staff_draw_flow": SEE_FLOWS,
        "staff_draft_flow": action("flow.draft"),
        "staff_save_flow": action("flow.draft"),
        "staff_check_flow": action("flow.draft"),
        "staff_try_flow": action("flow.draft"),
        "staff_publish_flow": action("flow.publish"),
        "staff_restore_flow": action("flow.publish"),
        "staff_retire_flow": action("flow.publish"),
        "staff_list_flow_tables": SEE_FLOWS,
        "staff_set_flow_table": action("flow.draft"),
        "staff_get_flow_selector": SEE_FLOWS,
        "staff_set_flow_selector": action("flow.publish"),
        "staff_preview_migration": action("flow.migrate"),
        "staff_migrate_flow": action("flow.migrate"),
        # staff: the work of flows; a step may move money
        "staff_list_work": LOOK_OWN,
        "staff_find_work": LOOK_OWN,
        "staff_get_work": LOOK_OWN,
        "staff_claim_work": WORK,
        "staff_release_work": WORK,
        "staff_complete_work": WORK_PAYS,
        "staff_retry_work": action("work.repair"),
        "staff_weigh_parcel": action("shipment.prepare"),
        "staff_name_carrier": action("shipment.prepare"),
        "staff_watch_flows": LOOK_OWN,
        "staff_list_waiting": LOOK_OWN,
        "staff_get_path": LOOK_OWN,
        "staff_tell_flow": action("flow.tell"),
        "staff_hold": action("flow.hold"),
        "staff_lift_hold": action("flow.hold"),
        "staff_dismiss_signal": action("signal.dismiss"),
        # staff: what happened
        "staff_list_events": LOOK,
        "staff_list_set_aside": LOOK,
        "staff_list_audit": LOOK,
        "staff_put_back_event": action("event.put_back", moves_money=True),
        # staff: accounts
        "staff_list_accounts": action("staff.edit"),
        "staff_add_account": action("staff.edit"),
        "staff_set_roles": action("staff.edit"),
        "staff_set_active": action("staff.edit"),
        "staff_set_password": action("staff.edit"),
    }
)


def of(route: str) -> Access:
    """Who may call a route; a route that is not in the table can't be registered."""
    return ROUTES[route]
