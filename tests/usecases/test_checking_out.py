"""Buying what was shown: an order of each merchant under one checkout, or nothing at all."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.pricing_shop import offered
from tests.usecases.buying import Buying, again, orders, states
from tests.usecases.shop import NOW, Shop, at_once, forward, lines, member, sku

from mingchi.catalogue.models import Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import IdempotencyKey
from mingchi.fulfilment.models import FlowInstance
from mingchi.members.models import Address
from mingchi.orders.models import CartItem, Checkout, Order, OrderLine, Reservation
from mingchi.payments.models import Payment
from mingchi.pricing.models import MemberCoupon
from mingchi.usecases.check_out import CheckedOut, PreviewChangedError
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.offers import Item

# What a checkout of two lines with coupons of two payers costs, out of a cart.
MOST_STATEMENTS = 20


@pytest.fixture
def buying(shop: Shop) -> Buying:
    return Buying(shop)


def nothing_written(buying: Buying) -> bool:
    """Neither order nor key, stock or coupon; the cart holds what it held."""
    reserved = Sku.objects.filter(pk__in=[buying.tea.pk, buying.oil.pk], reserved__gt=0)
    kept = MemberCoupon.objects.filter(state="locked")
    written = (Checkout, Order, OrderLine, Reservation, FlowInstance, Payment)
    return (
        not any(table.objects.exists() for table in written)
        and not IdempotencyKey.objects.filter(scope__startswith="check_out").exists()
        and not reserved.exists()
        and not kept.exists()
        and CartItem.objects.filter(member=buying.buyer).count() == 2
    )


def test_an_order_of_each_merchant_at_the_prices_shown(buying: Buying) -> None:
    buying.fill()
    shown = buying.seen()
    done = buying.buy()
    assert done.total_fen == shown.offer.payable_fen == 147_500
    tea, oil = orders(done)
    assert [(one.order_id, one.total_fen) for one in done.orders] == [
        (oil.pk, oil.total_fen),
        (tea.pk, tea.total_fen),
    ]
    assert (tea.goods_fen, tea.shipping_fen, tea.subsidy_fen) == (97_503, 1_000, 1_997)
    assert (oil.goods_fen, oil.shipping_fen, oil.subsidy_fen) == (48_997, 0, 1_003)
    (line,) = lines(tea)
    # The engine has the price after the shop's coupon; the platform's coupon is a subsidy.
    assert (line.amount_fen, line.goods_fen, line.freight_fen, line.delivery_fen) == (
        99_500,
        97_503,
        1_000,
        1_000,
    )
    assert (tea.recipient, tea.region, tea.address[-11:]) == ("Li", "330106", "1 West Lake")
    kept = MemberCoupon.objects.filter(locked_for=f"checkout:{done.checkout_id}", state="locked")
    assert dict(kept.values_list("pk", "saved_fen")) == {
        buying.shops_coupon: 500,
        buying.platforms_coupon: 3_000,
    }
    assert not CartItem.objects.exists()
    assert {(order.state, order.checkout_id) for order in (tea, oil)} == {
        ("created", done.checkout_id)
    }
    assert Sku.objects.get(pk=buying.tea.pk).reserved == 1


def test_the_flows_of_its_orders_are_started(buying: Buying) -> None:
    tea, oil = buying.bought()
    flows = FlowInstance.objects.filter(subject__in=[f"order:{tea.pk}", f"order:{oil.pk}"])
    assert {(flow.status, flow.merchant_id) for flow in flows} == {
        ("queued", buying.shop.merchant.pk),
        ("queued", buying.other.pk),
    }
    forward(tea, NOW)
    assert flows.get(subject=f"order:{tea.pk}").status == "running"


def test_what_was_not_selected_stays_in_the_cart(buying: Buying) -> None:
    nut = sku(buying.other)
    buying.fill(buying.tea, nut)
    CartItem.objects.filter(sku=nut).update(is_selected=False)
    (order,) = orders(buying.buy())
    assert order.merchant_id == buying.shop.merchant.pk
    assert CartItem.objects.get().sku_id == nut.pk


def test_what_is_bought_at_once_leaves_the_cart_alone(buying: Buying) -> None:
    buying.fill()
    wish = buying.wish(items=(Item(sku_id=buying.tea.pk, qty=2),), coupon_ids=())
    (order,) = orders(buying.buy(wish))
    assert (order.total_fen, CartItem.objects.count()) == (201_200, 2)


def dearer(buying: Buying) -> None:
    Sku.objects.filter(pk=buying.tea.pk).update(price_fen=100_001)


def cheaper(buying: Buying) -> None:
    Sku.objects.filter(pk=buying.tea.pk).update(price_fen=99_999)


def sold_out(buying: Buying) -> None:
    Sku.objects.filter(pk=buying.oil.pk).update(on_hand=0)


def off_the_shelf(buying: Buying) -> None:
    Product.objects.filter(pk=buying.oil.product_id).update(status="off")


def coupon_used(buying: Buying) -> None:
    MemberCoupon.objects.filter(pk=buying.platforms_coupon).update(
        state="used", used_at=NOW, locked_for="checkout:0"
    )


def more_in_the_cart(buying: Buying) -> None:
    CartItem.objects.filter(sku=buying.tea).update(qty=2)


def moved(buying: Buying) -> None:
    Address.objects.update(detail="2 East Lake")


def better_coupon(buying: Buying) -> None:
    better = offered(buying.shop, off_fen=4_000)
    claim_coupon(member_id=buying.buyer.pk, coupon_id=better.pk, now=NOW)


CHANGES = [
    (dearer, 147_501),
    (cheaper, 147_499),
    (sold_out, 147_500),
    (off_the_shelf, 97_500),
    (coupon_used, 150_500),
    (more_in_the_cart, 247_700),
    (moved, 147_500),
    (better_coupon, 146_500),
]


# Who names the coupons is not told of better ones.
CHANGED = [(change, fen, False) for change, fen in CHANGES] + [
    (change, fen, True) for change, fen in CHANGES if change is not better_coupon
]


@pytest.mark.parametrize(("change", "payable_fen", "named"), CHANGED)
def test_what_changed_since_the_preview_is_shown_and_nothing_written(
    buying: Buying, change: Callable[[Buying], None], payable_fen: int, named: bool
) -> None:
    buying.fill()
    coupon_ids = (buying.shops_coupon, buying.platforms_coupon) if named else None
    wish = buying.wish(coupon_ids=coupon_ids)
    digest = buying.seen(wish).digest
    change(buying)
    with pytest.raises(PreviewChangedError) as caught:
        buying.buy(wish, digest=digest)
    assert (caught.value.code, caught.value.status) == ("preview_changed", 409)
    assert caught.value.shown.offer.payable_fen == payable_fen
    assert nothing_written(buying)
    problems = [each.code for each in caught.value.shown.problems]
    assert problems == {sold_out: ["out_of_stock"], off_the_shelf: ["not_on_sale"]}.get(change, [])
    if not problems:
        again_seen = caught.value.shown
        chosen = tuple(each.pk for each in again_seen.offer.quoted.coupons)
        done = buying.buy(buying.wish(coupon_ids=chosen), digest=again_seen.digest)
        assert done.total_fen == payable_fen


def test_what_can_not_be_bought_is_refused_though_it_was_shown(buying: Buying) -> None:
    buying.fill()
    sold_out(buying)
    with pytest.raises(DomainError, match="out_of_stock") as caught:
        buying.buy()
    assert caught.value.details == {"sku_id": buying.oil.pk, "available": 0}
    with pytest.raises(DomainError, match="address_needed"):
        buying.buy(buying.wish(address_id=None, items=(Item(sku_id=buying.tea.pk, qty=1),)))
    assert nothing_written(buying)


def test_the_platform_may_pay_for_an_order_whole(buying: Buying) -> None:
    gift = sku(buying.other, price_fen=300, cost_fen=0)
    coupon = offered(
        buying.shop, off_fen=300, scope="product", targets=(gift.product_id,), name="gift"
    )
    own = claim_coupon(member_id=buying.buyer.pk, coupon_id=coupon.pk, now=NOW)
    buying.fill(buying.tea, gift)
    tea, free = orders(buying.buy(buying.wish(coupon_ids=(own,))))
    assert (free.total_fen, free.subsidy_fen, lines(free)[0].amount_fen) == (0, 300, 300)
    buying.pay(buying.attempt(tea.checkout_id))
    assert states([tea, free]) == ["paid", "paid"]


def test_it_takes_few_statements(buying: Buying) -> None:
    buying.fill()
    wish = buying.wish(coupon_ids=(buying.shops_coupon, buying.platforms_coupon))
    digest = buying.seen(wish).digest
    with CaptureQueriesContext(connection) as queries:
        done = buying.buy(wish, digest=digest)
    found = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(done.orders) == 2
    assert len(found) <= MOST_STATEMENTS, "\n".join(found)


def test_more_lines_cost_no_more_statements(buying: Buying) -> None:
    def statements(*articles: Sku) -> int:
        buying.fill(*articles)
        digest = buying.seen().digest
        with CaptureQueriesContext(connection) as queries:
            buying.buy(digest=digest)
        return len(queries)

    few = statements(buying.tea, buying.oil)
    merchants = (buying.shop.merchant, buying.other)
    assert statements(*(sku(merchants[n % 2]) for n in range(20))) <= few


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Many at the same time."""

    def test_the_same_checkout_eight_times_is_one(self, buying: Buying) -> None:
        buying.fill()
        digest = buying.seen().digest
        answers = at_once([partial(buying.buy, digest=digest, key="once")] * 8)
        assert all(isinstance(each, CheckedOut) for each in answers), answers
        assert len({each.checkout_id for each in answers if isinstance(each, CheckedOut)}) == 1
        assert (Checkout.objects.count(), Order.objects.count()) == (1, 2)
        assert Sku.objects.get(pk=buying.tea.pk).reserved == 1

    def test_one_cart_under_eight_keys_is_bought_once(self, buying: Buying) -> None:
        buying.fill()
        digest = buying.seen().digest
        calls = [partial(buying.buy, digest=digest, key=f"key{n}") for n in range(8)]
        answers = at_once(calls)
        assert sum(isinstance(each, CheckedOut) for each in answers) == 1
        refused = {each.code for each in answers if isinstance(each, DomainError)}
        assert refused == {"cart_empty"}
        assert Checkout.objects.count() == 1

    def test_a_coupon_is_used_once(self, buying: Buying) -> None:
        wish = buying.wish(
            items=(Item(sku_id=buying.tea.pk, qty=1),), coupon_ids=(buying.platforms_coupon,)
        )
        digest = buying.seen(wish).digest
        answers = at_once([partial(buying.buy, wish, digest=digest, key=f"k{n}") for n in range(4)])
        assert sum(isinstance(each, CheckedOut) for each in answers) == 1
        refused = [each for each in answers if isinstance(each, DomainError)]
        assert {each.code for each in refused} == {"preview_changed"}
        assert Order.objects.count() == 1

    @pytest.mark.parametrize("rounds", [2, pytest.param(25, marks=pytest.mark.soak)])
    def test_the_last_unit_in_64_checkouts_is_sold_once(self, shop: Shop, rounds: int) -> None:
        for _ in range(rounds):
            last_unit(shop)


def last_unit(shop: Shop) -> None:
    """64 members have seen it; one gets it, nobody else anything."""
    tea = sku(shop.merchant, on_hand=1)
    sold = Order.objects.count()

    def seen() -> Iterator[partial[CheckedOut]]:
        for _ in range(64):
            one = Buying.__new__(Buying)
            one.buyer, one.shop = member(), shop
            Product.objects.filter(pk=tea.product_id).update(goods_type="virtual")
            one.address_id = None  # type: ignore[assignment]
            wish = one.wish(items=(Item(sku_id=tea.pk, qty=1),))
            yield partial(one.buy, wish, digest=one.seen(wish).digest)

    answers = at_once(list(seen()))
    assert sum(isinstance(each, CheckedOut) for each in answers) == 1
    refused = [each for each in answers if isinstance(each, PreviewChangedError)]
    assert len(refused) == 63
    assert {each.shown.problems[0].code for each in refused} == {"out_of_stock"}
    assert Order.objects.count() == sold + 1
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (1, 1)


def test_another_note_under_the_same_key_is_a_conflict(buying: Buying) -> None:
    buying.fill()
    digest = buying.seen().digest
    first = buying.buy(digest=digest, key="one")
    assert buying.buy(digest=digest, key="one") == first
    for other in ({"note": "by noon"}, {"wish": buying.wish(coupon_ids=())}):
        with pytest.raises(DomainError, match="idempotency_conflict"):
            buying.buy(digest=digest, key="one", **other)
    assert len(again(*orders(first))) == 2


@pytest.mark.parametrize("note", ["x" * 201, "好" * 10_000, "a\x00b"], ids=len)
def test_a_note_is_short_and_plain(buying: Buying, note: str) -> None:
    buying.fill()
    with pytest.raises(DomainError, match="text_invalid") as caught:
        buying.buy(note=note)
    assert caught.value.field == "note"
    assert nothing_written(buying)


def test_a_note_is_kept_as_it_was_written(buying: Buying) -> None:
    buying.fill()
    note = "<script>alert(1)</script> 🍵 放门口"
    assert {order.note for order in orders(buying.buy(note=note))} == {note}
