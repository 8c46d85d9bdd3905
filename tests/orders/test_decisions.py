"""Reviews, finance's word, price changes, invoices, messages."""

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings
from tests.usecases.shop import NOW, Shop, lines, member, paid, place, sku, staff

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.orders import decisions, papers, price_changes
from mingchi.orders.models import (
    InvoiceRequest,
    Notification,
    Order,
    OrderDecision,
    OrderLine,
    PriceChange,
)
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.change_price import ask_price_change, decide_price_change
from mingchi.usecases.send_notifications import send_notifications
from mingchi.usecases.write_invoice import issue_invoice, request_invoice


@pytest.fixture
def unpaid(shop: Shop) -> Order:
    return Order.objects.get(pk=place(member(), sku(shop.merchant), qty=2).order_id)


def line_of(order: Order) -> OrderLine:
    line = lines(order)[0]
    line.order = order
    return line


def test_a_decision_is_taken_once(unpaid: Order) -> None:
    for _ in range(2):
        decisions.review(unpaid, approved=True, actor="user:1", key="1:2", now=NOW)
    assert OrderDecision.objects.count() == 1
    with pytest.raises(DomainError, match="impossible_move"):
        decisions.review(unpaid, approved=False, actor="user:1", key="1:2", now=NOW)
    decisions.review(unpaid, approved=False, actor="user:1", key="1:3", now=NOW)
    assert OrderDecision.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        decisions.review(unpaid, approved=True, actor="", key="1:4", now=NOW)


def test_finance_confirm_money_only(shop: Shop, unpaid: Order) -> None:
    with pytest.raises(DomainError, match="impossible_move"):
        decisions.confirm_finance(unpaid, approved=True, actor="user:1", key="1", now=NOW)
    door = Order.objects.get(pk=place(member(), sku(shop.merchant), payment_method="cod").order_id)
    for order in (door, paid(member(), sku(shop.merchant))):
        decisions.confirm_finance(order, approved=True, actor="user:1", key="1", now=NOW)
    cancel_order(order_id=unpaid.pk, now=NOW)
    unpaid.refresh_from_db()
    with pytest.raises(DomainError, match="impossible_move"):
        decisions.review(unpaid, approved=True, actor="user:1", key="1", now=NOW)


class TestPriceChange:
    """One asks, another decides, before the order is paid."""

    @pytest.mark.parametrize(
        ("price", "percent", "least"),
        [(100, 30, 70), (101, 30, 71), (1, 30, 1), (100, 0, 100), (3, 99, 1)],
    )
    def test_how_far(self, settings: Settings, price: int, percent: int, least: int) -> None:
        settings.PRICE_CHANGE_PERCENT = percent
        assert price_changes.least_price_fen(price) == least

    @pytest.mark.parametrize("to_fen", [69_999, 100_000, 100_001, 1])
    def test_out_of_bounds(self, unpaid: Order, to_fen: int) -> None:
        with pytest.raises(DomainError, match="price_out_of_bounds"):
            price_changes.ask(line_of(unpaid), to_fen=to_fen, reason="-", actor="user:1", now=NOW)

    def ask(self, by: object, order: Order, to_fen: int = 80_000) -> int:
        return ask_price_change(
            by=by,  # type: ignore[arg-type]
            order_id=order.pk,
            line_id=lines(order)[0].pk,
            to_fen=to_fen,
            reason="loyal",
            now=NOW,
        )

    def test_asked_and_approved(self, shop: Shop, unpaid: Order) -> None:
        clerk = staff(merchant=shop.merchant, role="clerk")
        manager = staff(merchant=shop.merchant)
        change = self.ask(clerk, unpaid)
        with pytest.raises(DomainError, match="price_change_open"):
            self.ask(manager, unpaid)
        assert Order.objects.get().total_fen == 200_000
        with pytest.raises(DomainError, match="not_allowed"):
            decide_price_change(by=clerk, change_id=change, approve=True, now=NOW)
        for _ in range(2):
            decide_price_change(by=manager, change_id=change, approve=True, now=NOW)
        order, line = Order.objects.get(), OrderLine.objects.get()
        assert (order.total_fen, order.goods_fen) == (160_000, 160_000)
        assert (line.price_fen, line.amount_fen) == (80_000, 160_000)
        assert line.cost_fen == 60_000 - 40_000  # who lowers it gets that much less
        assert AuditRecord.objects.filter(action="price.approve").exists()

    def test_who_asks_does_not_decide(self, shop: Shop, unpaid: Order) -> None:
        change = self.ask(shop.owner, unpaid)
        with pytest.raises(DomainError, match="own_proposal"):
            decide_price_change(by=shop.owner, change_id=change, approve=True, now=NOW)
        assert (PriceChange.objects.get().state, Order.objects.get().total_fen) == (
            "asked",
            200_000,
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceChange.objects.update(
                state="approved", decided_by=f"user:{shop.owner.pk}", decided_at=NOW
            )

    def test_refused_changes_nothing(self, shop: Shop, unpaid: Order) -> None:
        change = self.ask(shop.owner, unpaid)
        decide_price_change(by=shop.finance, change_id=change, approve=False, now=NOW)
        assert Order.objects.get().total_fen == 200_000
        with pytest.raises(DomainError, match="price_change_decided"):
            decide_price_change(by=shop.finance, change_id=change, approve=True, now=NOW)

    def test_the_shares_must_fit(self, shop: Shop, unpaid: Order) -> None:
        OrderLine.objects.update(cost_fen=10_000, distribution_fen=5_000, pool_fen=155_001)
        with pytest.raises(DomainError, match="split_exceeds_price"):
            self.ask(shop.owner, unpaid)
        assert not PriceChange.objects.exists()
        OrderLine.objects.update(pool_fen=155_000)
        change = self.ask(shop.owner, unpaid)
        OrderLine.objects.update(pool_fen=155_001)
        with pytest.raises(DomainError, match="split_exceeds_price"):
            decide_price_change(by=shop.finance, change_id=change, approve=True, now=NOW)
        assert Order.objects.get().total_fen == 200_000

    def test_not_after_payment(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        with pytest.raises(DomainError, match="not_repriceable"):
            self.ask(shop.owner, order)

    def test_paid_before_it_was_decided(self, shop: Shop, unpaid: Order) -> None:
        change = self.ask(shop.owner, unpaid)
        Order.objects.update(state="paid", paid_at=NOW)
        with pytest.raises(DomainError, match="not_repriceable"):
            decide_price_change(by=shop.finance, change_id=change, approve=True, now=NOW)
        assert (PriceChange.objects.get().state, Order.objects.get().total_fen) == (
            "asked",
            200_000,
        )


def test_an_invoice_is_asked_for_and_issued(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    with pytest.raises(DomainError, match="no_invoice_asked"):
        issue_invoice(by=shop.finance, order_id=order.pk, number="1", now=NOW)
    ask = {"member_id": order.member_id, "order_id": order.pk, "now": NOW}
    request_invoice(title="Li", **ask)  # type: ignore[arg-type]
    request_invoice(title="Li & Co", tax_number="91330106MA27XY712R", **ask)  # type: ignore[arg-type]
    assert papers.invoice_waits(order)
    with pytest.raises(DomainError, match="not_allowed"):
        issue_invoice(by=staff("service"), order_id=order.pk, number="1", now=NOW)
    for _ in range(2):
        issue_invoice(by=shop.finance, order_id=order.pk, number="1", now=NOW)
    found = InvoiceRequest.objects.get()
    assert (found.title, found.state, found.number) == ("Li & Co", "issued", "1")
    assert not papers.invoice_waits(order)
    with pytest.raises(DomainError, match="invoice_issued"):
        request_invoice(title="Li", **ask)  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="not_found"):
        request_invoice(member_id=member().pk, order_id=order.pk, title="x", now=NOW)


def test_a_message_is_written_and_sent_once(unpaid: Order, settings: Settings) -> None:
    for _ in range(2):
        papers.notify(unpaid, text="x" * 400, key="1")
    settings.LIVE = True
    assert send_notifications(now=NOW) == 0
    settings.LIVE = False
    assert [send_notifications(now=NOW), send_notifications(now=NOW)] == [1, 0]
    found = Notification.objects.get()
    assert (found.state, found.sent_at, len(found.text)) == ("sent", NOW, 300)
    assert found.member_id == unpaid.member_id
