"""Health, metrics, logs and headers."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings
from tests.api.clients import PASSWORD, Api, answer, joined, newcomer, phone
from tests.api.journeys import place

from mingchi.api import metrics
from mingchi.api.app import api
from mingchi.catalogue.models import Sku
from mingchi.foundation import clock, logs
from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant
from mingchi.rebates.models import Programme
from mingchi.usecases import join as use_join

pytestmark = pytest.mark.django_db


def heard(seconds_ago: int | None) -> None:
    at = None if seconds_ago is None else clock.now() - timedelta(seconds=seconds_ago)
    Programme.objects.update(settler_seen_at=at)


HEALTH = [
    ("working", 1, 200, "ok"),
    ("silent", 120, 503, "silent for 120 s"),
    ("never started", None, 503, "never heard from"),
]


@pytest.mark.parametrize(
    ("seconds_ago", "status", "settler"), [c[1:] for c in HEALTH], ids=[c[0] for c in HEALTH]
)
def test_health(merchant: Merchant, seconds_ago: int | None, status: int, settler: str) -> None:
    heard(seconds_ago)
    found = answer(Client().get("/healthz"))
    assert found.status == status
    assert found.body["checks"] == {"database": "ok", "migrations": "ok", "settler": settler}


def test_health_of_a_platform_that_is_not_open() -> None:
    found = answer(Client().get("/healthz"))
    assert (found.status, found.body["checks"]["settler"]) == (503, "no programme")


def test_health_without_database() -> None:
    from tests.api.test_database_down import elsewhere

    with elsewhere():
        found = answer(Client().get("/healthz"))
    assert (found.status, found.body["checks"]["database"]) == (503, "unreachable")


def test_metrics(merchant: Merchant) -> None:
    joined().get("/orders")
    text = Client().get("/metrics").content.decode()
    assert 'mingchi_requests_total{method="GET",route="api/orders",status="200"} ' in text
    assert 'mingchi_request_seconds_bucket{le="0.1",method="GET",route="api/orders"' in text
    assert "mingchi_settler_queue_events 1.0" in text
    assert re.search(r"^mingchi_flow_timers_due 0.0$", text, re.MULTILINE)
    lag = re.search(r"^mingchi_settler_lag_seconds (.*)$", text, re.MULTILINE)
    assert lag is not None
    assert 0 < float(lag[1]) < 60
    for name in ("last_batch_events", "last_batch_seconds", "set_aside_events", "silent_seconds"):
        assert f"mingchi_settler_{name} " in text


def test_metrics_without_database() -> None:
    from tests.api.test_database_down import elsewhere

    with elsewhere():
        text = metrics.settler_text().decode()
    assert "mingchi_database_up 0.0" in text


def test_metrics_behind_a_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "long-enough"
    assert Client().get("/metrics").status_code == 404
    headers = {"Authorization": "Bearer long-enough"}
    assert Client().get("/metrics", headers=headers).status_code == 200
    settings.METRICS_TOKEN = ""  # live without a token
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Every log line, as it is written."""
    seen: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(logs.formatter())
    handler.emit = lambda record: seen.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield seen
    logging.getLogger().removeHandler(handler)


def test_a_line_a_request_without_phone_numbers(
    merchant: Merchant, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = phone()
    found = Api().post("/members/join", newcomer(phone=number, name="W"))
    Api().get(f"/shop/{number}")

    def broken(**_arguments: object) -> None:
        raise RuntimeError(f"no room for {number}")

    monkeypatch.setattr(use_join, "join", broken)
    failed = Api().post("/members/join", newcomer(phone=number, name="W"))
    assert (failed.status, failed.code) == (500, "internal_error")

    assert number not in "".join(lines)
    requests = [entry for entry in map(json.loads, lines) if entry["event"] == "request"]
    assert [entry["status"] for entry in requests] == [201, 404, 500]
    assert requests[0]["request_id"] == found.headers["X-Request-ID"]
    assert requests[0]["route"] == "api/members/join"
    errors = [entry for entry in map(json.loads, lines) if entry["event"] == "unhandled"]
    assert f"no room for 138****{number[-4:]}" in errors[0]["exception"]
    assert errors[0]["request_id"] == failed.headers["X-Request-ID"]
    assert number not in json.dumps(failed.body)


@pytest.mark.parametrize("given", ["short", "with blank", "x" * 65, "line\nbreak", "é" * 10])
def test_request_ids_that_are_none_are_replaced(merchant: Merchant, given: str) -> None:
    if "\n" in given:  # a client can't send it; a broken proxy might
        found = answer(Client().get("/api/programme/pool", HTTP_X_REQUEST_ID=given))
    else:
        found = Api().get("/programme/pool", **{"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{32}", found.headers["X-Request-ID"])


class TestHeaders:
    def policy(self, path: str, client: Client | None = None) -> dict[str, list[str]]:
        response = (client or Client()).get(path)
        assert response.status_code == 200, path
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        directives = response.headers["Content-Security-Policy"].split("; ")
        return {words[0]: words[1:] for words in map(str.split, directives)}

    def test_nothing_inline(self, merchant: Merchant) -> None:
        for path in ("/api/docs", "/api/programme/pool"):
            policy = self.policy(path)
            assert policy["script-src"] == ["'self'"]
            assert policy["default-src"] == ["'self'"]
            assert policy["object-src"] == ["'none'"]
            assert policy["frame-ancestors"] == ["'none'"]

    def test_eval_under_the_back_office_only(self, merchant: Merchant) -> None:
        owner = User.objects.create_superuser("root", password=PASSWORD)
        client = Client()
        client.force_login(owner)
        for path in ("/admin/login/", "/admin/"):
            policy = self.policy(path, Client() if "login" in path else client)
            assert sorted(policy["script-src"]) == ["'self'", "'unsafe-eval'"]

    def test_the_docs_are_served_from_here(self, merchant: Merchant) -> None:
        html = Client().get("/api/docs").content.decode()
        sources = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert sources
        assert all(source.startswith("/static/") for source in sources)
        # Inline there is data only, no script that would run.
        inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", html)
        assert all('type="application/json"' in attributes for attributes in inline)
        assert not re.findall(r"\son\w+=", html)

    def test_the_docs_are_worked_out_once(self, merchant: Merchant) -> None:
        assert api.get_openapi_schema() is api.get_openapi_schema()
        assert Api().get("/openapi.json").body["info"]["title"] == "Mingchi 明池"

    def test_the_back_office_has_no_inline_script(self, merchant: Merchant) -> None:
        client = Client()
        client.force_login(User.objects.create_superuser("root", password=PASSWORD))
        for path in ("/admin/", "/admin/login/"):
            html = client.get(path, follow=True).content.decode()
            inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", html)
            assert all("json" in attributes for attributes in inline), path


def test_cookies(merchant: Merchant, article: Sku) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    staff = Api()
    staff.headers["X-CSRFToken"] = staff.get("/staff/session/csrf").body["csrf_token"]
    staff.post("/staff/session/sign-in", {"username": "root", "password": PASSWORD})
    cookie = staff.client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    # A member's calls set no cookie at all.
    buyer = joined()
    place(buyer, article)
    assert not buyer.client.cookies


def test_an_unknown_host_is_refused() -> None:
    found = answer(Client().get("/api/programme/pool", headers={"Host": "evil.example"}))
    assert (found.status, found.code) == (400, "bad_request")
