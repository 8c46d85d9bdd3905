"""Every order moves on its flow: the doors of buyer, staff, gateway and clock, really run."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from tests.usecases.shop import (
    LATER,
    NOW,
    InForce,
    Shop,
    at_once,
    forward,
    lines,
    member,
    notice,
    paid,
    place,
    received,
    sku,
    staff,
)
from tests.usecases.test_refunds import approve, ask

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment.models import FlowInstance, Hold, Signal, WorkItem
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders import decisions, shipments
from mingchi.orders.models import AfterSalesCase, Order, Reservation
from mingchi.payments.models import PaymentRefund
from mingchi.rebates.models import Event
from mingchi.usecases import after_sales, do_work, hold_subject, run_flows, steer_flow
from mingchi.usecases.cancel_order import cancel_order, cancel_unpaid
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.receive_order import receive_order
from mingchi.usecases.ship_order import ship_order
from mingchi.usecases.take_payment import take_payment
from mingchi.usecases.templates import lists
from mingchi.usecases.templates.lists import Line, ListTemplate, Name

PREPARING = ("shipment.pick", "shipment.pack", "shipment.create", "shipment.hand_over")
REVIEWED_BEFORE_PAYING = ListTemplate(
    key="reviewed_before_paying",
    kind="order",
    name=Name("先审后付", "Reviewed, then paid"),
    about=Name("", ""),
    lines=(
        Line(
            step="order.review",
            role="service",
            assent="approved",
            otherwise=(Line(step="order.cancel"),),
        ),
        *lists.STANDARD.lines,
    ),
)


def waiting() -> list[str]:
    """The steps that wait for a person, and what stands to be repaired."""
    items = WorkItem.objects.filter(closed_at__isnull=True).order_by("id")
    return [item.repair or item.step for item in items]


def do(merchant: Merchant, step: str) -> None:
    item = WorkItem.objects.get(closed_at__isnull=True, step=step)
    do_work.complete_work(by=staff(merchant=merchant), item_id=item.pk, now=NOW)
    run_flows.work_off(now=NOW)


def state(order: Order) -> tuple[str, str]:
    """Of the order and of its flow."""
    flow = FlowInstance.objects.get(subject=f"order:{order.pk}")
    return str(Order.objects.get(pk=order.pk).state), str(flow.status)


def placed(buyer: Member, merchant: Merchant) -> Order:
    return Order.objects.get(pk=place(buyer, sku(merchant, on_hand=5), qty=2).order_id)


@pytest.mark.django_db(transaction=True)
class TestFromPayingToSettlement:
    def test_by_the_work_desk(self, shop: Shop) -> None:
        buyer, tea = member(), sku(shop.merchant, on_hand=5)
        order = paid(buyer, tea, qty=2)
        run_flows.work_off(now=NOW)
        for step in PREPARING:
            assert waiting() == [step]
            do(shop.merchant, step)
        assert (waiting(), *state(order)) == (["order.receive"], "shipped", "running")
        item = WorkItem.objects.get(closed_at__isnull=True)
        do_work.complete_as_buyer(member_id=buyer.pk, item_id=item.pk, now=NOW)
        run_flows.work_off(now=NOW + timedelta(days=7, seconds=-1))
        assert state(order) == ("received", "running")
        run_flows.work_off(now=NOW + timedelta(days=7))
        assert (waiting(), *state(order)) == ([], "completed", "ended")
        assert Event.objects.filter(key=f"o{order.pk}").count() == 1
        tea.refresh_from_db()
        assert (tea.on_hand, tea.reserved) == (3, 0)

    def test_by_the_doors_and_the_clock(self, shop: Shop) -> None:
        order = received(shop, member(), sku(shop.merchant))
        done = WorkItem.objects.order_by("id").values_list("step", "closed_by")
        by = f"user:{shop.owner.pk}"
        assert list(done) == [
            *((step, by) for step in PREPARING),
            ("order.receive", f"member:{order.member_id}"),
        ]
        run_flows.work_off(now=LATER)
        assert state(order) == ("completed", "ended")

    def test_many_doors_at_once_move_it_once(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        ship = partial(ship_order, by=shop.owner, order_id=order.pk, now=NOW)
        work = partial(run_flows.work_off, now=NOW)
        at_once([ship, work, ship, work])
        assert state(order) == ("shipped", "running")
        assert [item.step for item in WorkItem.objects.order_by("id")] == [
            *PREPARING,
            "order.receive",
        ]


class TestGivenUp:
    def test_not_paid_in_time(self, shop: Shop) -> None:
        order = placed(member(), shop.merchant)
        run_flows.work_off(now=NOW)
        run_flows.work_off(now=NOW + timedelta(minutes=30))
        assert (waiting(), *state(order)) == ([], "cancelled", "ended")
        assert Reservation.objects.get().held == 0

    def test_before_the_worker_has_started_it(self, shop: Shop) -> None:
        order = placed(member(), shop.merchant)
        cancel_order(order_id=order.pk, member_id=order.member_id, now=NOW)
        assert state(order) == ("cancelled", "ended")

    def test_while_it_is_prepared_the_money_goes_back(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant, on_hand=5), qty=2)
        run_flows.work_off(now=NOW)
        do(shop.merchant, "shipment.pick")
        cancel_order(order_id=order.pk, member_id=order.member_id, now=NOW)
        assert (waiting(), *state(order)) == ([], "refunded", "ended")
        assert PaymentRefund.objects.get().state == "paid"
        assert Reservation.objects.get().held == 0
        assert shipments.of_order(order) == []
        with pytest.raises(DomainError, match="impossible_move"):
            cancel_order(order_id=order.pk, member_id=order.member_id, now=NOW)

    def test_once_it_has_left_nobody_cancels(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        with pytest.raises(DomainError, match="goods_under_way"):
            cancel_order(order_id=order.pk, by=shop.owner, now=NOW)
        assert state(order) == ("shipped", "running")

    def test_a_flow_that_knows_no_second_thoughts_is_closed(
        self, shop: Shop, in_force: InForce
    ) -> None:
        in_force("list_standard")
        unpaid, money = placed(member(), shop.merchant), paid(member(), sku(shop.merchant))
        run_flows.work_off(now=NOW)
        cancel_order(order_id=unpaid.pk, by=shop.owner, now=NOW)
        assert state(unpaid) == ("cancelled", "cancelled")
        assert not Signal.objects.filter(subject=f"order:{unpaid.pk}").exists()
        with pytest.raises(DomainError, match="impossible_move"):
            cancel_order(order_id=money.pk, by=shop.owner, now=NOW)

    def test_a_refund_in_full_ends_it_wherever_it_is(self, shop: Shop) -> None:
        early, sent = (paid(member(), sku(shop.merchant)) for _ in range(2))
        run_flows.work_off(now=NOW)
        ship_order(by=shop.owner, order_id=sent.pk, now=NOW)
        for order in (early, sent):
            approve(shop, ask(order, 100_000))
        run_flows.work_off(now=NOW)
        assert (waiting(), state(early), state(sent)) == (
            [],
            ("refunded", "ended"),
            ("refunded", "cancelled"),
        )

    def test_staff_cancel_the_flow_of_an_unpaid_order(self, shop: Shop) -> None:
        order = placed(member(), shop.merchant)
        run_flows.work_off(now=NOW)
        flow = FlowInstance.objects.get()
        steer_flow.cancel_flow(by=shop.owner, instance_id=flow.pk, now=NOW)
        run_flows.work_off(now=NOW)
        assert state(order) == ("cancelled", "cancelled")
        assert Reservation.objects.get().held == 0


class TestPaying:
    def test_the_buyer_is_told_until_when_the_flow_waits(
        self, shop: Shop, in_force: InForce
    ) -> None:
        in_force("prepayment")
        order = placed(member(), shop.merchant)
        run_flows.work_off(now=NOW)
        order.refresh_from_db()
        in_three_days = NOW + timedelta(days=3)
        assert order.pay_by == Reservation.objects.get().expires_at == in_three_days
        assert cancel_unpaid(now=NOW + timedelta(days=2)) == 0
        words = {"member_id": order.member_id, "order_id": order.pk}
        pay_order(**words, idempotency_key="a", now=NOW + timedelta(days=2))
        with pytest.raises(DomainError, match="not_payable"):
            pay_order(**words, idempotency_key="b", now=in_three_days)

    def test_before_the_flow_waits_for_the_money_nothing_is_paid(
        self, shop: Shop, in_force: InForce
    ) -> None:
        """The merchant looks at the order first; the platform's half hour does not run."""
        in_force(REVIEWED_BEFORE_PAYING)
        order = placed(member(), shop.merchant)
        run_flows.work_off(now=NOW)
        words = {"member_id": order.member_id, "order_id": order.pk, "now": NOW}
        with pytest.raises(DomainError, match="not_payable"):
            pay_order(**words, idempotency_key="a")
        assert cancel_unpaid(now=LATER) == 0
        assert waiting() == ["order.review"]
        do(shop.merchant, "order.review")
        data = pay_order(**words, idempotency_key="b")
        body, headers = notice(data.out_trade_no, data.amount_fen)
        take_payment(gateway="sandbox", body=body, headers=headers, now=NOW)
        run_flows.work_off(now=NOW)
        assert waiting() == ["shipment.pick"]

    def test_a_notice_that_comes_twice_tells_once(self, shop: Shop) -> None:
        order = placed(member(), shop.merchant)
        data = pay_order(member_id=order.member_id, order_id=order.pk, idempotency_key="a", now=NOW)
        body, headers = notice(data.out_trade_no, data.amount_fen)
        for _ in range(2):
            take_payment(gateway="sandbox", body=body, headers=headers, now=NOW)
        assert Signal.objects.get().name == "paid"


class TestShipping:
    def test_what_the_flow_asks_for_first_is_not_skipped(
        self, shop: Shop, in_force: InForce
    ) -> None:
        in_force("review_first")
        order = paid(member(), sku(shop.merchant))
        with pytest.raises(DomainError, match="flow_waits") as caught:
            ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        assert caught.value.details == {"waiting": [{"title": "订单审核", "role": "service"}]}
        assert state(order) == ("paid", "running")
        do(shop.merchant, "order.review")
        ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        assert state(order) == ("shipped", "running")

    def test_a_hold_stops_staff_and_buyer_and_only_staff_hear_why(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        hold_subject.place_hold(
            by=shop.owner, kind="order", subject=f"order:{order.pk}", reason="fraud?", now=NOW
        )
        with pytest.raises(DomainError, match="flow_waits"):
            ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        hold_subject.lift_hold(by=shop.owner, hold_id=Hold.objects.get().pk, now=NOW)
        ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        hold_subject.place_hold(
            by=shop.owner, kind="order", subject=f"order:{order.pk}", reason="fraud?", now=NOW
        )
        with pytest.raises(DomainError, match="on_hold") as caught:
            receive_order(order_id=order.pk, member_id=order.member_id, now=NOW)
        assert "fraud" not in f"{caught.value.message}{caught.value.details}"

    def test_a_step_that_refuses_leaves_all_as_it_was(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        with transaction.atomic():
            decisions.review(order, approved=False, actor="user:1", key="r", now=NOW)
        with pytest.raises(DomainError, match="order_rejected"):
            ship_order(by=shop.owner, order_id=order.pk, now=NOW, carrier="SF", tracking_number="1")
        assert waiting() == ["shipment.pick"]
        assert shipments.of_order(order)[0].carrier == ""


class TestReceiving:
    def test_staffs_word_is_the_proof(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        receive_order(order_id=order.pk, by=shop.owner, now=NOW)
        (part,) = shipments.of_order(order)
        assert (part.proof, *state(order)) == (
            f"confirmed by user:{shop.owner.pk}",
            "received",
            "running",
        )
        closed = WorkItem.objects.get(step="order.receive")
        assert closed.closed_by == f"user:{shop.owner.pk}"

    def test_time_alone_is_no_proof_and_the_buyer_may_still_say_so(self, shop: Shop) -> None:
        """The step fails for good and waits for a person; it neither vanishes nor receives."""
        order = paid(member(), sku(shop.merchant))
        ship_order(by=shop.owner, order_id=order.pk, now=NOW)
        for day in range(15, 25):
            run_flows.work_off(now=NOW + timedelta(days=day))
        assert state(order) == ("shipped", "running")
        assert len(waiting()) == 1
        late = NOW + timedelta(days=25)
        receive_order(order_id=order.pk, member_id=order.member_id, now=late)
        assert (waiting(), *state(order)) == ([], "received", "running")


class TestTelling:
    def test_goods_on_pre_order_came_in(self, shop: Shop, in_force: InForce) -> None:
        in_force("pre_order")
        order = paid(member(), sku(shop.merchant))
        run_flows.work_off(now=NOW)
        flow = FlowInstance.objects.get()
        assert steer_flow.tellable(flow.pk) == ["arrived"]
        for name in ("cancel", "refused"):
            with pytest.raises(DomainError, match="not_told_so"):
                steer_flow.tell_flow(by=shop.owner, instance_id=flow.pk, name=name, now=NOW)
        with pytest.raises(DomainError, match="not_allowed"):
            steer_flow.tell_flow(by=shop.finance, instance_id=flow.pk, name="arrived", now=NOW)
        assert waiting() == []
        clerk = staff(merchant=shop.merchant, role="clerk")
        steer_flow.tell_flow(by=clerk, instance_id=flow.pk, name="arrived", now=NOW)
        run_flows.work_off(now=NOW)
        assert (waiting(), *state(order)) == (["shipment.pick"], "paid", "running")


class TestCases:
    def opened(self, shop: Shop, kind: str) -> AfterSalesCase:
        order = received(shop, member(), sku(shop.merchant))
        wish = after_sales.Wish(
            line_id=lines(order)[0].pk, kind=kind, units=1, reason="broken", amount_fen=100_000
        )
        found = after_sales.open_case(
            order_id=order.pk, wish=wish, idempotency_key="c", now=NOW, member_id=order.member_id
        )
        run_flows.work_off(now=NOW)
        assert waiting() == ["case.answer"]
        return AfterSalesCase.objects.get(pk=found.case_id)

    def test_a_refund_in_full_by_a_case_ends_the_order_too(self, shop: Shop) -> None:
        case = self.opened(shop, "refund_only")
        do(shop.merchant, "case.answer")
        assert (waiting(), *state(case.order)) == ([], "refunded", "cancelled")
        assert FlowInstance.objects.get(subject=f"case:{case.pk}").status == "ended"

    def test_the_buyer_gives_it_up(self, shop: Shop) -> None:
        early, late = self.opened(shop, "return"), None
        after_sales.withdraw_case(member_id=early.order.member_id, case_id=early.pk, now=NOW)
        assert FlowInstance.objects.get(subject=f"case:{early.pk}").status == "cancelled"
        late = self.opened(shop, "return")
        do(shop.merchant, "case.answer")
        assert waiting() == ["case.receive_goods"]
        after_sales.withdraw_case(member_id=late.order.member_id, case_id=late.pk, now=NOW)
        run_flows.work_off(now=NOW)
        assert FlowInstance.objects.get(subject=f"case:{late.pk}").status == "ended"
        late.refresh_from_db()
        assert (waiting(), late.state) == ([], "withdrawn")
        forward(late.order, LATER)
        assert state(late.order) == ("completed", "ended")
