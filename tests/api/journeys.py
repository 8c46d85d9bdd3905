"""Steps of a journey through the API."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from tests.api.clients import Answer, Api, answer

from mingchi.catalogue.models import Sku
from mingchi.foundation import clock
from mingchi.ledger import statements
from mingchi.ledger.models import Batch
from mingchi.payments.sandbox import SandboxGateway
from mingchi.rebates import queries
from mingchi.rebates.settlement import settle_pending

DELIVERY = {"region": "440305", "recipient": "Wang", "phone": "13912345678", "address": "Lu 1"}


def settle() -> None:
    """Let the settler settle what waits."""
    settle_pending(queries.programme().pk)


def bring_statements_up_to_date() -> None:
    """What the settler's process does when it is quiet."""
    for journal in (Batch.CASH, queries.programme().pk):
        while statements.bring_up_to_date(journal=journal):
            pass


@contextmanager
def settler_at_work(*, every_s: float = 0.02) -> Iterator[None]:
    """A settler in a thread of its own, as long as the block lasts."""
    programme_id, stop = queries.programme().pk, threading.Event()

    def work() -> None:
        try:
            while not stop.wait(every_s):
                settle_pending(programme_id)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def place(buyer: Api, article: Sku, *, qty: int = 1, **headers: str) -> Answer:
    """Place an order of one article."""
    body = {"items": [{"sku_id": article.pk, "qty": qty}], "delivery": DELIVERY}
    return buyer.post("/orders", body, **headers)


def notify(paying: dict[str, Any], *, change: bytes = b"", age_s: int = 0) -> Answer:
    """The gateway's callback for an attempt to pay, tampered with or late where asked."""
    from datetime import timedelta

    body, headers = SandboxGateway(secret=settings.GATEWAY_SECRET).notice(
        out_trade_no=paying["out_trade_no"],
        amount_fen=paying["amount_fen"],
        now=clock.now() - timedelta(seconds=age_s),
    )
    api = Api()
    return answer(
        api.client.generic(
            "POST",
            "/api/gateways/sandbox/notice",
            body + change,
            content_type="application/json",
            headers=headers,
        )
    )


def paid(buyer: Api, article: Sku, *, qty: int = 1) -> int:
    """An order paid by the signed callback; its id."""
    order_id = place(buyer, article, qty=qty).body["order_id"]
    paying = buyer.post(f"/orders/{order_id}/pay", {}).body
    told = notify(paying)
    assert told.body == {"outcome": "applied", "order_ids": [order_id]}, told.body
    return int(order_id)


def completed(buyer: Api, operator: Api, article: Sku, *, qty: int = 1) -> int:
    """An order that was shipped, received and completed without waiting; its id."""
    order_id = paid(buyer, article, qty=qty)
    assert operator.post(f"/staff/orders/{order_id}/ship", {"carrier": "SF"}).status == 200
    assert buyer.post(f"/orders/{order_id}/receive").status == 200
    done = operator.post(f"/staff/orders/{order_id}/complete", {"skip_window": True})
    assert done.status == 200, done.body
    return order_id
