"""The storefront on a phone: how soon something is painted, and what comes over the line.

The demo is loaded, granian answers as in production, and Chromium opens the pages with nothing in
its cache, over a line and with a processor that are slowed down by the DevTools protocol: DevTools'
own "Fast 4G", and a quarter of this machine's processor, as Lighthouse does for phones.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from mingchi.bench import _settle_world as world
from mingchi.bench._driving import Client, web

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_LATENCY_MS, _DOWN_KBIT, _UP_KBIT, _SLOW_DOWN = 165, 8_100, 1_350, 4
_LINE: Final = (
    f"{_LATENCY_MS} ms, {_DOWN_KBIT} kbit/s down, {_UP_KBIT} up, "
    f"processor {_SLOW_DOWN} times slower"
)
_PAINT_MS, _FIRST_LOAD_KB = 1_500, 300
_PHONE: Final = "19900000002"
_PAINTED: Final = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One cold load: when the first text or picture was painted (the shop's name, which stands
    there until the program is), when the page itself was there, and the bytes as they came, by kind
    of thing (`Document`, `Script`, `Image` …)."""

    paint_ms: float
    page_ms: float
    sizes: Mapping[str, int]

    @property
    def program_bytes(self) -> int:
        """All but the pictures of the goods."""
        return sum(self.sizes.values()) - self.sizes.get("Image", 0)


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields for `home`, `product` and `cart` the first contentful paint in ms, when the page
    itself is there, and what the first load weighs, in medians of cold loads in turns."""
    with world.database() as url:
        from mingchi.config.server import free_port

        pages = _open_shop()
        port = free_port("127.0.0.1", 0)
        with web(port, {"DATABASE_URL": url}), _chromium() as browser:
            session = _signed_in(port)
            loads: dict[str, list[Load]] = {case: [] for case in pages}
            for turn in range(4 if quick else 16):
                for case, path in pages.items():
                    load = _load(browser, port, path, session)
                    if turn:  # the first one wakes the server
                        loads[case].append(load)
    for case, found in loads.items():
        yield from _told(case, found)


def _told(case: str, loads: list[Load]) -> Iterator[dict[str, Any]]:
    paints = [load.paint_ms for load in loads]
    paint_ms, kilobytes = median(paints), median(load.program_bytes for load in loads) / 1024
    pictures = median(load.sizes.get("Image", 0) for load in loads) / 1024
    yield {
        "bench": "web",
        "case": f"{case}-paint",
        "value": round(paint_ms),
        "unit": f"ms to the first contentful paint, median of {len(loads)} cold loads, the slowest "
        f"{max(paints):.0f}; 4G: {_LINE}",
        "against": "target, ms",
        "against_value": _PAINT_MS,
        "ratio": round(_PAINT_MS / paint_ms, 2),
    }
    yield {
        "bench": "web",
        "case": f"{case}-page",
        "value": round(median(load.page_ms for load in loads)),
        "unit": "ms until the page itself is there, what it asks for on its way",
    }
    yield {
        "bench": "web",
        "case": f"{case}-load",
        "value": round(kilobytes),
        "unit": f"KB over the line at the first load, and {pictures:.0f} of pictures",
        "against": "target, KB",
        "against_value": _FIRST_LOAD_KB,
        "ratio": round(_FIRST_LOAD_KB / kilobytes, 2),
    }


def _open_shop() -> dict[str, str]:
    """The demo with something in a member's cart, static files as they are served; the pages."""
    from mingchi.catalogue.models import Sku
    from mingchi.config.prepare import collect_static
    from mingchi.foundation import clock
    from mingchi.members.models import Member
    from mingchi.usecases import demo, keep_cart
    from mingchi.usecases.demo.world import Size

    collect_static(lambda _said: None)
    demo.load(size=Size(members=20, orders=36, redemptions=6, withdrawals=5))
    member = Member.objects.get(phone=_PHONE)
    articles = Sku.objects.filter(product__status="on_sale", on_hand__gt=0).order_by("pk")
    for sku in articles[:5]:
        keep_cart.add_item(member_id=member.pk, sku_id=sku.pk, qty=1, now=clock.now())
    return {
        "home": "home/home",
        "product": f"product/product?id={articles[0].product_id}",
        "cart": "cart/cart",
    }


def _signed_in(port: int) -> str:
    """What the storefront keeps of a member who is signed in, as JSON."""
    from mingchi.usecases.demo import people

    client = Client(port)
    client.until_up("/api/shop/categories")
    who = {"phone": _PHONE, "password": people.MEMBER_PASSWORD}
    _status, answer = client.post("/api/members/sign-in", who)
    session = {"token": answer["token"], "memberId": answer["member_id"]}
    return json.dumps({"type": "object", "data": session})


@contextmanager
def _chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-headless-shell"))), None)
    assert found, "this needs Debian's package chromium"
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root; it opens no page but ours.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def _load(browser: "Browser", port: int, path: str, session: str) -> Load:
    """A page opened by a browser that has never been there."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, locale="zh-CN"
    )
    context.add_init_script(f"localStorage.setItem('mingchi.session', {json.dumps(session)})")
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    protocol.on(
        "Network.responseReceived",
        lambda told: kinds.update({told["requestId"]: told["type"]}),
    )
    protocol.on(
        "Network.loadingFinished",
        lambda told: sizes.update({kinds[told["requestId"]]: int(told["encodedDataLength"])}),
    )
    protocol.send("Network.enable")
    line = {
        "offline": False,
        "latency": _LATENCY_MS,
        "downloadThroughput": _DOWN_KBIT * 1000 / 8,
        "uploadThroughput": _UP_KBIT * 1000 / 8,
    }
    protocol.send("Network.emulateNetworkConditions", line)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": _SLOW_DOWN})
    page.goto(f"http://127.0.0.1:{port}/#/pages/{path}")
    page.wait_for_selector(".app-frame")
    page_ms = page.evaluate("performance.now()")
    page.wait_for_load_state("networkidle")
    paint_ms = page.evaluate(_PAINTED)
    assert paint_ms is not None, f"{path}: nothing was painted"
    context.close()
    return Load(paint_ms=paint_ms, page_ms=page_ms, sizes=sizes)
