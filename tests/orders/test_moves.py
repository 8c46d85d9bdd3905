"""The table of moves, tried in every state."""

import pytest
from django.db import IntegrityError, transaction
from tests.usecases.shop import NOW, Shop, lines, member, place, sku

from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.orders import services
from mingchi.orders.models import Order, OrderLine
from mingchi.orders.settlement import SettledLine, capped, left, settled_line

State = Order.State
# from → where to; nothing else is possible
POSSIBLE = {
    State.CREATED: {State.PAID, State.CANCELLED},
    State.PAID: {State.SHIPPED, State.REFUNDED},
    State.SHIPPED: {State.RECEIVED, State.REFUNDED, State.PAID},
    State.RECEIVED: {State.COMPLETED, State.REFUNDED},
    State.COMPLETED: {State.REFUNDED},
    State.CANCELLED: set(),
    State.REFUNDED: set(),
}
# Cash on delivery that nobody has collected yet.
POSSIBLE_UNPAID = {
    **{state: set() for state in State},
    State.CREATED: {State.PAID, State.CANCELLED, State.SHIPPED},
    State.SHIPPED: {State.RECEIVED, State.CREATED},
}
UNPAID = (State.CREATED, State.CANCELLED)


@pytest.mark.parametrize("at_the_door", [False, True])
def test_every_move(shop: Shop, at_the_door: bool) -> None:
    order = Order.objects.get(pk=place(member(), sku(shop.merchant)).order_id)
    possible = POSSIBLE_UNPAID if at_the_door else POSSIBLE
    sources = (*UNPAID, State.SHIPPED, State.RECEIVED) if at_the_door else tuple(State)
    for source in sources:
        for target in State:
            Order.objects.filter(pk=order.pk).update(
                state=source,
                payment_method="cod" if at_the_door else "online",
                paid_at=None if at_the_door or source in UNPAID else NOW,
                received_at=NOW,
                completed_at=NOW,
            )
            if target in possible[source]:
                services.move(order.pk, target, now=NOW)
                continue
            with pytest.raises(DomainError) as caught:
                services.move(order.pk, target, now=NOW)
            assert caught.value.code == "impossible_move"
            assert caught.value.details == {"state": str(source), "to": str(target)}
            assert Order.objects.get(pk=order.pk).state == source
    with pytest.raises(NotFoundError):
        services.move(10**9, State.PAID, now=NOW)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "paid"},
        {"state": "completed"},
        {"state": "lost"},
        {"total_fen": 1},
        {"goods_fen": 0, "total_fen": 0},
        {"region": "44"},
        {"shipping_fen": 10**12, "total_fen": 10**12 + 100_000},
    ],
)
def test_the_table_refuses_what_cannot_be(shop: Shop, values: dict[str, object]) -> None:
    placed = place(member(), sku(shop.merchant))
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=placed.order_id).update(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"refunded_fen": 100_001},
        {"refunding_fen": 60_000, "refunded_fen": 60_000},
        {"refunding_fen": -1},
        {"amount_fen": 99_999},
        {"restocked": 2},
    ],
)
def test_the_lines_too(shop: Shop, values: dict[str, int]) -> None:
    placed = place(member(), sku(shop.merchant))
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.filter(order_id=placed.order_id).update(**values)
    assert lines(Order.objects.get(pk=placed.order_id))[0].refunded_fen == 0


@pytest.mark.parametrize(
    ("part", "refunded", "amount", "rest"),
    [(30, 0, 100, 30), (30, 100, 100, 0), (30, 33, 100, 21), (1, 99, 100, 1), (0, 50, 100, 0)],
)
def test_what_is_left_of_a_part(part: int, refunded: int, amount: int, rest: int) -> None:
    assert left(part, refunded_fen=refunded, amount_fen=amount) == rest


def test_a_line_refunded_in_full_does_not_settle() -> None:
    line = OrderLine(amount_fen=100, price_back_fen=100, cost_fen=30)
    assert settled_line(line) is None


@pytest.mark.parametrize(
    ("line", "shares"),
    [
        # price, cost, distribution, pool → cost, distribution, pool; the plan gives 30 % each
        ((100, 40, None, None), (40, None, None)),
        ((100, 41, None, None), (41, 29, 30)),
        ((100, 80, None, None), (80, 0, 20)),
        ((100, 100, 5, 5), (100, 0, 0)),
        ((67, 34, 21, 14), (34, 19, 14)),
        ((10, 0, 9, 1), (0, 9, 1)),
    ],
)
def test_shares_within_the_price(
    line: tuple[int, int, int | None, int | None], shares: tuple[int, int | None, int | None]
) -> None:
    price, cost, distribution, pool = line
    given = SettledLine(
        price_fen=price, cost_fen=cost, distribution_fen=distribution, pool_fen=pool
    )
    found = capped(given, distribution_ppm=300_000, pool_ppm=300_000)
    assert (found.cost_fen, found.distribution_fen, found.pool_fen) == shares
