"""What follows where something is not on the shelf; and prices that are decided before payment."""

import pytest
from tests.usecases.shop import NOW, InForce, Shop, member, paid, place, sku, staff

from mingchi.catalogue.models import Sku
from mingchi.fulfilment.models import WorkItem
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Notification, Order, PriceChange
from mingchi.usecases import change_price, do_work, run_flows

pytestmark = pytest.mark.django_db(transaction=True)


def waiting() -> list[str]:
    items = WorkItem.objects.filter(closed_at__isnull=True).order_by("id")
    return [item.repair or item.step for item in items]


def say(merchant: Merchant, step: str, outcome: str = "") -> None:
    """A manager says how the work ended; the flow goes on as far as it does."""
    item = WorkItem.objects.get(closed_at__isnull=True, step=step)
    words = {"by": staff(merchant=merchant, role="manager"), "item_id": item.pk}
    do_work.complete_work(**words, outcome=outcome, now=NOW)  # type: ignore[arg-type]
    run_flows.work_off(now=NOW)


def short(shop: Shop, in_force: InForce, key: str) -> tuple[Order, Sku]:
    """A paid order of which something is not there."""
    in_force(key)
    tea = sku(shop.merchant, on_hand=5)
    order = paid(member(), tea, qty=2)
    run_flows.work_off(now=NOW)
    say(shop.merchant, "shipment.pick", "short")
    return order, tea


@pytest.mark.parametrize("key", ["standard", "prepayment"])
def test_a_shortage_is_allocated_anew_and_picked_again(
    key: str, shop: Shop, in_force: InForce
) -> None:
    in_force(key)
    order = paid(member(), sku(shop.merchant))
    run_flows.work_off(now=NOW)
    if key == "prepayment":
        say(shop.merchant, "finance.confirm", "approved")
    say(shop.merchant, "shipment.pick", "short")
    assert waiting() == ["stock.settle_shortage"]
    say(shop.merchant, "stock.settle_shortage", "again")
    assert waiting() == ["shipment.pick"]
    say(shop.merchant, "shipment.pick", "done")
    assert waiting() == ["shipment.pack"]
    order.refresh_from_db()
    assert order.state == "paid"


def test_a_shortage_may_give_the_order_up(shop: Shop, in_force: InForce) -> None:
    order, tea = short(shop, in_force, "standard")
    say(shop.merchant, "stock.settle_shortage", "given_up")
    assert waiting() == []
    order.refresh_from_db()
    tea.refresh_from_db()
    assert (order.state, tea.on_hand, tea.reserved) == ("refunded", 5, 0)
    assert Notification.objects.filter(order=order).count() == 1


def test_a_list_gives_the_order_up_at_once(shop: Shop, in_force: InForce) -> None:
    order, tea = short(shop, in_force, "list_standard")
    assert waiting() == []
    order.refresh_from_db()
    tea.refresh_from_db()
    assert (order.state, tea.reserved) == ("refunded", 0)


@pytest.mark.parametrize(("price_fen", "asked"), [(99_900, False), (100_000, True)])
def test_a_large_order_has_its_price_decided_before_payment(
    price_fen: int, asked: bool, shop: Shop, in_force: InForce
) -> None:
    in_force("negotiated_price")
    tea = sku(shop.merchant, price_fen=price_fen)
    order = Order.objects.get(pk=place(member(), tea).order_id)
    run_flows.work_off(now=NOW)
    assert waiting() == (["order.approve_price"] if asked else [])
    if asked:
        clerk = staff(merchant=shop.merchant, role="clerk")
        line = order.lines.get()
        change_price.ask_price_change(
            by=clerk, order_id=order.pk, line_id=line.pk, to_fen=95_000, reason="regular", now=NOW
        )
        say(shop.merchant, "order.approve_price", "approved")
        order.refresh_from_db()
        assert order.goods_fen == 95_000
        assert PriceChange.objects.get().state == "approved"
    assert waiting() == []
