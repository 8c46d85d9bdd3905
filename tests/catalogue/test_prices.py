"""What was asked and when; and which prices may be struck through."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.usecases.shop import Shop

from mingchi.catalogue import finding, prices, product_page
from mingchi.catalogue.finding import Wanted
from mingchi.catalogue.models import Category, PriceRecord, Sku
from mingchi.catalogue.prices import Stood
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.usecases.edit_catalogue import SkuData, add_product, add_sku, edit_product, edit_sku

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def article(shop: Shop) -> Sku:
    """On sale for 100 yuan from the first day on."""
    shelf = Category.objects.create(name="Tea")
    product = add_product(
        by=shop.owner,
        merchant_id=shop.merchant.pk,
        category_id=shelf.pk,
        title="Tea",
        status="on_sale",
    )
    data = SkuData(code="A", price_fen=10_000, cost_fen=100)
    return Sku.objects.get(pk=add_sku(by=shop.owner, product_id=product, data=data, now=day(0)))


def ask(
    shop: Shop, sku: Sku, price_fen: int, *, at: float, market_price_fen: int | None = None
) -> Sku:
    data = SkuData(code="A", price_fen=price_fen, cost_fen=100, market_price_fen=market_price_fen)
    edit_sku(by=shop.owner, sku_id=sku.pk, data=data, now=day(at))
    sku.refresh_from_db()
    return sku


def test_what_was_asked(shop: Shop, article: Sku) -> None:
    ask(shop, article, 8_000, at=10)
    ask(shop, article, 8_000, at=11)
    edit_product(by=shop.owner, product_id=article.product_id, status="off", now=day(12))
    edit_product(by=shop.owner, product_id=article.product_id, status="on_sale", now=day(14))
    assert prices.history(article.pk, now=day(20)) == [
        Stood(10_000, day(0), day(10)),
        Stood(8_000, day(10), day(12)),
        Stood(8_000, day(14), day(20)),
    ]


def test_what_was_asked_stays(article: Sku) -> None:
    for change in (
        lambda: PriceRecord.objects.update(price_fen=99_999),
        lambda: PriceRecord.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("stood", "until"),
    [
        ([Stood(100, day(0), day(8))], day(38)),
        ([Stood(100, day(0), day(6.9))], None),
        ([Stood(100, day(0), day(4)), Stood(100, day(9), day(13))], day(43)),
        ([Stood(100, day(-90), day(-9))], None),  # ended more than 30 days ago
        ([Stood(100, day(-90), day(-3))], None),  # only 2 days of the last 30
        ([Stood(101, day(0), day(20))], None),
        ([], None),
    ],
)
def test_which_may_be_struck_through(stood: list[Stood], until: datetime | None) -> None:
    now = day(25)
    if until is None:
        with pytest.raises(DomainError, match="market_price_unproven"):
            prices.struck_until(stood, 100, now=now)
    else:
        assert prices.struck_until(stood, 100, now=now) == until


def test_a_price_that_was_asked_is_struck_through_for_thirty_days(shop: Shop, article: Sku) -> None:
    ask(shop, article, 8_000, at=10, market_price_fen=10_000)
    assert article.market_until == day(40)
    # Another edit neither asks for the proof again nor makes it last longer.
    ask(shop, article, 7_000, at=35, market_price_fen=10_000)
    assert article.market_until == day(40)
    ask(shop, article, 7_500, at=36)
    assert (article.market_price_fen, article.market_until) == (None, None)
    with pytest.raises(DomainError, match="market_price_unproven"):
        ask(shop, article, 9_000, at=41, market_price_fen=10_000)


def test_members_see_it_while_it_is_higher_and_not_over(shop: Shop, article: Sku) -> None:
    def shown() -> set[int | None]:
        [card] = finding.find(Wanted(), limit=5).cards
        page = product_page.read(article.product_id)
        assert page is not None
        assert page.skus is not None
        return {card.market_price_fen, *(sku["market_price_fen"] for sku in page.skus)}

    def state(price_fen: int, *, hours: int) -> None:
        Sku.objects.update(
            price_fen=price_fen,
            market_price_fen=10_000,
            market_until=clock.now() + timedelta(hours=hours),
        )

    assert shown() == {None}
    state(8_000, hours=1)
    assert shown() == {10_000}
    state(8_000, hours=-1)
    assert shown() == {None}
    state(10_000, hours=1)
    assert shown() == {None}


@pytest.mark.parametrize(
    ("price_fen", "market_price_fen", "code"),
    [
        (8_000, 12_000, "market_price_unproven"),  # never asked
        (10_000, 10_000, "market_price_not_higher"),
        (11_000, 10_000, "market_price_not_higher"),
        (8_000, 0, "amount_invalid"),
    ],
)
def test_prices_nobody_was_asked(
    shop: Shop, article: Sku, price_fen: int, market_price_fen: int, code: str
) -> None:
    with pytest.raises(DomainError, match=code):
        ask(shop, article, price_fen, at=20, market_price_fen=market_price_fen)
    article.refresh_from_db()
    assert (article.price_fen, article.market_price_fen) == (10_000, None)


def test_a_price_raised_for_a_moment_is_no_ground(shop: Shop, article: Sku) -> None:
    ask(shop, article, 20_000, at=10)
    with pytest.raises(DomainError) as caught:
        ask(shop, article, 9_000, at=12, market_price_fen=20_000)
    assert caught.value.details == {"asked_days": 2, "needed_days": 7}


def test_a_draft_asks_nothing(shop: Shop, article: Sku) -> None:
    edit_product(by=shop.owner, product_id=article.product_id, status="draft", now=day(1))
    with pytest.raises(DomainError, match="market_price_unproven"):
        ask(shop, article, 8_000, at=20, market_price_fen=10_000)


def test_a_sale_to_come_has_asked_nothing_yet(shop: Shop, article: Sku) -> None:
    edit_product(by=shop.owner, product_id=article.product_id, status="draft", now=day(0.5))
    edit_product(
        by=shop.owner,
        product_id=article.product_id,
        status="on_sale",
        on_sale_at=day(30),
        now=day(1),
    )
    assert prices.history(article.pk, now=day(31)) == [
        Stood(10_000, day(0), day(0.5)),
        Stood(10_000, day(30), day(31)),
    ]
    edit_product(by=shop.owner, product_id=article.product_id, on_sale_at=day(50), now=day(2))
    assert prices.history(article.pk, now=day(40)) == [Stood(10_000, day(0), day(0.5))]
