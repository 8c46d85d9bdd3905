"""Shoppers with a phone or a desk in the storefront."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize
from tests.journeys.conftest import DESK, PHONE, REFUSED
from tests.journeys.pictures import keep_picture

from mingchi.foundation import clock
from mingchi.usecases import sign_in as use_sign_in
from mingchi.usecases.demo import people

# Presses what carries this name; the storefront's controls are roles, not tags.
PRESSED = ("button", "link", "tab", "radio", "checkbox", "switch")
_UNNAMED = """() => [...document.querySelectorAll('[role]')]
  .filter(e => PRESSED.includes(e.getAttribute('role')) && e.offsetParent !== null)
  .filter(e => !(e.getAttribute('aria-label') || e.innerText).trim())
  .map(e => e.outerHTML.slice(0, 120))""".replace("PRESSED", str(list(PRESSED)))
_SMALL = """() => [...document.querySelectorAll('.app-tap')]
  .filter(e => e.offsetParent !== null)
  .map(e => [e.innerText || e.getAttribute('aria-label'), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([name, box]) => `${name}: ${box.width}×${box.height}`)"""
_KEYS = re.compile(r"\b(?:page|tab|common|error|shop|order|case|product)\.[a-z]\w+\b")
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
FAILED_TO_LOAD = re.compile(r"Failed to load resource")


class Shopper:
    """Somebody in front of the storefront; complaints of the console are kept."""

    def __init__(self, page: Page, complaints: list[str]) -> None:
        self.page = page
        self.complaints = complaints

    def sign_in(self, phone: str, password: str = people.MEMBER_PASSWORD) -> None:
        """As the sign-in page would: its own journey is elsewhere."""
        found = use_sign_in.sign_in(phone=phone, password=password, now=clock.now())
        self.page.goto("/")
        self.page.evaluate(
            "session => localStorage.setItem('mingchi.session',"
            " JSON.stringify({ type: 'object', data: session }))",
            {"token": found.token, "memberId": found.member_id},
        )

    def open(self, path: str) -> None:
        """A page by its address, loaded anew, until nothing more is on its way.

        Reloaded where the storefront is open already, so that the browser goes on in the process
        that it has: a new one takes a quarter of a second of processor time.
        """
        address = f"/#/pages/{path}"
        if self.page.url == "about:blank":
            self.page.goto(address)
        else:
            self.page.evaluate("address => history.replaceState(null, '', address)", address)
            self.page.reload()
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_selector(".app-frame")
        self.page.wait_for_selector(".app-bone, [aria-busy=true]", state="detached")

    def press(self, name: str, *, nth: int = 0) -> None:
        """Whatever is pressed and has this name, of the page in front."""
        found = self.page.locator(",".join(f'[role="{role}"]:visible' for role in PRESSED)).filter(
            has_text=name
        )
        found.nth(nth).click()

    def named(self, label: str, *, nth: int = 0) -> None:
        """What is named for those who don't see it."""
        self.page.locator(f'[aria-label="{label}"]:visible').nth(nth).click()

    def write(self, label: str, text: str) -> None:
        """Into the field of this label."""
        fields = self.page.locator("input:visible, textarea:visible")
        fields.and_(self.page.get_by_label(label, exact=True)).fill(text)

    def sees(self, text: str) -> None:
        self.page.get_by_text(text, exact=False).locator("visible=true").first.wait_for()

    def look(self, name: str) -> None:
        """Keep how it looks, and find what nobody should have to live with."""
        kind = "desk" if self.page.viewport_size == DESK else "phone"
        keep_picture(self.page, f"store-{name}-{kind}")
        page = self.page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: wide"
        assert page.evaluate(_UNNAMED) == [], f"{name}: nobody hears what it is"
        assert page.evaluate(_SMALL) == [], f"{name}: smaller than a finger"
        assert not _KEYS.search(page.inner_text("body")), f"{name}: a phrase without words"

    def barriers(self, rules: tuple[str, ...] = WCAG) -> list[str]:
        """What axe finds that keeps people out, by these of its rules: which rule, where."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        options = {"resultTypes": ["violations"], "preload": False, "runOnly": list(rules)}
        found = self.page.evaluate("options => axe.run(options)", options)
        return [
            f"{one['id']}: {node['html'][:160]}"
            for one in found["violations"]
            for node in one["nodes"]
            if one["impact"] in ("serious", "critical")
        ]

    def look_twice(self, name: str) -> None:
        """On a desk and on a phone."""
        for size in (DESK, PHONE):
            self.page.set_viewport_size(size)
            self.look(name)


@contextmanager
def shopping(
    browser: Browser,
    server: str,
    *,
    size: ViewportSize = PHONE,
    dark: bool = False,
    user_agent: str | None = None,
    refused: re.Pattern[str] = REFUSED,
) -> Iterator[Shopper]:
    """A shopper with a browser of their own; fails on anything the console complains of but what
    the API may refuse."""
    context = browser.new_context(
        base_url=server,
        viewport=size,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        color_scheme="dark" if dark else "light",
        user_agent=user_agent,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.set_default_navigation_timeout(60_000)  # the first page wakes the server
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: (
            complaints.append(f"{page.url}: {said.text}")
            if said.type in ("error", "warning") and not refused.search(said.text)
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    yield Shopper(page, complaints)
    with suppress(Exception):
        context.close()
    assert complaints == [], complaints
