"""What lists say in words, what they find, and what they say where there is nothing."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from tests.backoffice.conftest import SignIn
from tests.usecases.shop import NOW, Shop, member, place, sku

from mingchi.catalogue.models import Banner, Category, Image, Sku
from mingchi.orders.models import Order
from mingchi.payments.models import GatewayNotice
from mingchi.usecases.pay_order import pay_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(shop: Shop, sign_in: SignIn) -> Client:
    return sign_in(shop.owner)


def listed(client: Client, page: str, query: str = "") -> str:
    answer = client.get(reverse(f"admin:{page}_changelist") + query)
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def test_an_empty_list_says_where_its_rows_come_from(owner: Client) -> None:
    empty = listed(owner, "payments_billday")
    assert "Nothing here yet" in empty
    assert "The worker compares each day" in empty
    assert "Show everything" not in empty


@pytest.mark.parametrize("query", ["?q=nobody", "?state__exact=shipped"])
def test_a_search_that_finds_nothing_leads_back_to_everything(
    shop: Shop, owner: Client, query: str
) -> None:
    place(member(), sku(shop.merchant))
    found = listed(owner, "orders_order", query)
    assert "Nothing matches" in found
    assert 'href="?">Show everything' in found


def test_an_order_is_found_by_who_receives_it_and_by_its_parcel(shop: Shop, owner: Client) -> None:
    number = Order.objects.get(pk=place(member(), sku(shop.merchant)).order_id).number
    sent = {"recipient": "周小雨", "recipient_phone": "13900001234", "tracking_number": "SF77"}
    Order.objects.update(**sent)
    for words in sent.values():
        assert number in listed(owner, "orders_order", f"?q={words}"), words
    assert number not in listed(owner, "orders_order", "?q=1390000123")


def test_gateways_regions_and_doubts_are_said_in_words(shop: Shop, owner: Client) -> None:
    buyer = member()
    order_id = place(buyer, sku(shop.merchant)).order_id
    Order.objects.update(region="330106")
    pay_order(member_id=buyer.pk, order_id=order_id, idempotency_key="words", now=NOW)
    GatewayNotice.objects.create(
        gateway="wechat", body="", outcome="refused", error="wrong_amount", received_at=NOW
    )
    assert "sandbox gateway" in listed(owner, "payments_payment")
    assert "Nothing matches" in listed(owner, "payments_payment", "?gateway=alipay")
    notices = listed(owner, "payments_gatewaynotice", "?gateway=wechat")
    assert "Another amount than we asked for." in notices
    page = owner.get(reverse("admin:orders_order_change", args=[order_id])).content.decode()
    assert "浙江省 杭州市 西湖区" in page


def test_a_form_names_what_it_does_with_which_thing(shop: Shop, owner: Client) -> None:
    order = Order.objects.get(pk=place(member(), sku(shop.merchant)).order_id)
    page = owner.get(reverse("admin:orders_order_do", args=[order.pk, "cancel"])).content.decode()
    address = reverse("admin:orders_order_change", args=[order.pk])
    assert re.search(rf'<h2 [^>]*>Cancel · <a [^>]*href="{address}">{order.number}</a></h2>', page)


def test_figures_of_today_lead_to_what_they_count(shop: Shop, owner: Client) -> None:
    Order.objects.filter(pk=place(member(), sku(shop.merchant)).order_id).update(
        state="paid", paid_at=NOW
    )
    found = re.search(
        r'href="([^"]*orders/order/[?][^"]*)">1</a>',
        owner.get(reverse("admin:index")).content.decode(),
    )
    assert found
    rows = owner.get(found[1]).context_data["cl"].result_list  # type: ignore[attr-defined]
    assert [row.state for row in rows] == ["paid"]


@pytest.mark.parametrize("page", ["orders_order", "members_member", "catalogue_sku"])
def test_scripts_in_names_stand_there_as_they_were_written(
    shop: Shop, owner: Client, page: str
) -> None:
    buyer, article = member(), sku(shop.merchant)
    order_id = place(buyer, article).order_id
    name = "<script>alert(1)</script> 🍵"
    type(buyer).objects.filter(pk=buyer.pk).update(name=name)
    type(article.product).objects.filter(pk=article.product_id).update(title=name)
    Order.objects.update(note=name, recipient=name)
    key = {"orders_order": order_id, "members_member": buyer.pk, "catalogue_sku": article.pk}[page]
    alone = owner.get(reverse(f"admin:{page}_change", args=[key])).content.decode()
    for shown in (listed(owner, page), alone):
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt; 🍵" in shown


def test_stock_that_runs_low_is_found(shop: Shop, owner: Client) -> None:
    plenty, few, none = (sku(shop.merchant, on_hand=units) for units in (50, 9, 3))
    Sku.objects.filter(pk=none.pk).update(reserved=3)
    wanted = {"out": {none}, "low": {few, none}, "": {plenty, few, none}}
    for query, found in wanted.items():
        rows = owner.get(reverse("admin:catalogue_sku_changelist") + f"?stock={query}")
        assert set(rows.context_data["cl"].result_list) == found, query  # type: ignore[attr-defined]


def test_categories_stand_as_the_tree_is_read(owner: Client) -> None:
    tea, oil = (Category.objects.create(name=name, position=at) for at, name in enumerate("茶油"))
    black = Category.objects.create(name="红茶", parent=tea, position=5)
    green = Category.objects.create(name="绿茶", parent=tea, position=2)
    spring = Category.objects.create(name="春茶", parent=green)
    page = owner.get(reverse("admin:catalogue_category_changelist"))
    rows = list(page.context_data["cl"].result_list)  # type: ignore[attr-defined]
    assert [row for row in rows if row in (tea, oil, black, green, spring)] == [
        tea, green, spring, black, oil,
    ]  # fmt: skip
    assert "\u3000└ 春茶" in page.content.decode()


def test_a_banner_names_what_it_leads_to(owner: Client) -> None:
    tea = Category.objects.create(name="明前绿茶")
    image = Image.objects.create(digest="0" * 64, width=1, height=1)
    Banner.objects.create(title="春", image=image, target="category", target_value=str(tea.pk))
    Banner.objects.create(title="搜", image=image, target="search", target_value="龙井 7")
    shown = listed(owner, "catalogue_banner")
    assert "a category · 明前绿茶" in shown
    assert "a search · 龙井 7" in shown
