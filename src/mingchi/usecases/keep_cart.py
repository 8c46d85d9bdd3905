"""A member fills a cart over the shops of several merchants. It promises and reserves nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import Product, Sku
from mingchi.members import services as members
from mingchi.orders import carts, limits
from mingchi.orders.models import CartItem
from mingchi.usecases.problems import Problem, limited, on_shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """An article in a cart, at today's price; `problem` says why it can't be bought so."""

    sku: Sku
    qty: int
    is_selected: bool
    problem: Problem | None

    @property
    def amount_fen(self) -> int:
        return self.sku.price_fen * self.qty


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """The articles of each merchant, the shop last put into first."""

    shops: tuple[tuple[CartLine, ...], ...]

    @property
    def lines(self) -> list[CartLine]:
        return [line for shop in self.shops for line in shop]

    @property
    def selected(self) -> list[CartLine]:
        return [line for line in self.lines if line.is_selected]


def show(*, member_id: int) -> Cart:
    """The cart, with what stands in the way of each article."""
    rows = list(carts.items(member_id))
    on_sale = catalogue.skus_on_sale([row.sku_id for row in rows])
    left = limits.left(member_id=member_id, products={row.sku.product for row in rows})
    shops: dict[int, list[CartLine]] = {}
    for row in rows:
        line = CartLine(
            sku=row.sku,
            qty=row.qty,
            is_selected=row.is_selected,
            problem=on_shelf(row.sku, row.qty, is_on_sale=row.sku_id in on_sale)
            or limited(row.sku.product, _wanted(row, rows), left),
        )
        shops.setdefault(row.sku.product.merchant_id, []).append(line)
    return Cart(shops=tuple(map(tuple, shops.values())))


def add_item(*, member_id: int, sku_id: int, qty: int, now: datetime) -> None:
    """So many more of a SKU. Errors: `sku_not_found` 404, `qty_invalid`, `out_of_stock` 409,
    `cart_full` 409."""
    with transaction.atomic():
        member = members.acting(member_id, held=True)
        sku = catalogue.wanted_skus([sku_id])[sku_id]
        carts.add(member_id=member.pk, sku=sku, qty=qty, now=now)


def change_item(
    *, member_id: int, sku_id: int, qty: int | None = None, is_selected: bool | None = None
) -> None:
    """Another quantity, or whether it is bought next. Errors: `not_found` 404, `qty_invalid`,
    `out_of_stock` 409."""
    with transaction.atomic():
        member = members.acting(member_id, held=True)
        carts.change(member_id=member.pk, sku_id=sku_id, qty=qty, is_selected=is_selected)


def select(*, member_id: int, is_selected: bool, merchant_id: int | None = None) -> None:
    """All of the cart, or of one merchant, is bought next, or nothing of it. What can't be had is
    not selected along with the rest."""
    with transaction.atomic():
        member = members.acting(member_id, held=True)
        of_shop = [
            line
            for line in show(member_id=member.pk).lines
            if merchant_id in (None, line.sku.product.merchant_id)
        ]
        wanted = [line for line in of_shop if not is_selected or line.problem is None]
        carts.select(
            member_id=member.pk,
            sku_ids=[line.sku.pk for line in wanted],
            is_selected=is_selected,
        )


def take_out(*, member_id: int, sku_id: int) -> None:
    """The cart holds it no longer; one that it did not hold is no fault."""
    with transaction.atomic():
        carts.take_out(member_id=members.acting(member_id, held=True).pk, sku_ids=[sku_id])


def _wanted(row: CartItem, rows: Iterable[CartItem]) -> Mapping[int, int]:
    """How many of its product, by key: of this article and of the other variants selected."""
    product: Product = row.sku.product
    others = (
        each.qty
        for each in rows
        if each.pk != row.pk and each.is_selected and each.sku.product_id == product.pk
    )
    return {product.pk: row.qty + sum(others)}
