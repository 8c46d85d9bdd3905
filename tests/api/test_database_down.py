"""The database goes away under load: clients get 503 with a time to try again, and whoever tries
again with the same key gets his order once."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from pytest_django import DjangoDbBlocker
from tests.api.clients import Api, answer, joined
from tests.usecases.shop import sku
from werkzeug.test import Client as WsgiClient

from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order

BUYERS, ORDERS_EACH = 4, 25


@contextmanager
def elsewhere() -> Iterator[None]:
    """Point this thread's connection at a server that is not running."""
    connection.close()
    there = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nonexistent-socket-folder"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["HOST"] = there


@contextmanager
def stopped() -> Iterator[None]:
    """What a stop of the server does to its clients: every connection ends, none is let in."""
    name = connection.settings_dict["NAME"]
    where = {"host": connection.settings_dict["HOST"], "user": connection.settings_dict["USER"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


ADDRESSES = [
    ("GET", "/shop/products", ""),
    ("GET", "/programme/pool", ""),
    ("GET", "/orders", "some-token"),
    ("POST", "/members/sign-in", ""),
    ("POST", "/orders", "some-token"),
]


@pytest.mark.parametrize(("method", "path", "token"), ADDRESSES)
def test_503_everywhere(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    method: str,
    path: str,
    token: str,
) -> None:
    body = {"phone": "13800001234", "password": "clear-pool-7"} if method == "POST" else None
    with django_db_blocker.unblock(), elsewhere():
        found = Api(token=token).send(method, path, body)
    assert (found.status, found.code) == (503, "unavailable")
    assert int(found.headers["Retry-After"]) > 0


def test_the_back_office_says_503_too(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    api = Api()
    api.client.cookies["sessionid"] = "x" * 32
    with django_db_blocker.unblock(), elsewhere():
        found = answer(api.client.get("/admin/"))
    assert found.status == 503
    assert int(found.headers["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
def test_stopped_under_load(merchant: Merchant) -> None:
    article = sku(merchant, on_hand=10_000)
    buyers = [joined() for _ in range(BUYERS)]
    wishes: dict[str, list[int]] = {}
    threads = [
        threading.Thread(target=_buy_many, args=(buyer, number, article.pk, wishes))
        for number, buyer in enumerate(buyers)
    ]
    [thread.start() for thread in threads]
    time.sleep(0.4)
    with stopped():
        time.sleep(0.4)
    [thread.join() for thread in threads]

    statuses = {status for tries in wishes.values() for status in tries}
    assert statuses == {201, 503}, statuses
    assert all(tries[-1] == 201 for tries in wishes.values())
    connection.close()
    assert Order.objects.count() == len(wishes) == BUYERS * ORDERS_EACH
    article.refresh_from_db()
    assert article.reserved == len(wishes)


def _buy_many(buyer: Api, number: int, sku_id: int, wishes: dict[str, list[int]]) -> None:
    client = WsgiClient(get_wsgi_application())
    try:
        for n in range(ORDERS_EACH):
            key = f"wish-{number}-{n}"
            wishes[key] = []
            while not wishes[key] or wishes[key][-1] == 503:
                wishes[key].append(_buy(client, buyer, key, sku_id))
    finally:
        connection.close()


def _buy(client: WsgiClient, buyer: Api, key: str, sku_id: int) -> int:
    body: dict[str, Any] = {"items": [{"sku_id": sku_id, "qty": 1}]}
    response = client.post(
        "/api/orders",
        data=json.dumps(body),
        content_type="application/json",
        headers={**buyer.headers, "Idempotency-Key": key},
    )
    if response.status_code == 503:
        assert response.headers["Retry-After"]
        assert response.json is not None
        assert response.json["error"]["code"] == "unavailable"
        time.sleep(0.05)
    return int(response.status_code)
