"""Fifty work desks that ask for news, over HTTP (granian, as in production): each has its own
account and asks every four seconds with the ETag of its last answer, as the page does; first
while nothing changes, then while a colleague completes an item every half second."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, Final

from mingchi.bench import _settle_world
from mingchi.bench._driving import web

_CLIENTS: Final = 50
_POLL_S: Final = 4.0
_ORDERS: Final = 300
_COMPLETED_EVERY_S: Final = 0.5
_PATH: Final = "/api/staff/desk?view=group"
_FLOW: Final = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:m="urn:mingchi:flow:1" targetNamespace="urn:mingchi:flow:1">
<process id="desk"><startEvent id="start"/>
<serviceTask id="allocate" m:step="warehouse.allocate"/>
<userTask id="pick" m:step="shipment.pick" m:role="warehouse" m:due="PT2H"/>
<serviceTask id="release" m:step="stock.release"/><endEvent id="end"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="allocate"/>
<sequenceFlow id="f2" sourceRef="allocate" targetRef="pick"/>
<sequenceFlow id="f3" sourceRef="pick" targetRef="release"/>
<sequenceFlow id="f4" sourceRef="release" targetRef="end"/></process></definitions>"""


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields `desk-50-clients`, quiet and at work: the 99th percentile of a poll."""
    with _settle_world.database() as url:
        from mingchi.config.server import free_port

        merchant_id = _shop()
        _orders(merchant_id, 60 if quick else _ORDERS)
        cookies = [_cookie(merchant_id, number) for number in range(_CLIENTS)]
        port = free_port("127.0.0.1", 0)
        with web(port, {"DATABASE_URL": url}):
            for what, working in (("while nothing changes", False), ("while others work", True)):
                polls = _poll(port, cookies, seconds=12 if quick else 60, working=working)
                yield _result(what, *polls)


def _result(what: str, times: list[float], unchanged: int) -> dict[str, Any]:
    ordered = sorted(times)
    return {
        "bench": "flows",
        "case": "desk-50-clients",
        "value": round(ordered[len(ordered) * 99 // 100] * 1000, 1),
        "unit": f"ms a poll {what}, 99th percentile of {len(times)}, {unchanged} of them 304",
        "against": "median, ms",
        "against_value": round(ordered[len(ordered) // 2] * 1000, 1),
    }


def _shop() -> int:
    """A platform whose first merchant has goods and a flow."""
    from django.db import transaction

    from mingchi.foundation import clock
    from mingchi.fulfilment import authoring
    from mingchi.usecases.open_platform import open_platform

    merchant_id = open_platform().merchant_id
    with transaction.atomic():
        made = authoring.define(merchant_id=merchant_id, kind="order", key="standard", name="desk")
        version = authoring.draft(definition=made, bpmn=_FLOW, by="user:1")
        authoring.publish(version, by="user:1", now=clock.now())
    return merchant_id


def _orders(merchant_id: int, count: int) -> None:
    """So many orders that wait to be picked."""

    from mingchi.catalogue.models import Category, Product, Sku
    from mingchi.foundation import clock
    from mingchi.members import disclosures
    from mingchi.members.models import Member
    from mingchi.usecases import run_flows
    from mingchi.usecases.join import join
    from mingchi.usecases.offers import Item
    from mingchi.usecases.place_order import place_order
    from mingchi.usecases.placing import Delivery

    shelf = Category.objects.create(name="bench")
    goods = Product.objects.create(
        merchant_id=merchant_id, category=shelf, title="Tea", status=Product.Status.ON_SALE
    )
    sku = Sku.objects.create(
        product=goods,
        code="TEA-1",
        title="100 g",
        price_fen=100_000,
        cost_fen=30_000,
        on_hand=10**6,
    )
    now = clock.now()
    join(phone="19900009999", password="Bench-only-9999", name="bench",  # noqa: S106
         invitation_code=None, disclosure=disclosures.joining().digest, now=now)  # fmt: skip
    member_id = Member.objects.get().pk
    for number in range(count):
        place_order(
            member_id=member_id,
            items=[Item(sku_id=sku.pk, qty=2)],
            delivery=Delivery(region="330106", recipient="王", phone="13800001234", address="1"),
            payment_method="cod",
            idempotency_key=f"bench-{number}",
            now=now,
        )
    run_flows.work_off(now=now)


def _cookie(merchant_id: int, number: int) -> str:
    """A colleague of the warehouse who has signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from mingchi.foundation.models import User
    from mingchi.merchants.models import MerchantStaff

    user = User.objects.create(username=f"bench{number}", is_staff=True)
    MerchantStaff.objects.create(user=user, merchant_id=merchant_id, role="warehouse")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _poll(
    port: int, cookies: list[str], *, seconds: float, working: bool
) -> tuple[list[float], int]:
    """Seconds of each poll, and how many were answered 304. The first round is not counted: every
    desk reads its whole queue then."""
    _wait_for(port, cookies[0])
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(cookies) + 1) as pool:
        worker = pool.submit(_work, until if working else 0)
        desks = [pool.submit(_desk, port, one, until, n) for n, one in enumerate(cookies)]
        found = [desk.result() for desk in desks]
        worker.result()
    times = [took for each, _same in found for took in each]
    return times, sum(same for _each, same in found)


def _desk(port: int, cookie: str, until: float, number: int) -> tuple[list[float], int]:
    chance = Random(number)  # noqa: S311 - when a page was opened
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times: list[float] = []
    same, mark, first = 0, "", True
    time.sleep(chance.random() * _POLL_S)
    while time.monotonic() < until:
        began = time.perf_counter()
        status, mark = _ask(connection, cookie, mark)
        if not first:
            times.append(time.perf_counter() - began)
            same += status == 304
        first = False
        time.sleep(_POLL_S * (0.85 + chance.random() * 0.3))
    connection.close()
    return times, same


def _ask(connection: http.client.HTTPConnection, cookie: str, mark: str) -> tuple[int, str]:
    headers = {"Cookie": cookie, "Accept-Language": "zh-Hans"}
    if mark:
        headers["If-None-Match"] = mark
    connection.request("GET", _PATH, headers=headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status in (200, 304), f"the desk answered {answer.status}"
    return answer.status, answer.headers["ETag"]


def _work(until: float) -> None:
    """Colleagues complete one item after the other, as long as there are any."""
    from django.db import connection

    from mingchi.foundation import clock
    from mingchi.foundation.models import User
    from mingchi.fulfilment.models import WorkItem
    from mingchi.usecases.do_work import complete_work

    by = User.objects.get(username="bench0")
    waiting = list(
        WorkItem.objects.filter(status="open").order_by("id").values_list("pk", flat=True)
    )
    for item_id in waiting:
        if time.monotonic() > until:
            break
        complete_work(by=by, item_id=item_id, now=clock.now())
        time.sleep(_COMPLETED_EVERY_S)
    connection.close()


def _wait_for(port: int, cookie: str) -> None:
    until = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            _ask(connection, cookie, "")
            return
        except OSError:
            assert time.monotonic() < until, "the web server did not come up"
            time.sleep(0.2)
        finally:
            connection.close()
