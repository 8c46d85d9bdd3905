"""The window of the shop: what anybody may look at. Repeat loads are cheap: an ETag, and a minute
in which nobody need ask again."""

from typing import Annotated

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from ninja import Field
from ninja.decorators import decorate_view
from pydantic import StringConstraints

from mingchi.api import catalogue_shapes as shapes
from mingchi.api.fields import MAX_FEN, PRINTABLE, Id, Limit
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue import finding, product_page, queries, tree
from mingchi.catalogue.finding import Card, Sort, Wanted
from mingchi.catalogue.models import HomeShelf, HotWord, Product
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError

router = GuardedRouter(tags=["shop"])
Search = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=PRINTABLE)]
After = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]*$"),
    Field(description="`next` of the page before"),
]
PriceFen = Annotated[int, Field(ge=0, le=MAX_FEN, description="fen (0.01 CNY)")]
Few = Annotated[int, Field(ge=1, le=20, description="at most this many")]
_kept_a_minute = decorate_view(cache_control(public=True, max_age=60), conditional_page)


@router.get("/home", response=shapes.HomeOut, summary="The first page")
@_kept_a_minute
def get_home(request: HttpRequest) -> HttpResponse:
    """Banners, rows of products and words to search for, as staff arranged them. A row that has
    nothing to show is not there."""
    shelves = [_shelf(row) for row in queries.home_shelves()]
    banners = [shapes.banner(row) for row in queries.banners(now=clock.now())]
    return shapes.answer(
        {
            "banners": [row.model_dump(mode="json") for row in banners],
            "shelves": [shelf for shelf in shelves if shelf["products"]],
            "hot_words": list(HotWord.objects.values_list("word", flat=True)),
        }
    )


@router.get("/about", response=shapes.AboutOut, summary="About this platform")
@_kept_a_minute
def get_about(request: HttpRequest) -> shapes.AboutOut:
    """What every page says of it: a sandbox is marked as one."""
    return shapes.AboutOut(is_sandbox=not settings.LIVE)


@router.get("/categories", response=list[shapes.CategoryOut], summary="Categories")
@_kept_a_minute
def list_categories(request: HttpRequest) -> list[shapes.CategoryOut]:
    """All shelves of the shop that are shown, in their order."""
    return [shapes.category(row) for row in tree.shown()]


@router.get("/brands", response=list[shapes.BrandOut], summary="Brands")
@_kept_a_minute
def list_brands(request: HttpRequest) -> list[shapes.BrandOut]:
    """All brands that are shown, by letter."""
    return [shapes.brand(row) for row in queries.brands()[:1000]]


@router.get("/brands/{brand_id}", response=shapes.BrandOut, summary="A brand")
@_kept_a_minute
def get_brand(request: HttpRequest, brand_id: Id) -> shapes.BrandOut:
    """A brand with its story."""
    found = queries.brands().filter(pk=brand_id).first()
    if found is None:
        raise NotFoundError()
    return shapes.brand(found)


@router.get("/products", response=shapes.ProductListOut, summary="Products on sale")
def list_products(
    request: HttpRequest,
    limit: Limit = 20,
    after: After = "",
    search: Search = "",
    sort: Sort | None = None,
    category_id: Id | None = None,
    brand_id: Id | None = None,
    merchant_id: Id | None = None,
    goods_type: Product.GoodsType | None = None,
    price_from_fen: PriceFen | None = None,
    price_to_fen: PriceFen | None = None,
    in_stock: bool = False,
) -> HttpResponse:
    """Narrowed by what is given. A category counts with all under it. A search finds any part of
    a title, brands, categories, and Chinese by its pinyin or its initials too. Without `sort` a
    search comes by relevance, all else newest first."""
    wanted = Wanted(
        category_id=category_id,
        brand_id=brand_id,
        merchant_id=merchant_id,
        goods_type=goods_type.value if goods_type else None,
        price_from_fen=price_from_fen,
        price_to_fen=price_to_fen,
        in_stock=in_stock,
        search=search,
    )
    found = finding.find(wanted, sort=sort, after=after, limit=limit)
    return shapes.answer({"items": _cards(found.cards), "next": found.after})


@router.get("/products/{product_id}", response=shapes.ProductOut, summary="A product on sale")
def get_product(request: HttpRequest, product_id: Id) -> HttpResponse:
    """A product with pictures, parameters, specifications and SKUs. How many are left is told
    where few are."""
    found = product_page.read(product_id)
    if found is None:
        raise NotFoundError()
    return shapes.answer(shapes.product(found))


@router.get("/suggestions", response=list[shapes.SuggestionOut], summary="What may be meant")
@_kept_a_minute
def suggest(request: HttpRequest, text: Search = "", limit: Few = 10) -> list[shapes.SuggestionOut]:
    """While somebody types: categories, brands, and products, the best match first."""
    found = finding.suggest(text, limit=limit)
    return [shapes.SuggestionOut(kind=row.kind, text=row.text, id=row.id) for row in found]


def _cards(cards: list[Card]) -> list[shapes.Answer]:
    return [shapes.card(card) for card in cards]


def _shelf(shelf: HomeShelf) -> shapes.Answer:
    return {
        "id": shelf.pk,
        "title": shelf.title,
        "subtitle": shelf.subtitle,
        "category_id": shelf.category_id,
        "products": _cards(_on_shelf(shelf)),
    }


def _on_shelf(shelf: HomeShelf) -> list[Card]:
    if shelf.kind == HomeShelf.Kind.CHOSEN:
        chosen = [row.product_id for row in shelf.chosen.all()]
        return finding.of_products(chosen)[: shelf.length]
    sort = Sort.SOLD if shelf.kind == HomeShelf.Kind.BEST_SOLD else Sort.NEWEST
    try:
        wanted = Wanted(category_id=shelf.category_id)
        return finding.find(wanted, sort=sort, limit=shelf.length).cards
    except NotFoundError:
        return []  # its category is hidden, and so is the row
