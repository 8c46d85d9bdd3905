"""A lived-in platform, a web server and a real browser."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from pytest_django import DjangoDbBlocker
from tests import demo_shop
from tests.conftest import chromium

from mingchi.usecases.demo import people

DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
Login = Callable[[str], Page]
# What the API refuses the page tells in its own words; the browser says so too.
REFUSED = re.compile(r"responded with a status of (409|422)")


class Static(StaticFilesHandler):
    """Lets the browser keep style sheets and fonts, as it may on a real server."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response = super().get_response(request)
        if self._should_handle(request.path):  # type: ignore[attr-defined]
            response["Cache-Control"] = "max-age=3600"
        return response


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # The tests ask the database while Playwright's loop runs in the same thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root; it opens no page but ours.
        one = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield one
        one.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def server(
    browser: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    hosts = override_settings(ALLOWED_HOSTS=["127.0.0.1"])
    with demo_shop.loaded(django_db_blocker), hosts:
        thread = LiveServerThread("127.0.0.1", Static)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
        assert thread.error is None
        yield f"http://127.0.0.1:{thread.port}"
        thread.terminate()


@pytest.fixture
def _django_db_helper() -> None:
    """In place of pytest-django's: no transaction around a test and no emptying after it, since
    server and test see the same committed demo; `server` empties it in the end."""


@pytest.fixture
def login(browser: Browser, server: str) -> Iterator[Login]:
    """Signs an account in, in a browser of its own; fails on anything the console complains of."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def sign_in(name: str) -> Page:
        context = browser.new_context(
            base_url=server,
            viewport=DESK,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.text}")
                if said.type in ("error", "warning") and not REFUSED.search(said.text)
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.goto("/admin/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", people.STAFF_PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/")
        return page

    yield sign_in
    for context in contexts:
        with suppress(Exception):
            context.close()
    assert complaints == []
