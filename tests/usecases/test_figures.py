"""What is told of all orders: counted as they are, kept so that nobody sums over all entries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases.shop import LATER, Shop, completed, member, settle, sku
from tests.usecases.test_refunds import approve, ask

from mingchi.members.models import Member
from mingchi.orders.models import Order
from mingchi.rebates import disclosures, figures, queries
from mingchi.rebates.models import Figures, OrderShare, Position
from mingchi.usecases.keep_figures import keep_figures
from mingchi.usecases.pay_refunds import pay_settled_refunds

pytestmark = pytest.mark.django_db(transaction=True)


def bought(shop: Shop, buyer: Member, price_fen: int = 100_000) -> int:
    order = completed(shop, buyer, sku(shop.merchant, price_fen=price_fen, cost_fen=1_000))
    settle()
    return order.pk


def counted() -> tuple[int, int]:
    keep_figures()
    told = disclosures.disclosures()
    return told.orders, told.repaid_orders


def test_an_order_counts_once_by_its_part_of_the_position(shop: Shop) -> None:
    buyer, other = member(), member()
    bought(shop, buyer)
    bought(shop, buyer, 200_000)
    bought(shop, other)
    (mine, _others) = Position.objects.order_by("id")
    assert not OrderShare.objects.exists()
    assert counted() == (3, 0)
    shares = list(OrderShare.objects.order_by("entry_id"))
    assert [share.spend_fen for share in shares] == [100_000, 200_000, 100_000]
    assert [share.position_id == mine.pk for share in shares] == [True, True, False]
    assert shares[0].granted_upt + shares[1].granted_upt == mine.granted_upt
    # The first was granted at a lower price: it has its part back when the second has not.
    worth = 100_000 * mine.granted_upt // shares[0].granted_upt
    Position.objects.filter(pk=mine.pk).update(held_upt=0, paid_fen=worth + 1)
    assert counted() == (3, 1)
    Position.objects.filter(pk=mine.pk).update(paid_fen=worth - 1)
    assert counted() == (3, 0)
    Position.objects.filter(pk=mine.pk).update(paid_fen=10 * worth)
    assert counted() == (3, 2)


def test_what_was_refunded_is_no_order(shop: Shop) -> None:
    key = bought(shop, member())
    bought(shop, member())
    approve(shop, ask(Order.objects.get(pk=key), 100_000))
    settle()
    pay_settled_refunds(now=LATER)
    assert counted() == (1, 0)


def test_it_goes_on_in_portions_and_says_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        bought(shop, member())
    before = disclosures.disclosures().moved
    monkeypatch.setattr(figures, "_AT_ONCE", 2)
    assert keep_figures() > 3
    assert keep_figures() == 0
    assert disclosures.disclosures().moved == before
    kept = Figures.objects.get()
    assert (kept.entry, kept.spent_fen) == (before.entry, 300_000)
    with CaptureQueriesContext(connection) as asked:
        figures.told(queries.programme())
    (later,) = [query["sql"] for query in asked if "ledger_entry" in query["sql"]]
    assert f"e.id > {kept.entry}" in later
