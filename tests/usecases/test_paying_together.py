"""One payment over the orders of several merchants: paid, given up in part, refunded by line."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.tills import Tills
from tests.pricing_shop import offered
from tests.usecases import buying as bought_by
from tests.usecases.buying import Buying, again, earned_fen, held, states
from tests.usecases.shop import (
    LATER,
    NOW,
    Shop,
    at_once,
    forward,
    lines,
    settle,
    sku,
)

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import DomainError
from mingchi.orders import moves
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments.models import BillDifference, Payment, PaymentPart, PaymentRefund
from mingchi.pricing.models import MemberCoupon
from mingchi.usecases.cancel_order import cancel_checkout, cancel_order, cancel_unpaid
from mingchi.usecases.change_price import ask_price_change, decide_price_change
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.pay_order import pay_checkout, pay_order
from mingchi.usecases.pay_refunds import pay_settled_refunds, send_pending
from mingchi.usecases.receive_order import receive_order
from mingchi.usecases.reconcile import reconcile
from mingchi.usecases.refund_order import ask_refund
from mingchi.usecases.release_expired import release_expired
from mingchi.usecases.ship_order import ship_order
from mingchi.usecases.watch_payments import watch_payments

TEA_FEN, OIL_FEN = 98_503, 48_997
SUBSIDY_FEN = 3_000
HOUR = timedelta(hours=1)


@pytest.fixture
def buying(shop: Shop) -> Buying:
    return Buying(shop)


def coupon_states(buying: Buying) -> tuple[str, str]:
    """Of the shop's coupon, and the platform's."""
    rows = MemberCoupon.objects.in_bulk([buying.shops_coupon, buying.platforms_coupon])
    return rows[buying.shops_coupon].state, rows[buying.platforms_coupon].state


class TestPaying:
    """The money, and what the platform adds."""

    def test_one_payment_pays_them_all(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        data = buying.attempt(tea.checkout_id)
        assert data.amount_fen == TEA_FEN + OIL_FEN
        taken = buying.pay(data)
        assert (taken.outcome, set(taken.order_ids)) == ("applied", {tea.pk, oil.pk})
        for order in (tea, oil):
            forward(order, NOW)
        assert states([tea, oil]) == ["paid", "paid"]
        # The merchants have their prices in full: 995 and 500, and 10 for sending the tea.
        assert held() == {
            "order_held": 99_500 + 50_000,
            "shipping": 1_000,
            "coupon_cost": -SUBSIDY_FEN,
            "sandbox": -(TEA_FEN + OIL_FEN),
        }
        assert coupon_states(buying) == ("used", "used")
        assert buying.pay(data).outcome == "duplicate"
        assert Payment.objects.get().refunded_fen == 0

    def test_one_order_can_be_paid_alone_and_the_rest_after_it(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        alone = pay_order(
            member_id=buying.buyer.pk, order_id=tea.pk, idempotency_key="tea", now=NOW
        )
        buying.pay(alone)
        assert states([tea, oil]) == ["paid", "created"]
        rest = buying.attempt(tea.checkout_id)
        assert (alone.amount_fen, rest.amount_fen) == (TEA_FEN, OIL_FEN)
        buying.pay(rest)
        assert states([tea, oil]) == ["paid", "paid"]
        with pytest.raises(DomainError, match="not_payable"):
            buying.attempt(tea.checkout_id)

    def test_paid_twice_the_second_goes_back_whole(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        both = buying.attempt(tea.checkout_id)
        one = pay_order(member_id=buying.buyer.pk, order_id=oil.pk, idempotency_key="o", now=NOW)
        buying.pay(one)
        taken = buying.pay(both)
        # The tea was not paid yet: of the second payment only the oil's part goes back.
        assert (taken.outcome, len(taken.payment_refund_ids)) == ("applied", 1)
        back = PaymentRefund.objects.get()
        assert (back.order_id, back.amount_fen, back.reason) == (oil.pk, OIL_FEN, "order_paid")
        assert states([tea, oil]) == ["paid", "paid"]
        kept = PaymentPart.objects.filter(state="kept").values_list("order", flat=True)
        assert sorted(kept) == sorted([tea.pk, oil.pk])

    def test_it_settles_at_the_merchants_price(self, shop: Shop, buying: Buying) -> None:
        tea, _oil = buying.paid()
        ship_order(by=shop.owner, order_id=tea.pk, now=NOW)
        receive_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        forward(tea, LATER)
        settle()
        assert again(tea)[0].state == "completed"
        # What was held for it is all gone: the price of the tea, not what the member paid.
        assert held()["order_held"] == 50_000


class TestGivingUp:
    """Before and after the money comes."""

    def test_one_order_of_an_unpaid_checkout(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        before = buying.attempt(tea.checkout_id)
        cancel_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        assert coupon_states(buying) == ("claimed", "locked")
        # Nobody waits for the old amount any more.
        assert watch_payments(now=NOW) == 1
        assert Payment.objects.get(out_trade_no=before.out_trade_no).state == "closed"
        rest = buying.attempt(tea.checkout_id)
        assert rest.amount_fen == OIL_FEN
        buying.pay(rest)
        assert states([tea, oil]) == ["cancelled", "paid"]
        assert coupon_states(buying) == ("claimed", "used")
        assert held()["coupon_cost"] == -1_003

    def test_all_of_it_gives_all_coupons_and_goods_back(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        cancel_checkout(member_id=buying.buyer.pk, checkout_id=tea.checkout_id, now=NOW)
        assert states([tea, oil]) == ["cancelled", "cancelled"]
        assert coupon_states(buying) == ("claimed", "claimed")
        assert Sku.objects.get(pk=buying.tea.pk).reserved == 0
        with pytest.raises(DomainError, match="impossible_move"):
            cancel_checkout(member_id=buying.buyer.pk, checkout_id=tea.checkout_id, now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_the_last_two_at_once_give_the_platforms_coupon_back(self, buying: Buying) -> None:
        """Whichever ends last must see that the other has, though that is not committed yet."""
        tea, oil = buying.bought()
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                moves.cancel(orders.lock(tea.pk), now=NOW)
                other = pool.submit(at_once, [lambda: cancel_order(order_id=oil.pk, now=NOW)])
                wait([other], timeout=0.5)
            assert other.result() == [None]
        assert states([tea, oil]) == ["cancelled", "cancelled"]
        assert coupon_states(buying) == ("claimed", "claimed")

    def test_unpaid_in_time_it_is_given_up_by_the_clock(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        late = max(again(tea, oil), key=lambda order: order.pay_by).pay_by + timedelta(minutes=1)
        assert release_expired(now=late) == 2
        # Nobody's time is over yet.
        assert cancel_unpaid(now=min(each.pay_by for each in again(tea, oil)) - HOUR / 60) == 0
        assert cancel_unpaid(now=late) == 2
        assert states([tea, oil]) == ["cancelled", "cancelled"]
        assert coupon_states(buying) == ("claimed", "claimed")

    def test_a_coupon_whose_time_is_over_comes_back_expired(self, buying: Buying) -> None:
        tea, _oil = buying.bought()
        MemberCoupon.objects.filter(pk=buying.shops_coupon).update(good_until=NOW)
        cancel_checkout(member_id=buying.buyer.pk, checkout_id=tea.checkout_id, now=NOW)
        assert coupon_states(buying) == ("expired", "claimed")

    def test_paid_after_one_was_given_up_its_part_goes_back(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        data = buying.attempt(tea.checkout_id)
        cancel_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        taken = buying.pay(data)
        assert (taken.outcome, len(taken.payment_refund_ids)) == ("applied", 1)
        assert states([tea, oil]) == ["cancelled", "paid"]
        assert held() == {
            "order_held": 50_000,
            "refund_pending": TEA_FEN,
            "coupon_cost": -1_003,
            "sandbox": -(TEA_FEN + OIL_FEN),
        }
        assert send_pending(now=NOW) == 1
        assert held()["sandbox"] == -OIL_FEN
        assert Payment.objects.get().refunded_fen == TEA_FEN

    def test_paid_after_all_was_given_up_all_goes_back(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        data = buying.attempt(tea.checkout_id)
        cancel_checkout(member_id=buying.buyer.pk, checkout_id=tea.checkout_id, now=NOW)
        taken = buying.pay(data)
        assert (taken.outcome, len(taken.payment_refund_ids)) == ("sent_back", 2)
        assert send_pending(now=NOW) == 2
        assert held() == {}
        assert states([tea, oil]) == ["cancelled", "cancelled"]
        assert coupon_states(buying) == ("claimed", "claimed")

    def test_a_part_of_nothing_sends_nothing_back(self, buying: Buying) -> None:
        gift = sku(buying.other, price_fen=300, cost_fen=0)
        coupon = offered(buying.shop, off_fen=300, scope="product", targets=(gift.product_id,))
        own = claim_coupon(member_id=buying.buyer.pk, coupon_id=coupon.pk, now=NOW)
        buying.fill(buying.tea, gift)
        tea, free = bought_by.orders(buying.buy(buying.wish(coupon_ids=(own,))))
        data = buying.attempt(tea.checkout_id)
        cancel_order(order_id=free.pk, member_id=buying.buyer.pk, now=NOW)
        taken = buying.pay(data)
        assert (taken.outcome, taken.payment_refund_ids) == ("applied", ())
        assert states([tea, free]) == ["paid", "cancelled"]

    def test_it_is_shown_in_reconciliation(self, tills: Tills) -> None:
        tills.wechat.refunds_at_once = True
        buying = Buying(tills.shop)
        tea, _oil = buying.bought()
        data = pay_checkout(
            member_id=buying.buyer.pk,
            checkout_id=tea.checkout_id,
            idempotency_key="pay",
            now=NOW,
            gateway="wechat",
        )
        tills.pay("wechat", data)
        cancel_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        assert tills.tell("wechat", data.out_trade_no) == "applied"
        send_pending(now=NOW)
        morning = NOW + timedelta(days=1)
        reconcile(gateway="wechat", day=NOW.date(), now=morning)
        (told,) = BillDifference.objects.all()
        assert (told.kind, told.row) == ("unowed", f"payment:{Payment.objects.get().pk}")
        assert told.bill.balanced
        # What was paid, and what of it was owed: the oil's part.
        assert (told.gateway_fen, told.our_fen) == (TEA_FEN + OIL_FEN, OIL_FEN)
        assert Payment.objects.get().created_at == NOW

    def test_a_price_that_changed_sends_its_part_back_only(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        data = buying.attempt(tea.checkout_id)
        (line,) = lines(oil)
        asked = ask_price_change(
            by=buying.shop.owner,
            order_id=oil.pk,
            line_id=line.pk,
            to_fen=49_000,
            reason="-",
            now=NOW,
        )
        decide_price_change(by=buying.shop.finance, change_id=asked, approve=True, now=NOW)
        buying.pay(data)
        assert states([tea, oil]) == ["paid", "created"]
        back = PaymentRefund.objects.get()
        assert (back.reason, back.amount_fen) == ("price_changed", OIL_FEN)
        rest = buying.attempt(tea.checkout_id)
        assert rest.amount_fen == OIL_FEN - 1_000
        buying.pay(rest)
        assert held()["order_held"] == 99_500 + 49_000

    def test_a_price_is_not_lowered_below_what_coupons_left_to_pay(self, buying: Buying) -> None:
        _tea, oil = buying.bought()
        (line,) = lines(oil)
        OrderLine.objects.filter(pk=line.pk).update(goods_fen=900)
        Order.objects.filter(pk=oil.pk).update(goods_fen=900, total_fen=900)
        with pytest.raises(DomainError, match="price_out_of_bounds") as caught:
            ask_price_change(
                by=buying.shop.owner,
                order_id=oil.pk,
                line_id=line.pk,
                to_fen=49_100,
                reason="-",
                now=NOW,
            )
        assert caught.value.details["least_fen"] == 50_000 - 899

    def test_goods_that_are_gone_send_their_part_back_only(self, buying: Buying) -> None:
        tea, oil = buying.bought()
        data = buying.attempt(tea.checkout_id)
        release_expired(now=NOW + timedelta(days=1))
        Sku.objects.filter(pk=buying.oil.pk).update(on_hand=0)
        buying.pay(data)
        assert states([tea, oil]) == ["paid", "created"]
        assert PaymentRefund.objects.get().reason == "out_of_stock"

    def test_a_paid_order_given_up_goes_back_whole(self, buying: Buying) -> None:
        tea, oil = buying.paid()
        cancel_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        send_pending(now=NOW)
        assert states([tea, oil]) == ["refunded", "paid"]
        assert held() == {
            "order_held": 50_000,
            "coupon_cost": -1_003,
            "sandbox": -OIL_FEN,
        }
        assert coupon_states(buying) == ("claimed", "used")
        cancel_order(order_id=oil.pk, member_id=buying.buyer.pk, now=NOW)
        send_pending(now=NOW)
        assert held() == {}
        assert coupon_states(buying) == ("claimed", "claimed")

    def test_what_the_platform_paid_for_whole_goes_back_to_it(self, buying: Buying) -> None:
        gift = sku(buying.other, price_fen=300, cost_fen=0)
        coupon = offered(buying.shop, off_fen=300, scope="product", targets=(gift.product_id,))
        own = claim_coupon(member_id=buying.buyer.pk, coupon_id=coupon.pk, now=NOW)
        buying.fill(buying.oil, gift)
        (order,) = Order.objects.filter(
            pk__in=[one.order_id for one in buying.buy(buying.wish(coupon_ids=(own,))).orders]
        )
        buying.pay(buying.attempt(order.checkout_id))
        forward(order, NOW)
        assert held()["coupon_cost"] == -300
        cancel_order(order_id=order.pk, member_id=buying.buyer.pk, now=NOW)
        send_pending(now=NOW)
        assert held() == {}
        assert sorted(Refund.objects.values_list("amount_fen", "price_fen", "state")) == [
            (0, 300, "paid"),
            (50_000, 50_000, "paid"),
        ]


class TestRefunds:
    """By line, each order's from the payment they share."""

    def test_several_in_transit_count_against_it(self, buying: Buying) -> None:
        tea, oil = buying.paid()
        buying.refund(lines(tea)[0], 50_000)
        buying.refund(lines(oil)[0], 40_000)
        assert Payment.objects.get().refunded_fen == 90_000
        assert {back.order_id for back in PaymentRefund.objects.all()} == {tea.pk, oil.pk}
        with pytest.raises(DomainError) as caught:
            ask_refund(
                order_id=oil.pk,
                line_id=lines(oil)[0].pk,
                amount_fen=OIL_FEN - 40_000 + 1,
                reason="",
                idempotency_key="more",
                now=NOW,
                member_id=buying.buyer.pk,
            )
        assert caught.value.code == "refund_exceeds_line"

    @pytest.mark.django_db(transaction=True)
    def test_both_orders_at_once(self, buying: Buying) -> None:
        tea, oil = buying.paid()
        goods = [lines(order)[0] for order in (tea, oil)]
        answers = at_once([lambda x=x: buying.refund(x, x.paid_fen) for x in goods])  # type: ignore[misc]
        assert answers == ["paid", "paid"]
        assert held() == {}

    def test_goods_first_then_what_was_paid_for_sending_them(self, buying: Buying) -> None:
        tea, _oil = buying.paid()
        (line,) = lines(tea)
        assert line.refundable_fen == TEA_FEN
        buying.refund(line, TEA_FEN - 400)
        refund = Refund.objects.get()
        assert (refund.goods_fen, refund.delivery_fen) == (97_503, 600)
        assert (refund.price_fen, refund.freight_fen) == (99_500, 600)
        # Nothing of the price is left: 4 yuan for sending it are the merchant's.
        assert states([tea]) == ["refunded"]
        assert "shipping" not in held()
        assert earned_fen(tea) == 400

    def test_after_settlement_the_platform_has_its_part_back_too(
        self, shop: Shop, buying: Buying
    ) -> None:
        tea, _oil = buying.paid()
        ship_order(by=shop.owner, order_id=tea.pk, now=NOW)
        receive_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        forward(tea, LATER)
        settle()
        before = held()
        buying.refund(lines(tea)[0], 10_000)
        settle()
        assert pay_settled_refunds(now=LATER) == 1
        # floor(99 500 × 10 000 / 97 503) = 10 204 of the price: 2.04 of it the platform's.
        assert Refund.objects.get().price_fen == 10_204
        after = held()
        assert after["coupon_cost"] - before["coupon_cost"] == 204
        assert after["sandbox"] - before["sandbox"] == 10_000
        assert after.get("refund_pending", 0) == 0
        buying.refund(lines(tea)[0], TEA_FEN - 10_000)
        settle()
        pay_settled_refunds(now=LATER)
        assert held() == {
            "order_held": 50_000,
            "coupon_cost": -1_003,
            "sandbox": -OIL_FEN,
        }
        assert states([tea]) == ["refunded"]

    def test_delivery_alone_goes_back_without_the_settler(self, shop: Shop, buying: Buying) -> None:
        tea, _oil = buying.paid()
        ship_order(by=shop.owner, order_id=tea.pk, now=NOW)
        receive_order(order_id=tea.pk, member_id=buying.buyer.pk, now=NOW)
        forward(tea, LATER)
        settle()
        buying.refund(lines(tea)[0], 97_503)
        assert Refund.objects.filter(before_settlement=False).count() == 1
        settle()
        pay_settled_refunds(now=LATER)
        assert "shipping" not in held()
        assert earned_fen(tea) == 1_000
        assert states([tea]) == ["refunded"]

    def test_given_up_after_a_part_went_back(self, buying: Buying) -> None:
        """Of one line the goods are given back, but not what was paid for sending them."""
        nut = sku(buying.shop.merchant, price_fen=50_000, cost_fen=10_000)
        buying.fill(buying.tea, nut)
        order = Order.objects.get(checkout=buying.buy(buying.wish(coupon_ids=())).checkout_id)
        buying.pay(buying.attempt(order.checkout_id))
        forward(order, NOW)
        line = lines(order)[0]
        assert line.delivery_fen > 0
        buying.refund(line, line.goods_fen)
        cancel_order(order_id=order.pk, now=NOW, member_id=buying.buyer.pk)
        forward(order, NOW)
        send_pending(now=NOW)
        assert states([order]) == ["refunded"]
        assert held() == {}
        assert earned_fen(order) == 0


CUTS = st.sets(st.integers(1, 48_996), max_size=3)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cuts=st.tuples(CUTS, CUTS), shuffled=st.randoms(use_true_random=False))
def test_refunded_by_line_in_any_order_it_adds_up(
    buying: Buying, cuts: tuple[set[int], set[int]], shuffled: Random
) -> None:
    """To the member exactly what was paid, to the platform exactly what it added."""
    with transaction.atomic():
        parts: list[tuple[OrderLine, int]] = []
        for order, own in zip(buying.paid(), cuts, strict=True):
            (line,) = lines(order)
            edges = [0, *sorted(own), line.paid_fen]
            parts += [(line, end - start) for start, end in pairwise(edges)]
        shuffled.shuffle(parts)
        for line, amount_fen in parts:
            line.refresh_from_db()
            if not line.is_given_back:  # else what is left was paid for sending it
                buying.refund(line, amount_fen)
        rows = list(OrderLine.objects.all())
        assert all(row.is_given_back for row in rows)
        kept_fen = sum(row.paid_fen - row.refunded_fen for row in rows)
        assert sum(map(earned_fen, Order.objects.all())) == kept_fen
        left = {"sandbox": -kept_fen}
        assert held() == {name: fen for name, fen in left.items() if fen}
        transaction.set_rollback(True)
