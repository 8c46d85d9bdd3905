"""Every page of the back office in a real browser, wide and narrow, in the first language."""

import re

import pytest
from django.contrib import admin
from playwright.sync_api import Page
from tests.journeys.conftest import DESK, PHONE, Login
from tests.journeys.pictures import keep_picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PAGES = sorted((m._meta.app_label, str(m._meta.model_name)) for m in admin.site._registry)
LABELS = (
    "thead th, dt, label, #content h2, .bo-panel-title, nav a, button, "
    "#changelist > * a[class*=border], .bo-explain, .bo-note, .bo-empty"
)
# What is the same in both languages: names, and codes of actions and things.
NAMES = re.compile(
    r"[\w-]+\.[\w-]+|[Ss]ystem|user:|demo|TOML|CNY|SKU|[Ss]andbox|baseline|English|en|zh-hans|zh|ZH-HANS|EN|dark_mode"
)
ICONS = ".material-symbols-outlined"


def look(page: Page, name: str) -> None:
    """Pictures in both widths, the one that the page has now first; nothing sticks out, nothing
    is left in English."""
    page.evaluate("document.fonts.ready")
    now = page.viewport_size
    for size in (DESK, PHONE) if now == DESK else (PHONE, DESK):
        if page.viewport_size != size:
            page.set_viewport_size(size)
        # Of long lists the first screen is enough.
        whole = size == DESK and not name.endswith("-list")
        suffix = "wide" if size == DESK else "narrow"
        keep_picture(page, f"{name}-{suffix}", whole=whole)
        beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"{name} {suffix} sticks out by {beyond} px"
    left = page.evaluate(
        """([labels, icons]) => [...document.querySelectorAll(labels)].map(e => {
            const copy = e.cloneNode(true);
            copy.querySelectorAll(icons + ', pre, code').forEach(x => x.remove());
            return copy.textContent.trim();
        })""",
        [LABELS, ICONS],
    )
    english = [text for text in left if re.search(r"[A-Za-z]{4,}", NAMES.sub("", text))]
    assert english == [], name


def first_row(page: Page) -> str | None:
    links = page.locator("#result_list tbody a[href*='/change/']")
    return links.first.get_attribute("href") if links.count() else None


def test_every_list_and_every_page(login: Login) -> None:
    page = login("owner")
    for app, model in PAGES:
        answer = page.goto(f"/admin/{app}/{model}/")
        assert answer is not None
        assert answer.status == 200
        look(page, f"{app}-{model}-list")
        address = first_row(page)
        if address is not None:
            page.goto(address)
            look(page, f"{app}-{model}")


def test_the_first_page_of_each_role(login: Login) -> None:
    for name in ("operator", "demo-auditor", "service", "tea-manager"):
        look(login(name), f"home-{name}")


def test_signing_in_is_offered_in_both_languages(login: Login, server: str) -> None:
    page = login("operator")
    browser = page.context.browser
    assert browser is not None
    with browser.new_context(base_url=server, locale="en-GB") as english:
        other = english.new_page()
        other.goto("/admin/")
        assert "Log in" in other.inner_text("body")
    with browser.new_context(base_url=server, locale="zh-CN") as chinese:
        other = chinese.new_page()
        other.goto("/admin/")
        assert "登录" in other.inner_text("body")
        look(other, "sign-in")


def test_the_chart_is_drawn(login: Login) -> None:
    page = login("operator")
    page.goto("/admin/rebates/programme/")
    page.wait_for_function("Chart.getChart(document.querySelector('canvas.chart')) !== undefined")
    points = page.evaluate(
        "Chart.getChart(document.querySelector('canvas.chart')).data.datasets[0].data.length"
    )
    assert points > 5
