"""Redemptions through the API while the settler works off a backlog.

A member redeems a little again and again over HTTP (granian, as in production) while orders of
others wait by the hundred thousand. An answer 202 (not settled within two seconds) is a miss and
counts as such.
"""

import time
from collections.abc import Iterator
from statistics import median
from typing import Any, Final

from mingchi.bench import _settle_world as world
from mingchi.bench._driving import Client, settler, signed_in, web
from mingchi.bench._plans import all_awards

_MEMBERS: Final = 20_000
_PHONE, _PASSWORD = "19900009999", "Bench-only-9999"


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields `p99`: the 99th percentile of an answer's time, and `missed` answers."""
    with world.database() as url:
        from mingchi.config.server import free_port

        programme_id = _open_shop()
        redemptions = 20 if quick else 100
        world.queue_orders(
            programme_id, first=1_000_000, count=40_000 if quick else 300_000, members=_MEMBERS
        )
        port = free_port("127.0.0.1", 0)
        with web(port, {"DATABASE_URL": url}), settler(url):
            Client(port).until_up("/api/shop/categories")
            member = signed_in(port, phone=_PHONE, password=_PASSWORD)
            times, missed = _redeem(member, redemptions)
            left = _queued(programme_id)
    ordered = sorted(times)
    yield {
        "bench": "redeem",
        "case": "p99",
        "value": round(ordered[len(ordered) * 99 // 100] * 1000),
        "unit": f"ms over {len(times)} redemptions, {left} orders still waiting at the end",
        "against": "median, ms",
        "against_value": round(median(times) * 1000),
    }
    yield {
        "bench": "redeem",
        "case": "missed",
        "value": missed,
        "unit": f"answers 202 of {len(times)}",
    }


def _open_shop() -> int:
    """A platform whose first member holds points; its programme."""
    from django.db import transaction

    from mingchi.foundation import clock
    from mingchi.members import disclosures
    from mingchi.rebates import inbox
    from mingchi.rebates.settlement import settle_pending
    from mingchi.usecases.join import join
    from mingchi.usecases.open_platform import open_platform

    programme_id = open_platform(plan_toml=all_awards(exits="0")).programme_id
    joined = join(
        phone=_PHONE,
        password=_PASSWORD,
        name="bench",
        invitation_code=None,
        disclosure=disclosures.joining().digest,
        now=clock.now(),
    )
    assert joined.member_id == 1
    settle_pending(programme_id)
    world.plant_tree(programme_id, first=2, members=_MEMBERS)
    order = {
        "type": "order",
        "id": "o1",
        "member": "m1",
        "region": None,
        "lines": [{"price": 10_000_000, "qty": 1, "cost": 3_000_000, "merchant": "1"}],
    }
    with transaction.atomic():
        inbox.record(programme_id=programme_id, key="o1", payload=order)
    settle_pending(programme_id)
    return programme_id


def _redeem(member: Client, count: int) -> tuple[list[float], int]:
    """Seconds of each answer, and how many were 202."""
    times, missed = [], 0
    for number in range(count):
        key = {"Idempotency-Key": f"bench-redeem-{number}"}
        began = time.perf_counter()
        status, _answer = member.post("/api/points/redeem", {"points_upt": 1_000_000}, key)
        times.append(time.perf_counter() - began)
        missed += status != 200
        time.sleep(0.05)
    return times, missed


def _queued(programme_id: int) -> int:
    from mingchi.rebates.models import Pending

    return Pending.objects.filter(programme_id=programme_id).count()
