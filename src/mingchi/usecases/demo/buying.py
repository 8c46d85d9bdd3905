"""Members come, buy, pay, get their goods; some send them back."""

from datetime import datetime, timedelta
from functools import partial

from mingchi.members import disclosures
from mingchi.members.addresses import Place
from mingchi.orders.models import Order, OrderLine
from mingchi.usecases import run_flows
from mingchi.usecases.check_out import CheckedOut, check_out
from mingchi.usecases.complete_order import complete_order
from mingchi.usecases.demo import people
from mingchi.usecases.demo.world import Buyer, Shelf, World
from mingchi.usecases.join import join
from mingchi.usecases.keep_addresses import add_address
from mingchi.usecases.keep_cart import add_item
from mingchi.usecases.offers import Item
from mingchi.usecases.pay_order import pay_checkout, pay_order
from mingchi.usecases.place_order import place_order
from mingchi.usecases.placing import Delivery
from mingchi.usecases.preview_checkout import Wish, preview
from mingchi.usecases.receive_order import receive_order
from mingchi.usecases.refund_order import ask_refund, decide_refund
from mingchi.usecases.sandbox_pay import sandbox_pay
from mingchi.usecases.ship_order import ship_order

# The first orders are small: what buys points at the opening price grows most, and may exit.
OPENERS = 14
ROOTS = 6
CARRIERS = ("顺丰速运", "中通快递", "京东物流", "邮政 EMS")
# Every so many orders is a cart over two merchants.
CARTS = 6
REASONS = ("不喜欢", "尺寸不合适", "包装破损", "与描述不符", "多拍了")


def plan_members(world: World) -> None:
    """They join over ten weeks; the first come at once."""
    last = world.size.members
    for number in range(1, last + 1):
        day = 0.05 if number <= OPENERS else 72 * (number - OPENERS) / last + 0.5
        world.calendar.at(world.day(day), partial(_join, world, number))


def plan_orders(world: World) -> None:
    """More of them as time goes on, the last within the last hours."""
    for number in range(1, OPENERS + 1):
        when = world.later(world.day(0.2), 0, 20)
        world.calendar.at(when, partial(_opening_order, world, number))
    for number in range(OPENERS + 1, world.size.orders + 1):
        when = world.day(3 + 86.99 * world.chance.random() ** 0.55)
        world.calendar.at(when, partial(_order, world, number))


def _join(world: World, number: int, when: datetime) -> None:
    chance = world.chance
    sponsor = chance.choice(world.buyers) if number > ROOTS else None
    name, phone = people.name(chance), people.phone(number)
    signs_in = phone in (people.LOOKER_PHONE, people.BUYER_PHONE)
    joined = join(
        phone=phone,
        password=people.MEMBER_PASSWORD if signs_in else None,
        name=name,
        invitation_code=sponsor.invitation_code if sponsor else None,
        disclosure=disclosures.joining().digest,
        now=when,
        is_demo=True,
        is_read_only=False,
    )
    region, address = people.address(chance)
    world.buyers.append(
        Buyer(
            member_id=joined.member_id,
            invitation_code=joined.invitation_code,
            joined_at=when,
            buys_often=signs_in or number > OPENERS,
            region=region,
            address=address,
            name=name,
            phone=phone,
            address_id=_keep_address(joined.member_id, name, phone, region, address),
        )
    )


def _keep_address(member_id: int, name: str, phone: str, region: str, address: str) -> int:
    """Everybody keeps the address that they order to."""
    detail = address.removeprefix(dict(people.PLACES)[region])
    place = Place(name=name, phone=phone, region=region, detail=detail, label="家")
    return add_address(member_id=member_id, place=place)


def _opening_order(world: World, number: int, when: datetime) -> None:
    _price, sku_id = min((price, sku) for shelf in world.skus for sku, price in shelf)
    buyer = world.buyers[number - 1]
    order_id = _place(world, buyer, [Item(sku_id=sku_id, qty=1)], number, when)
    _pay(world, buyer, order_id, number, when + timedelta(minutes=5))
    hour = timedelta(hours=1)
    _ship(world, order_id, when + hour)
    receive_order(order_id=order_id, member_id=buyer.member_id, now=when + 8 * hour)
    complete_order(
        order_id=order_id,
        now=when + 9 * hour,
        by=world.staff["operator"],
        skip_window=True,
    )


def _order(world: World, number: int, when: datetime) -> None:
    chance = world.chance
    buyers = [buyer for buyer in world.buyers if buyer.buys_often]
    # A member in three buys for two thirds of the orders.
    buyer = chance.choice(buyers[:: 3 if chance.random() < 0.6 else 1])
    shelf = chance.choice(world.skus)
    picked = chance.sample(shelf, chance.choice((1, 1, 1, 2, 2, 3)))
    items = [Item(sku_id=sku, qty=chance.choice((1, 1, 1, 2))) for sku, _price in picked]
    never_paid = chance.random() < 0.03  # the worker cancels it
    at = when + timedelta(minutes=chance.randint(1, 12))
    if number % CARTS == 0:
        _fill_cart(world, buyer, shelf, items, number, when)
        done = _check_out(world, buyer, number, when)
        if not never_paid:
            world.calendar.at(at, partial(_paid_together, world, buyer, done, number))
        return
    order_id = _place(world, buyer, items, number, when)
    if not never_paid:
        world.calendar.at(at, partial(_paid, world, buyer, order_id, number))


def _fill_cart(
    world: World, buyer: Buyer, shelf: Shelf, items: list[Item], number: int, when: datetime
) -> None:
    """What was picked, and something of the other merchant."""
    other = next(each for each in world.skus if each is not shelf)
    more = Item(sku_id=other[number % len(other)][0], qty=1)
    for item in (*items, more):
        add_item(member_id=buyer.member_id, sku_id=item.sku_id, qty=item.qty, now=when)


def _check_out(world: World, buyer: Buyer, number: int, when: datetime) -> CheckedOut:
    """With the coupons that save most, as most do."""
    wish = Wish(address_id=buyer.address_id)
    shown = preview(member_id=buyer.member_id, wish=wish, now=when)
    return check_out(
        member_id=buyer.member_id,
        wish=wish,
        digest=shown.digest,
        idempotency_key=world.key("cart", number),
        now=when,
        is_demo=True,
    )


def _paid_together(
    world: World, buyer: Buyer, done: CheckedOut, number: int, when: datetime
) -> None:
    data = pay_checkout(
        member_id=buyer.member_id,
        checkout_id=done.checkout_id,
        idempotency_key=world.key("pay", number),
        now=when,
    )
    sandbox_pay(member_id=buyer.member_id, out_trade_no=data.out_trade_no, now=when)
    for place, order in enumerate(done.orders):
        at = world.later(when, 4, 30)
        own = number + place * 10_000
        world.calendar.at(at, partial(_shipped, world, buyer, order.order_id, own))


def _paid(world: World, buyer: Buyer, order_id: int, number: int, when: datetime) -> None:
    _pay(world, buyer, order_id, number, when)
    if world.chance.random() < 0.03:
        at = world.later(when, 0.2, 3)
        world.calendar.at(at, partial(_refund, world, buyer, order_id, number))
        return
    at = world.later(when, 4, 30)
    world.calendar.at(at, partial(_shipped, world, buyer, order_id, number))


def _shipped(world: World, buyer: Buyer, order_id: int, number: int, when: datetime) -> None:
    _ship(world, order_id, when)
    at = world.later(when, 24, 90)
    world.calendar.at(at, partial(_received, world, buyer, order_id, number))


def _received(world: World, buyer: Buyer, order_id: int, number: int, when: datetime) -> None:
    receive_order(order_id=order_id, member_id=buyer.member_id, now=when)
    luck = world.chance.random()
    if luck < 0.035:
        at = world.later(when, 10, 100)
    elif luck < 0.075:
        at = world.later(when, 24 * 8, 24 * 20)  # after settlement
    else:
        return
    world.calendar.at(at, partial(_refund, world, buyer, order_id, number))


def _place(world: World, buyer: Buyer, items: list[Item], number: int, when: datetime) -> int:
    delivery = Delivery(
        region=buyer.region, recipient=buyer.name, phone=buyer.phone, address=buyer.address
    )
    placed = place_order(
        member_id=buyer.member_id,
        items=items,
        delivery=delivery,
        idempotency_key=world.key("order", number),
        now=when,
        is_demo=True,
    )
    return placed.order_id


def _pay(world: World, buyer: Buyer, order_id: int, number: int, when: datetime) -> None:
    data = pay_order(
        member_id=buyer.member_id,
        order_id=order_id,
        idempotency_key=world.key("pay", number),
        now=when,
    )
    sandbox_pay(member_id=buyer.member_id, out_trade_no=data.out_trade_no, now=when)


def _ship(world: World, order_id: int, when: datetime) -> None:
    ship_order(
        by=world.staff["operator"],
        order_id=order_id,
        now=when,
        carrier=world.chance.choice(CARRIERS),
        tracking_number=f"SF{world.chance.randrange(10**11, 10**12)}",
    )


def _refund(world: World, buyer: Buyer, order_id: int, number: int, when: datetime) -> None:
    """The member asks; the service decides a day later. What is asked last waits."""
    run_flows.work_off(now=when)
    chance = world.chance
    order = Order.objects.get(pk=order_id)
    line = chance.choice(list(OrderLine.objects.filter(order=order).order_by("position")))
    whole = order.state == Order.State.PAID or chance.random() < 0.6
    asked = ask_refund(
        order_id=order_id,
        line_id=line.pk,
        amount_fen=line.goods_fen if whole else line.goods_fen // chance.choice((2, 3, 4)),
        reason=chance.choice(REASONS),
        idempotency_key=world.key("refund", number),
        now=when,
        member_id=buyer.member_id,
    )
    approve = chance.random() < 0.85
    world.calendar.at(world.later(when, 5, 40), partial(_decide, world, asked.refund_id, approve))


def _decide(world: World, refund_id: int, approve: bool, when: datetime) -> None:
    decide_refund(
        by=world.staff["service"],
        refund_id=refund_id,
        approve=approve,
        now=when,
        reason="" if approve else "已拆封使用，不符合退货条件",
    )
