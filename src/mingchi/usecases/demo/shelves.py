"""The demo's shelves: categories, brands, products with pictures, the first page."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from PIL import Image as Pillow

from mingchi.catalogue import images, pictures
from mingchi.catalogue.models import Sku
from mingchi.catalogue.pictures import Picture
from mingchi.usecases import (
    edit_brands,
    edit_catalogue,
    edit_categories,
    edit_home,
    edit_specifications,
    keep_images,
)
from mingchi.usecases.demo import drawing, goods
from mingchi.usecases.demo.goods import Article, Variant
from mingchi.usecases.demo.world import World
from mingchi.usecases.edit_catalogue import SkuData
from mingchi.usecases.edit_specifications import SkuRow, SpecificationData, ValueData

STOCK = 5000
WEIGHT_G = 400  # of what is not stated otherwise, with its wrapping
LOWERED_ON_DAY = 76
Drawing = partial[Pillow.Image]


def fill(world: World, merchants: Sequence[int]) -> None:
    """Everything that is on sale, and how the first page shows it."""
    articles = goods.articles()
    covers = _covers(world, merchants, articles)
    categories = _categories(world)
    brands = _brands(world)
    world.skus = [[] for _merchant in merchants]
    products: dict[str, int] = {}
    for number, article in enumerate(articles, 1):
        product_id = edit_catalogue.add_product(
            by=world.staff["operator"],
            merchant_id=merchants[article.merchant],
            category_id=categories[article.category],
            brand_id=brands[article.brand],
            title=article.title,
            subtitle=article.subtitle,
            description=article.description,
            detail=f"<p>{article.description}</p><p>支持七天无理由退货，签收后可申请开票。</p>",
            parameters=[("品牌", article.brand), ("类别", article.category)],
            status="on_sale",
            on_sale_at=world.start + timedelta(minutes=number),
            is_demo=True,
        )
        products[article.title] = product_id
        keep_images.arrange_images(
            by=world.staff["operator"], product_id=product_id, image_ids=[covers[article.title]]
        )
        world.skus[article.merchant] += _variants(world, product_id, number, article)
        percent = _of(goods.LOWERED, article.title)
        if percent:
            when = world.day(LOWERED_ON_DAY)
            world.calendar.at(when, partial(_lower, world, product_id, percent))
    _first_page(world, categories, products)


def _variants(
    world: World, product_id: int, number: int, article: Article
) -> list[tuple[int, int]]:
    """The SKUs of a product: key and price in fen."""
    by, first = world.staff["operator"], article.variants[0]
    names = [ValueData(name=variant.title) for variant in article.variants]
    edit_specifications.set_specifications(
        by=by,
        product_id=product_id,
        specifications=[SpecificationData(name=article.specification, values=names)],
        price_fen=first.price_fen,
        cost_fen=first.cost_fen,
        now=world.start,
    )
    keys = list(
        Sku.objects.filter(product_id=product_id).order_by("pk").values_list("pk", flat=True)
    )
    rows = [
        SkuRow(sku_id=key, data=_data(f"D{number:02d}-{place}", variant), stock_change=STOCK)
        for place, (key, variant) in enumerate(zip(keys, article.variants, strict=True), 1)
    ]
    edit_specifications.edit_skus(by=by, product_id=product_id, rows=rows, now=world.start)
    return [(key, v.price_fen) for key, v in zip(keys, article.variants, strict=True)]


def _data(code: str, variant: Variant) -> SkuData:
    distribution_fen, pool_fen = variant.shares or (None, None)
    return SkuData(
        code=code,
        price_fen=variant.price_fen,
        cost_fen=variant.cost_fen,
        distribution_fen=distribution_fen,
        pool_fen=pool_fen,
        weight_g=WEIGHT_G,
    )


def _lower(world: World, product_id: int, percent: int, when: datetime) -> None:
    """From now on it costs less; what it cost for weeks is struck through."""
    rows = [
        SkuRow(
            sku_id=sku.pk,
            data=SkuData(
                code=sku.code,
                price_fen=sku.price_fen * (100 - percent) // 100,
                cost_fen=sku.cost_fen,
                market_price_fen=sku.price_fen,
                distribution_fen=sku.distribution_fen,
                pool_fen=sku.pool_fen,
            ),
        )
        for sku in Sku.objects.filter(product_id=product_id).order_by("pk")
    ]
    edit_specifications.edit_skus(
        by=world.staff["operator"], product_id=product_id, rows=rows, now=when
    )


def _categories(world: World) -> dict[str, int]:
    by = world.staff["operator"]
    icons = _kept(
        None,
        {top: partial(drawing.icon, shelves[0].kind) for top, shelves in goods.SHELVES.items()},
    )
    found: dict[str, int] = {}
    for place, (top, shelves) in enumerate(goods.SHELVES.items()):
        found[top] = edit_categories.add_category(
            by=by, name=top, position=place, icon_id=icons[top]
        )
        for below, shelf in enumerate(shelves):
            found[shelf.name] = edit_categories.add_category(
                by=by, name=shelf.name, parent_id=found[top], position=below
            )
    return found


def _brands(world: World) -> dict[str, int]:
    kinds = {shelf.brand: shelf.kind for shelves in goods.SHELVES.values() for shelf in shelves}
    logos = _kept(
        None,
        {
            name: partial(drawing.badge, place, drawing.PALETTES[kinds[name]][1])
            for place, name in enumerate(goods.BRANDS)
        },
    )
    return {
        name: edit_brands.add_brand(
            by=world.staff["operator"], name=name, story=story, logo_id=logos[name]
        )
        for name, story in goods.BRANDS.items()
    }


def _first_page(world: World, categories: Mapping[str, int], products: Mapping[str, int]) -> None:
    by = world.staff["operator"]
    drawn = {
        title: partial(drawing.banner, kinds, seed=place)
        for place, (title, kinds, _target, _name) in enumerate(goods.BANNERS)
    }
    wide = _kept(None, drawn)
    for place, (title, _kinds, target, name) in enumerate(goods.BANNERS):
        edit_home.add_banner(
            by=by,
            title=title,
            image_id=wide[title],
            target=target,
            target_value=str(categories[name]),
            position=place,
        )
    chosen = [key for title, key in products.items() if title.startswith(goods.CHOSEN)]
    for place, (title, subtitle, kind, category) in enumerate(goods.HOME_SHELVES):
        edit_home.add_shelf(
            by=by,
            title=title,
            subtitle=subtitle,
            kind=kind,
            category_id=categories[category] if category else None,
            position=place,
            product_ids=chosen if kind == "chosen" else [],
        )
    edit_home.set_hot_words(by=by, words=goods.HOT_WORDS)


def _covers(world: World, merchants: Sequence[int], articles: Iterable[Article]) -> dict[str, int]:
    """A picture of each product, of a small world only so many different ones."""
    found: dict[str, int] = {}
    for place, merchant_id in enumerate(merchants):
        own = [article for article in articles if article.merchant == place]
        seeds = {article.title: number % world.size.pictures for number, article in enumerate(own)}
        first = {seed: title for title, seed in reversed(seeds.items())}
        drawn = {
            article.title: partial(drawing.product, article.kind, seed=seeds[article.title])
            for article in own
            if first[seeds[article.title]] == article.title
        }
        kept = _kept(merchant_id, drawn)
        found |= {title: kept[first[seed]] for title, seed in seeds.items()}
    return found


def _kept(merchant_id: int | None, drawn: Mapping[str, Drawing]) -> dict[str, int]:
    """Draw, two at a time, and keep; the keys."""
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(_made, drawn.values()))
    return {
        name: images.keep(picture, merchant_id=merchant_id, user_id=None)
        for name, picture in zip(drawn, made, strict=True)
    }


def _made(draw: Drawing) -> Picture:
    return pictures.draw(draw())


def _of(table: Mapping[str, int], title: str) -> int:
    return next((value for start, value in table.items() if title.startswith(start)), 0)
