"""A small shop for tests, made by the real use cases."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db import connections

from mingchi.catalogue import listing
from mingchi.catalogue.models import Category, Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.members import disclosures
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant, MerchantStaff, Warehouse
from mingchi.orders import cases
from mingchi.orders.models import AfterSalesCase, Order, OrderLine
from mingchi.payments.sandbox import SandboxGateway
from mingchi.rebates import queries
from mingchi.rebates.settlement import settle_pending
from mingchi.usecases import follow_flow
from mingchi.usecases.follow_flow import order_flow
from mingchi.usecases.join import join
from mingchi.usecases.offers import Item
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.place_order import Placed, place_order
from mingchi.usecases.placing import Delivery
from mingchi.usecases.receive_order import receive_order
from mingchi.usecases.sandbox_pay import sandbox_pay
from mingchi.usecases.ship_order import ship_order
from mingchi.usecases.templates import ListTemplate

NOW = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=8)
_numbers = count(1)
R = TypeVar("R")
InForce = Callable[[str | ListTemplate], None]


@dataclass(frozen=True)
class Shop:
    """What the tests act with."""

    merchant: Merchant
    owner: User
    finance: User


def staff(*groups: str, merchant: Merchant | None = None, role: str = "manager") -> User:
    """A staff account with platform roles, or one that works for a merchant."""
    user = User.objects.create(username=f"staff{next(_numbers)}", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    if merchant is not None:
        MerchantStaff.objects.create(user=user, merchant=merchant, role=role)
    return user


def member(sponsor: Member | None = None, password: str | None = None) -> Member:
    """A member who joined by the sponsor's invitation."""
    joined = join(
        phone=f"139{next(_numbers):08d}",
        password=password,
        name="Li",
        invitation_code=sponsor.invitation_code if sponsor else None,
        disclosure=disclosures.joining().digest,
        now=NOW,
    )
    return Member.objects.get(pk=joined.member_id)


def sku(
    merchant: Merchant, *, price_fen: int = 100_000, cost_fen: int = 30_000, on_hand: int = 100
) -> Sku:
    """An article on sale."""
    shelf, _ = Category.objects.get_or_create(name="Tea")
    product = Product.objects.create(
        merchant=merchant, category=shelf, title=f"Tea {next(_numbers)}", status="on_sale"
    )
    made = Sku.objects.create(
        product=product, code="A", price_fen=price_fen, cost_fen=cost_fen, on_hand=on_hand
    )
    listing.refresh([product.pk])
    return made


def warehouse(merchant: Merchant, *, region: str | None = None, position: int = 0) -> Warehouse:
    """An open warehouse with nothing in it."""
    number = next(_numbers)
    return Warehouse.objects.create(
        merchant=merchant, code=f"W{number}", name="Shed", region=region, position=position
    )


def place(
    buyer: Member,
    *articles: Sku,
    qty: int = 1,
    region: str | None = None,
    payment_method: str = "online",
    delivery_method: str = "express",
) -> Placed:
    """An order of the articles, not paid."""
    return place_order(
        member_id=buyer.pk,
        items=[Item(sku_id=article.pk, qty=qty) for article in articles],
        delivery=Delivery(region=region, method=delivery_method),
        payment_method=payment_method,
        idempotency_key=f"place{next(_numbers)}",
        now=NOW,
    )


def open_case(
    line: OrderLine,
    *,
    kind: str = "return",
    units: int = 1,
    amount_fen: int = 0,
    now: datetime = NOW,
    replacement: Sku | None = None,
) -> AfterSalesCase:
    """A case of the line's buyer; `line.order` is the locked order."""
    return cases.open_case(
        line,
        kind=kind,
        units=units,
        amount_fen=amount_fen,
        reason="broken",
        actor=f"member:{line.order.member_id}",
        now=now,
        replacement=replacement,
    )


def paid(buyer: Member, *articles: Sku, qty: int = 1, region: str | None = None) -> Order:
    """An order that was paid through the signed callback."""
    order = place(buyer, *articles, qty=qty, region=region)
    data = pay_order(
        member_id=buyer.pk,
        order_id=order.order_id,
        idempotency_key=f"pay{next(_numbers)}",
        now=NOW,
    )
    sandbox_pay(member_id=buyer.pk, out_trade_no=data.out_trade_no, now=NOW)
    return Order.objects.get(pk=order.order_id)


def received(shop: Shop, buyer: Member, *articles: Sku, qty: int = 1) -> Order:
    """An order whose return window runs."""
    order = paid(buyer, *articles, qty=qty)
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    receive_order(order_id=order.pk, member_id=buyer.pk, now=NOW)
    return Order.objects.get(pk=order.pk)


def completed(shop: Shop, buyer: Member, *articles: Sku, qty: int = 1) -> Order:
    """An order that entered settlement."""
    order = received(shop, buyer, *articles, qty=qty)
    forward(order)
    return Order.objects.get(pk=order.pk)


def forward(order: Order, now: datetime = LATER) -> None:
    """What the worker does for this order until then."""
    follow_flow.bring_forward(order_flow(order.pk), now=now)


def lines(order: Order) -> list[OrderLine]:
    """The order's lines as they stand."""
    return list(OrderLine.objects.filter(order=order).order_by("position"))


def settle() -> None:
    """Let the settler work until nothing waits."""
    settle_pending(queries.programme().pk)


def notice(out_trade_no: str, amount_fen: int, now: datetime = NOW) -> tuple[bytes, dict[str, str]]:
    """A callback as the sandbox gateway signs it."""
    from django.conf import settings

    return SandboxGateway(secret=settings.GATEWAY_SECRET).notice(
        out_trade_no=out_trade_no, amount_fen=amount_fen, now=now
    )


def at_once(calls: Sequence[Callable[[], R]]) -> list[R | DomainError]:
    """Run the calls in threads of their own; a refusal is given in place of the answer."""

    def run(call: Callable[[], R]) -> R | DomainError:
        try:
            return call()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
