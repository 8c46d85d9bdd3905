"""Checkouts of two lines over HTTP, ours and django-oscar's, on one PostgreSQL.

Both run under granian with as many threads, one after the other in turns. `against-oscar` is the
checkout alone, of what was put together before; `journey` begins with an empty cart and, ours,
asks for the preview that a checkout needs. Nothing is paid in either.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from statistics import median
from typing import Any, Final, Protocol
from uuid import uuid4

from mingchi.bench import _checkout_rival as rival
from mingchi.bench import _settle_world as world
from mingchi.bench._driving import Client, signed_in, web

_BUYERS: Final = 8
_REPEATS: Final = 3
_PASSWORD: Final = "Bench-only-9999"  # noqa: S105 - of accounts that live for a minute


class Buyer(Protocol):
    """Somebody who buys, at either shop."""

    def fill(self) -> dict[str, Any]:
        """Puts two lines together; what the checkout is asked with."""

    def check_out(self, asked: dict[str, Any]) -> None:
        """Makes an order of it."""


class Member:
    """A member of ours with an address."""

    def __init__(self, port: int, phone: str, sku_ids: Sequence[int]) -> None:
        self._client = signed_in(port, phone=phone, password=_PASSWORD)
        self._sku_ids = sku_ids
        _status, address = self._client.post("/api/members/addresses", _ADDRESS)
        self._address_id: int = address["id"]

    def fill(self) -> dict[str, Any]:
        """Puts two lines into the cart and asks what they come to."""
        for sku_id in self._sku_ids:
            self._client.post("/api/cart/items", {"sku_id": sku_id, "qty": 1})
        asked: dict[str, Any] = {"items": None, "address_id": self._address_id, "coupon_ids": []}
        _status, preview = self._client.post("/api/checkout/preview", asked)
        return {**asked, "digest": preview["digest"]}

    def check_out(self, asked: dict[str, Any]) -> None:
        """Makes an order of it."""
        self._client.post("/api/checkout", asked, {"Idempotency-Key": uuid4().hex})


_ADDRESS: Final = {
    "name": "李雷",
    "phone": "13800138000",
    "region": "330106",
    "detail": "文三路 1 号",
    "is_default": True,
}


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields `against-oscar` and `journey`, orders/s each."""
    with world.database() as url:
        from mingchi.config.server import free_port

        ports = free_port("127.0.0.1", 0), free_port("127.0.0.1", 0)
        phones, sku_ids = _open_shop()
        ours = web(ports[0], {"DATABASE_URL": url})
        with ours, rival.shop(url, ports[1], products=2 * _BUYERS) as products:
            Client(ports[0]).until_up("/api/shop/categories")
            members = [
                Member(ports[0], phone, sku_ids[2 * n : 2 * n + 2])
                for n, phone in enumerate(phones)
            ]
            guests = [rival.Buyer(ports[1], products[2 * n : 2 * n + 2]) for n in range(_BUYERS)]
            for case, drive in (("against-oscar", _check_out), ("journey", _whole)):
                yield _compared(case, drive, members, guests, quick)


def _compared(
    case: str,
    drive: Callable[[Sequence[Buyer], int], float],
    members: Sequence[Buyer],
    guests: Sequence[Buyer],
    quick: bool,
) -> dict[str, Any]:
    rates: tuple[list[float], list[float]] = [], []
    each = 4 if quick else 25
    drive(members, 2)
    drive(guests, 2)
    for _ in range(_REPEATS):
        rates[0].append(drive(members, 4 * each))
        rates[1].append(drive(guests, each))
    value, against = (median(found) for found in rates)
    return {
        "bench": "checkout",
        "case": case,
        "value": round(value, 1),
        "unit": f"orders/s of two lines, {_BUYERS} buyers at once",
        "against": "django-oscar 4.2 with oscarapi",
        "against_value": round(against, 1),
        "ratio": round(value / against, 2),
    }


def _check_out(buyers: Sequence[Buyer], each: int) -> float:
    """Checkouts a second; carts are filled between them, and that time is left out."""
    seconds = 0.0
    with ThreadPoolExecutor(len(buyers)) as pool:
        for _ in range(each):
            asked = list(pool.map(lambda buyer: buyer.fill(), buyers))
            began = time.perf_counter()
            list(pool.map(lambda pair: pair[0].check_out(pair[1]), zip(buyers, asked, strict=True)))
            seconds += time.perf_counter() - began
    return len(buyers) * each / seconds


def _whole(buyers: Sequence[Buyer], each: int) -> float:
    """Orders a second, from the empty cart."""

    def buy(buyer: Buyer) -> None:
        for _ in range(each):
            buyer.check_out(buyer.fill())

    began = time.perf_counter()
    with ThreadPoolExecutor(len(buyers)) as pool:
        list(pool.map(buy, buyers))
    return len(buyers) * each / (time.perf_counter() - began)


def _open_shop() -> tuple[list[str], list[int]]:
    """A platform with members and two SKUs for each; phones and keys."""
    from mingchi.bench._plans import all_awards
    from mingchi.catalogue import listing
    from mingchi.catalogue.models import Category, Product, Sku
    from mingchi.foundation import clock
    from mingchi.members import disclosures
    from mingchi.rebates.settlement import settle_pending
    from mingchi.usecases.join import join
    from mingchi.usecases.open_platform import open_platform

    opened = open_platform(plan_toml=all_awards(exits="0"))
    numbers = count(19_900_000_001)
    phones = [str(next(numbers)) for _ in range(_BUYERS)]
    for phone in phones:
        join(
            phone=phone,
            password=_PASSWORD,
            name="bench",
            invitation_code=None,
            disclosure=disclosures.joining().digest,
            now=clock.now(),
        )
    settle_pending(opened.programme_id)
    category = Category.objects.create(name="bench")
    sku_ids = []
    for number in range(2 * _BUYERS):
        product = Product.objects.create(
            merchant_id=opened.merchant_id,
            category=category,
            title=f"bench {number}",
            status="on_sale",
        )
        sku = Sku.objects.create(
            product=product, code=f"{number}", title="", price_fen=1990, cost_fen=300,
            on_hand=1_000_000,
        )  # fmt: skip
        listing.refresh([product.pk])
        sku_ids.append(sku.pk)
    return phones, sku_ids
