"""The window of the shop under load: a list, a product's page, a search, over HTTP.

Ten thousand products are made by COPY, then granian answers as in production while requests come in
at 50 a second whether the last one was answered or not, so that a slow answer is not forgiven by
asking less.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from statistics import median
from typing import Any, Final
from urllib.parse import quote

from mingchi.bench import _settle_world as world
from mingchi.bench._driving import Client, web

_PRODUCTS: Final = 10_000
_A_SECOND: Final = 50
_CATEGORIES: Final = 60
_BRANDS: Final = 200
_MERCHANTS: Final = 20
_NAMES: Final = (
    "西湖龙井 正山小种 凤凰单丛 白毫银针 熟普洱 茉莉花茶 紫砂壶 青瓷盖碗 五常大米 小米 花生油 "
    "山茶油 雪花粉 挂面 杂粮 铁锅 汤锅 砧板 切片刀 保鲜盒 碗碟 蒸笼 山核桃仁 灰枣 夏威夷果 "
    "每日坚果 阿胶糕 鲜花饼 四件套 夏凉被 护颈枕 毛巾 浴巾 蜡烛 手工皂 洗衣液 洗发水 洗洁精 牙膏"
)
_WORDS: Final = _NAMES.split()
_KINDS: Final = ("明前", "特级", "手工", "家用", "原味", "有机", "新款", "加厚", "礼盒装", "便携")


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields for `list`, `product` and `search` the 99th percentile of an answer's time in ms."""
    with world.database() as url:
        from mingchi.config.server import free_port

        products = _stock_shelves()
        port = free_port("127.0.0.1", 0)
        with web(port, {"DATABASE_URL": url}):
            Client(port).until_up("/api/shop/categories")
            for case, path in _cases(products):
                _drive(port, path, seconds=2)
                times, wrong = _drive(port, path, seconds=8 if quick else 30)
                ordered = sorted(times)
                yield {
                    "bench": "api",
                    "case": case,
                    "value": round(ordered[len(ordered) * 99 // 100] * 1000, 1),
                    "unit": f"ms, 99th percentile of {len(times)} answers at {_A_SECOND}/s over "
                    f"{_PRODUCTS} products, {wrong} refused",
                    "against": "median, ms",
                    "against_value": round(median(times) * 1000, 1),
                }


def _cases(products: range) -> Iterator[tuple[str, Callable[[Random], str]]]:
    sorts = ("newest", "sold", "price_up", "price_down")

    def listed(chance: Random) -> str:
        narrowed = chance.choice(
            (
                "",
                f"&category_id={chance.randint(1, _CATEGORIES)}",
                f"&brand_id={chance.randint(1, _BRANDS)}",
                "&in_stock=true",
                f"&price_from_fen={chance.randint(1, 90) * 1000}",
            )
        )
        return f"/api/shop/products?sort={chance.choice(sorts)}{narrowed}"

    def paged(chance: Random) -> str:
        return f"/api/shop/products/{chance.choice(products)}"

    def searched(chance: Random) -> str:
        word = chance.choice(_WORDS)
        start = chance.randint(0, max(0, len(word) - 2))
        return f"/api/shop/products?search={quote(word[start : start + chance.randint(1, 4)])}"

    yield "list", listed
    yield "product", paged
    yield "search", searched


def _stock_shelves() -> range:
    """A shop of merchants, categories two deep, brands and products; the products' keys."""
    from django.db import connection, transaction

    from mingchi.catalogue import listing
    from mingchi.catalogue.models import Brand, Category, Product
    from mingchi.merchants.models import Merchant

    chance = Random(10_000)  # noqa: S311 - seeded on purpose
    with transaction.atomic():
        merchants = Merchant.objects.bulk_create(
            Merchant(name=f"bench {number}") for number in range(_MERCHANTS)
        )
        tops = Category.objects.bulk_create(Category(name=f"top {n}") for n in range(6))
        below = Category.objects.bulk_create(
            Category(name=f"shelf {n}", parent=tops[n % 6]) for n in range(_CATEGORIES - 6)
        )
        brands = Brand.objects.bulk_create(
            Brand(name=f"brand {number}", letter="B") for number in range(_BRANDS)
        )
        made = Product.objects.bulk_create(
            Product(
                merchant=chance.choice(merchants),
                category=chance.choice(below),
                brand=chance.choice(brands),
                title=f"{chance.choice(_WORDS)} {chance.choice(_KINDS)} {number}",
                subtitle="bench",
                detail="<p>" + "详情文字。" * 400 + "</p>",
                parameters=[{"name": f"参数{n}", "value": "值"} for n in range(8)],
                status="on_sale",
            )
            for number in range(_PRODUCTS)
        )
        _hang_on(made, chance)
        keys = [product.pk for product in made]
        for at in range(0, len(keys), 1000):
            listing.refresh(keys[at : at + 1000])
        listing.set_sold({key: chance.randint(0, 5000) for key in keys})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return range(keys[0], keys[-1] + 1)


def _hang_on(products: list[Any], chance: Random) -> None:
    """Six SKUs of two specifications and five pictures for each product, by COPY."""
    from mingchi.catalogue.models import Image
    from mingchi.foundation import clock

    images = Image.objects.bulk_create(
        Image(merchant=None, digest=f"{number:064x}", width=800, height=800) for number in range(50)
    )
    now = clock.now()
    pictures, stated, values, skus = [], [], [], []
    for place, product in enumerate(products):
        chosen = enumerate(chance.sample(images, 5))
        pictures += [(product.pk, image.pk, position, now) for position, image in chosen]
        names = enumerate(("颜色", "尺码"))
        stated += [(place * 2 + n + 1, product.pk, name, n, False, now) for n, name in names]
        values += [
            (place * 5 + n + 1, place * 2 + 1 + n // 3, name, n, False, now)
            for n, name in enumerate(("红", "蓝", "绿", "S", "L"))
        ]
        for n in range(6):
            combined = [place * 5 + 1 + n // 2, place * 5 + 4 + n % 2]
            price_fen, units = chance.randint(10, 1000) * 100, chance.choice((0, 3, 100, 500))
            skus.append((product.pk, f"{n}", f"{n}", combined, price_fen, units, now))
    _copy("productimage (product_id, image_id, position, created_at)", pictures)
    _copy("specification (id, product_id, name, position, is_retired, created_at)", stated)
    _copy(
        "specificationvalue (id, specification_id, name, position, is_retired, created_at)", values
    )
    none_yet = (100, 0, 0, 0, 0)
    _copy(
        "sku (product_id, code, title, value_ids, price_fen, on_hand, created_at, cost_fen, "
        "reserved, placed, allocated, weight_g)",
        [(*sku, *none_yet) for sku in skus],
    )


def _copy(table: str, rows: list[tuple[Any, ...]]) -> None:
    from django.db import connection

    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY catalogue_{table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _drive(port: int, path: Callable[[Random], str], *, seconds: int) -> tuple[list[float], int]:
    """Seconds from when a request was due until it was answered; and how many were not 200."""
    chance = Random(1)  # noqa: S311
    began = time.perf_counter() + 0.1

    def ask(number: int, address: str) -> tuple[float, int]:
        due = began + number / _A_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        status = _get(port, address)
        return time.perf_counter() - due, status

    numbers = range(seconds * _A_SECOND)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, numbers, [path(chance) for _ in numbers]))
    return [took for took, _status in answers], sum(status != 200 for _took, status in answers)


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Language": "zh-Hans"})
        answer = connection.getresponse()
        json.loads(answer.read() or b"null")
        return answer.status
    finally:
        connection.close()
