"""Every page of the storefront on a phone and on a desk: it opens, says what it means, and the
console has nothing to complain of."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.journeys.shoppers import Shopper, shopping

from mingchi.catalogue.models import Product
from mingchi.members.models import Member
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.usecases import after_sales
from mingchi.usecases.after_sales import Wish

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PAGES = Path(__file__).resolve().parents[2] / "web/storefront/src/pages.json"
MEMBER = "19900000002"
# What the browser says of it.
CUT_OFF = re.compile("ERR_INTERNET_DISCONNECTED|Unable to preload|dynamically imported")


def addresses() -> dict[str, str]:
    """Every page, with what it needs to have something to show."""
    names = [page["path"].removeprefix("pages/") for page in json.loads(PAGES.read_text())["pages"]]
    shipped = sent()
    product = Product.objects.get(title__startswith="凤凰单丛")
    needs = {
        "product/product": f"?id={product.pk}",
        "product/reviews": f"?id={product.pk}",
        "search/search": "?text=%E8%8C%B6",
        "checkout/checkout": f"?sku={product.skus.first().pk}&qty=2",
    }
    for page in (
        "orders/order",
        "orders/tracking",
        "orders/review",
        "orders/invoice",
        "after-sales/ask",
    ):
        needs[page] = f"?id={shipped.pk}"
    needs["payment/payment"] = f"?id={shipped.checkout_id}"
    return {name: name + needs.get(name, "") for name in names}


def sent() -> Order:
    """One of theirs that came in a parcel."""
    theirs = Order.objects.filter(member=Member.objects.get(phone__endswith=MEMBER))
    return theirs.filter(shipments__isnull=False, received_at__isnull=False)[0]


def asked(order: Order) -> int:
    """A case about it, opened on the day it came."""
    assert order.received_at is not None
    line = orders.lines(order)[0]
    wish = Wish(line_id=line.pk, kind="refund_only", units=1, reason="压坏了", amount_fen=100)
    opened = after_sales.open_case(
        order_id=order.pk,
        wish=wish,
        idempotency_key="walk",
        now=order.received_at,
        member_id=order.member_id,
    )
    return opened.case_id


def test_every_page_opens(browser: Browser, server: str) -> None:
    with shopping(browser, server) as shopper:
        shopper.sign_in(MEMBER)
        for name, address in addresses().items():
            if name != "after-sales/case":
                shopper.open(address)
                look_at(shopper, name)
        # Last: of what is asked back nothing more can be asked.
        shopper.open(f"after-sales/case?id={asked(sent())}")
        look_at(shopper, "after-sales/case")


def look_at(shopper: Shopper, name: str) -> None:
    """In both widths; and nothing keeps people out of it, in light and, where only colours are
    others, in the dark."""
    shopper.look_twice(name.replace("/", "-"))
    assert shopper.barriers() == [], name
    shopper.page.emulate_media(color_scheme="dark")
    shopper.page.wait_for_selector(".app-frame.theme-dark:visible")
    assert shopper.barriers(("color-contrast",)) == [], f"{name} in the dark"
    shopper.page.emulate_media(color_scheme="light")


def test_in_the_dark_in_english_and_signed_out(browser: Browser, server: str) -> None:
    with shopping(browser, server, dark=True) as shopper:
        page = shopper.page
        page.goto("/")
        page.evaluate(
            "localStorage.setItem('mingchi.locale', JSON.stringify({type: 'string', data: 'en'}))"
        )
        for name in ("home/home", "category/category", "cart/cart", "orders/orders"):
            shopper.open(name)
            shopper.look(f"dark-{name.replace('/', '-')}")
        shopper.sees("Sign in")
        assert page.evaluate("document.documentElement.lang") == "en"
        ground = page.evaluate("getComputedStyle(document.querySelector('.app-frame')).background")
        assert ground.startswith("rgb(13, 19, 18)")


def test_without_a_connection(browser: Browser, server: str) -> None:
    """What is shown stays; a page that can't be brought says so, has a way back, and comes once the
    connection is there again."""
    with shopping(browser, server, refused=CUT_OFF) as shopper:
        shopper.open("home/home")
        shopper.page.context.set_offline(True)
        shopper.named("搜索商品")
        shopper.sees("网络不通，请检查后重试")
        shopper.look("offline")
        shopper.named("返回")
        shopper.page.wait_for_url("**/#/")
        shopper.named("搜索商品")
        shopper.sees("网络不通，请检查后重试")
        shopper.page.context.set_offline(False)
        shopper.press("重试")
        shopper.sees("大家在搜")


def test_a_barrier_is_found(browser: Browser, server: str) -> None:
    with shopping(browser, server) as shopper:
        shopper.open("home/home")
        assert shopper.barriers() == []
        shopper.page.evaluate(
            "document.querySelector('.heading').style.color = '#bbb';"
            "document.querySelector('[role=link]').setAttribute('role', 'slider')"
        )
        rules = {found.split(":")[0] for found in shopper.barriers()}
        assert rules == {"color-contrast", "aria-required-attr"}
