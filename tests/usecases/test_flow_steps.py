"""The templates driven from start to end over real orders: what the steps do to goods and money.
Each step is run twice on the way, as a worker that died would."""

import json
from datetime import timedelta

import pytest
from tests.usecases.driving import Drive
from tests.usecases.shop import NOW, Shop, completed, lines, member, paid, place, sku, staff
from tests.usecases.shop import open_case as ask_case

from mingchi.catalogue import stock
from mingchi.catalogue.models import Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.members.models import Member
from mingchi.orders import arguing, price_changes, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, CaseEntry, Notification, Order, Refund
from mingchi.payments.models import Payment, PaymentRefund
from mingchi.rebates.models import Event
from mingchi.usecases import sandbox_pay
from mingchi.usecases.pay_order import pay_order

PREPARE = ("shipment.pick", "shipment.pack")
SEND = ("shipment.create", "shipment.hand_over")


@pytest.fixture
def buyer(shop: Shop) -> Member:
    return member()


@pytest.fixture
def tea(shop: Shop) -> Sku:
    return sku(shop.merchant, on_hand=5)


@pytest.fixture
def clerk(shop: Shop) -> str:
    return actor(staff(merchant=shop.merchant, role="warehouse"))


def actor(user: User) -> str:
    return f"user:{user.pk}"


def state(order_id: int) -> str:
    return str(Order.objects.get(pk=order_id).state)


def stocked(article: Sku) -> tuple[int, int]:
    article.refresh_from_db()
    return article.on_hand, article.reserved


def held() -> int:
    return balance(accounts.order_held()).balance_fen


def pay(buyer: Member, order_id: int) -> None:
    data = pay_order(member_id=buyer.pk, order_id=order_id, idempotency_key="pay", now=NOW)
    sandbox_pay.sandbox_pay(member_id=buyer.pk, out_trade_no=data.out_trade_no, now=NOW)


def test_standard_from_paying_to_settlement(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = place(buyer, tea, qty=2).order_id
    drive = Drive("standard", f"order:{order_id}", NOW)
    pay(buyer, order_id)
    drive.signal("paid")
    drive.does(*PREPARE, *SEND, actor=clerk)
    assert (state(order_id), stocked(tea)) == ("shipped", (3, 0))
    drive.does("order.receive", actor=f"member:{buyer.pk}")
    assert not Event.objects.filter(key=f"o{order_id}").exists()
    drive.wait()
    assert (state(order_id), drive.ended is None) == ("completed", False)
    assert Event.objects.filter(key=f"o{order_id}").count() == 1
    assert drive.done[-2:] == ["order.try_close_window", "order.try_complete"]
    assert Notification.objects.filter(order=order_id).count() == 1


def test_standard_at_the_door(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = place(buyer, tea, payment_method="cod").order_id
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.does(*PREPARE, *SEND, actor=clerk)
    assert held() == 0
    for parcel in shipments.of_order(Order.objects.get()):
        shipments.deliver(parcel, proof="signed", now=NOW)
    drive.wait()
    assert state(order_id) == "received"
    drive.does("payment.collect", actor=clerk)
    assert (held(), balance(accounts.cash("cod")).balance_fen) == (100_000, -100_000)
    drive.now = NOW + timedelta(days=30)
    drive.wait()
    assert state(order_id) == "completed"


def test_not_paid_in_time(buyer: Member, tea: Sku) -> None:
    order_id = place(buyer, tea).order_id
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.wait()
    assert (state(order_id), stocked(tea)) == ("cancelled", (5, 0))
    assert drive.ended is not None


def test_paid_at_the_last_moment(buyer: Member, tea: Sku) -> None:
    """The money is there, its signal is not: the timer must not give the order up."""
    order_id = place(buyer, tea).order_id
    drive = Drive("standard", f"order:{order_id}", NOW)
    pay(buyer, order_id)
    drive.wait()
    assert (state(order_id), drive.ended) == ("paid", None)
    assert drive.done == ["order.expire", "payment.capture", "warehouse.allocate"]


def test_a_lost_notice_is_asked_for(buyer: Member, tea: Sku) -> None:
    order_id = place(buyer, tea).order_id
    drive = Drive("standard", f"order:{order_id}", NOW)
    data = pay_order(member_id=buyer.pk, order_id=order_id, idempotency_key="pay", now=NOW)
    with pytest.raises(DomainError, match="not_paid"):
        drive.signal("paid")
    gateway = sandbox_pay.SandboxGateway(secret="-")
    gateway.note(data.out_trade_no, data.amount_fen)
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.signal("paid")
    assert (state(order_id), held()) == ("paid", 100_000)


def test_cancelled_while_it_is_prepared(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = paid(buyer, tea, qty=2).pk
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does("shipment.pick", actor=clerk)
    drive.signal("cancel")
    assert (state(order_id), stocked(tea), held()) == ("refunded", (5, 0), 0)
    assert PaymentRefund.objects.get().state == "paid"
    refund = Refund.objects.get()
    assert (refund.amount_fen, refund.automatic, refund.state) == (200_000, True, "paid")
    assert drive.ended is not None


def test_nobody_else_receives_for_the_buyer(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does(*PREPARE, *SEND, actor=clerk)
    for other in (clerk, f"member:{member().pk}"):
        with pytest.raises(DomainError, match="not_delivered"):
            drive.does("order.receive", actor=other)
    with pytest.raises(DomainError, match="not_delivered"):
        drive.wait()  # a timer without the carrier's proof
    assert state(order_id) == "shipped"


def test_points_are_not_released_early(buyer: Member, tea: Sku, clerk: str) -> None:
    """A timer of the flow that is shorter than the platform's window only makes it wait."""
    order_id = paid(buyer, tea).pk
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does(*PREPARE, *SEND, actor=clerk)
    drive.does("order.receive", actor=f"member:{buyer.pk}")
    late = NOW + timedelta(days=20)
    Order.objects.update(complete_due_at=late)
    drive.wait()
    assert drive.done[-1] == "order.try_close_window"
    assert not Event.objects.filter(kind="order").exists()
    while drive.ended is None:
        drive.wait()
    assert drive.now >= late
    assert state(order_id) == "completed"


def test_an_open_case_keeps_it_waiting(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive("standard", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does(*PREPARE, *SEND, actor=clerk)
    drive.does("order.receive", actor=f"member:{buyer.pk}")
    case = a_case(order_id, kind="return", amount_fen=100_000)
    drive.wait()
    assert (drive.done[-1], state(order_id)) == ("order.try_complete", "received")
    service = actor(staff(merchant=Order.objects.get().merchant, role="service"))
    back = Drive("return_and_refund", f"case:{case.pk}", drive.now)
    back.does("case.answer", actor=service)
    back.does("case.receive_goods", "case.inspect", actor=clerk)
    assert (state(order_id), stocked(tea), held()) == ("refunded", (5, 0), 0)
    drive.wait()
    assert (drive.done[-1], drive.ended is None) == ("payment.refund", False)
    assert not Event.objects.filter(kind="order").exists()
    assert PaymentRefund.objects.count() == 1


def a_case(order_id: int, **wish: object) -> AfterSalesCase:
    order = Order.objects.get(pk=order_id)
    line = lines(order)[0]
    line.order = order
    return ask_case(line, **wish)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["review_first", "prepayment"])
def test_a_no_gives_money_and_stock_back(buyer: Member, tea: Sku, clerk: str, key: str) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive(key, f"order:{order_id}", NOW)
    drive.signal("paid")
    step = "order.review" if key == "review_first" else "finance.confirm"
    drive.does(step, actor=clerk, outcome="rejected")
    assert (state(order_id), stocked(tea), held()) == ("refunded", (5, 0), 0)
    assert drive.ended is not None


@pytest.mark.parametrize("key", ["list_standard", "list_review_first", "list_finance_after"])
def test_a_list_leads_to_settlement(buyer: Member, tea: Sku, clerk: str, key: str) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive(key, f"order:{order_id}", NOW)
    drive.signal("paid")
    if key == "list_review_first":
        drive.does("order.review", actor=clerk)
    drive.does(*PREPARE, *SEND, actor=clerk)
    drive.does("order.receive", actor=f"member:{buyer.pk}")
    if key == "list_finance_after":
        drive.does("finance.confirm", actor=clerk)
    drive.wait()
    assert (state(order_id), drive.ended is None) == ("completed", False)


def test_a_list_rejected(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive("list_review_first", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does("order.review", actor=clerk, outcome="rejected")
    assert (state(order_id), stocked(tea), held()) == ("refunded", (5, 0), 0)


def test_a_list_does_not_release_points_early(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive("list_standard", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does(*PREPARE, *SEND, actor=clerk)
    drive.does("order.receive", actor=f"member:{buyer.pk}")
    Order.objects.update(complete_due_at=NOW + timedelta(days=20))
    with pytest.raises(DomainError, match="return_window_open"):
        drive.wait()
    assert not Event.objects.filter(kind="order").exists()


def test_refused_at_the_door(buyer: Member, tea: Sku, clerk: str) -> None:
    order_id = place(buyer, tea, payment_method="cod").order_id
    drive = Drive("cash_on_delivery", f"order:{order_id}", NOW)
    drive.does("order.review", *PREPARE, *SEND, actor=clerk)
    assert stocked(tea) == (4, 0)
    drive.signal("refused")
    drive.does("shipment.take_back", actor=clerk)
    assert (state(order_id), stocked(tea)) == ("cancelled", (5, 0))
    assert not Payment.objects.exists()


def test_goods_on_pre_order_that_never_come(buyer: Member, tea: Sku) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive("pre_order", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.wait()
    assert (state(order_id), stocked(tea)) == ("refunded", (5, 0))


def test_virtual_goods_go_by_themselves(buyer: Member, tea: Sku) -> None:
    Product.objects.update(goods_type="virtual")
    order_id = place(buyer, tea).order_id
    drive = Drive("virtual_goods", f"order:{order_id}", NOW)
    pay(buyer, order_id)
    drive.signal("paid")
    assert (state(order_id), stocked(tea)) == ("received", (4, 0))
    drive.wait()
    assert state(order_id) == "completed"


def test_picked_up_in_store(shop: Shop, buyer: Member, tea: Sku) -> None:
    order_id = place(buyer, tea, delivery_method="pickup").order_id
    drive = Drive("pick_up", f"order:{order_id}", NOW)
    pay(buyer, order_id)
    drive.signal("paid")
    seller = actor(staff(merchant=shop.merchant, role="clerk"))
    drive.does("shipment.pick", "shipment.pick_up", actor=seller)
    assert state(order_id) == "received"
    assert shipments.of_order(Order.objects.get())[0].proof == f"handed out by {seller}"
    drive.wait()
    assert state(order_id) == "completed"


def test_what_is_carried_is_not_picked_up(shop: Shop, buyer: Member, tea: Sku) -> None:
    order_id = paid(buyer, tea).pk
    drive = Drive("pick_up", f"order:{order_id}", NOW)
    drive.signal("paid")
    drive.does("shipment.pick", actor="user:1")
    with pytest.raises(DomainError, match="other_delivery"):
        drive.does("shipment.pick_up", actor="user:1")
    assert stocked(tea) == (5, 1)


def test_exchanged(shop: Shop, buyer: Member, tea: Sku, clerk: str) -> None:
    order = completed(shop, buyer, tea)
    other = Sku.objects.create(
        product=tea.product, code="B", title="Green", price_fen=100_000, cost_fen=1, on_hand=2
    )
    case = a_case(order.pk, kind="exchange", replacement=other)
    drive = Drive("exchange", f"case:{case.pk}", NOW)
    drive.does("case.answer", actor=clerk)
    drive.does("case.receive_goods", "case.inspect", actor=clerk)
    assert (stocked(tea), stocked(other)) == ((4, 0), (2, 1))
    drive.does("case.restock", actor=clerk)
    assert (stocked(tea), stocked(other)) == ((5, 0), (2, 1))
    drive.does("case.exchange", actor=clerk)
    assert (stocked(tea), stocked(other)) == ((5, 0), (1, 0))
    case.refresh_from_db()
    assert CaseEntry.objects.filter(case=case, act="exchanged").get().words == other.article
    assert (case.state, case.settled_at, drive.ended is None) == ("closed", NOW, False)
    assert not Refund.objects.exists()
    assert stock.discrepancies() == []


def test_refund_after_settlement_is_an_event(shop: Shop, buyer: Member, tea: Sku) -> None:
    order = completed(shop, buyer, tea)
    case = a_case(order.pk, kind="refund_only", amount_fen=40_000)
    drive = Drive("after_sales", f"case:{case.pk}", NOW)
    authoriser = staff(merchant=shop.merchant, role="service")
    drive.does("case.answer", actor=actor(authoriser))
    refund = Refund.objects.get()
    assert (refund.state, refund.before_settlement) == ("approved", False)
    assert (refund.asked_by_member, refund.decided_by) == (True, authoriser)
    assert json.loads(Event.objects.get(key=f"r{refund.pk}").payload)["amount"] == 40_000
    assert not PaymentRefund.objects.exists()
    case.refresh_from_db()
    assert case.state == "closed"


@pytest.mark.parametrize("how", ["refused", "failed", "late", "withdrawn"])
def test_cases_that_bring_no_money(
    shop: Shop, buyer: Member, tea: Sku, clerk: str, how: str
) -> None:
    order = paid(buyer, tea)
    drive = Drive("standard", f"order:{order.pk}", NOW)
    drive.signal("paid")
    drive.does(*PREPARE, *SEND, actor=clerk)
    case = a_case(order.pk, kind="return", amount_fen=100_000)
    back = Drive("after_sales", f"case:{case.pk}", NOW)
    if how == "refused":
        arguing.prepare_answer(case, words="worn", note="")
        back.does("case.answer", actor=clerk, outcome="declined")
        back.wait()
    else:
        back.does("case.answer", actor=clerk)
        if how == "failed":
            back.does("case.receive_goods", actor=clerk)
            back.does("case.inspect", actor=clerk, outcome="failed")
            back.wait()
        elif how == "late":
            back.wait()
        else:
            back.signal("withdrawn")
    case.refresh_from_db()
    wanted = {"failed": "refused", "late": "withdrawn"}.get(how, how)
    assert (str(case.state), back.ended is None) == (wanted, False)
    assert (lines(order)[0].refunding_fen, lines(order)[0].refunded_fen) == (0, 0)
    assert not Refund.objects.exists()
    assert stocked(tea) == (4, 0)


def test_a_price_is_decided_by_another(shop: Shop, buyer: Member, tea: Sku) -> None:
    from mingchi.flows import REGISTRY, StepContext

    order_id = place(buyer, tea).order_id
    line = lines(Order.objects.get())[0]
    line.order = orders.lock(order_id)
    price_changes.ask(line, to_fen=80_000, reason="-", actor="user:1", now=NOW)

    def decide(by: str) -> None:
        REGISTRY["order.approve_price"].run(
            StepContext(
                subject=f"order:{order_id}",
                merchant=shop.merchant.pk,
                instance=1,
                token=1,
                node="price",
                step="order.approve_price",
                now=NOW,
                outcome="approved",
                actor=by,
            )
        )

    for wrong, code in (("user:1", "own_proposal"), ("", "not_allowed")):
        with pytest.raises(DomainError, match=code):
            decide(wrong)
    assert Order.objects.get().total_fen == 100_000
    decide("user:2")
    assert Order.objects.get().total_fen == 80_000


def test_a_flow_never_touches_anothers_orders(shop: Shop, buyer: Member, tea: Sku) -> None:
    order_id = paid(buyer, tea).pk
    for template, subject in (("standard", f"order:{order_id}"),):
        drive = Drive(template, subject, NOW)
        drive.merchant += 1
        with pytest.raises(DomainError, match="not_found"):
            drive.signal("paid")
    assert stocked(tea) == (5, 1)
