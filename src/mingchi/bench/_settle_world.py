"""What the settlement benchmarks work on: a database of its own, members in a tree, orders."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Final

from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from mingchi.bench._plans import all_awards

DEPTH: Final = 20
MERCHANTS: Final = 50
REGIONS: Final = ("440305", "440106", "310104", None)
_EVENTS = "programme_id, key, kind, payload, digest, request_id, created_at"


@contextmanager
def database() -> Iterator[str]:
    """A fresh, durable PostgreSQL under the temporary folder, with Django on it; its address."""
    import django
    from django.core.management import call_command

    from mingchi.config import embedded
    from mingchi.config.database import start_embedded

    folder = Path(mkdtemp(prefix="mingchi-bench-"))
    os.environ["MINGCHI_VAR"] = str(folder)
    os.environ["DATABASE_URL"] = url = start_embedded(folder / "postgres")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
    django.setup()
    _point_at(url)
    call_command("migrate", verbosity=0)
    try:
        yield url
    finally:
        connection.close()
        embedded.release(folder / "postgres")
        embedded.wait_stopped(folder / "postgres")
        rmtree(folder, ignore_errors=True)


def _point_at(url: str) -> None:
    """A second database of one bench: settings were read for the first."""
    from mingchi.fulfilment import compiled

    parts = conninfo_to_dict(url)
    connection.settings_dict.update(
        NAME=parts["dbname"], USER=parts.get("user", ""), HOST=parts.get("host", "")
    )
    compiled.load.cache_clear()


def found_programme(code: str, *, members: int, exits: str = "0") -> int:
    """A programme with that many members in a tree twenty deep, ranks and agents; its key."""
    from mingchi.rebates.models import Agent, PlanVersion, Programme

    toml = all_awards(exits=exits)
    programme = Programme.objects.create(
        code=code, name=code, opening_plan=toml, ratio_fen=100, ratio_upt=1_000_000
    )
    PlanVersion.objects.create(
        programme=programme,
        number=1,
        name=code,
        toml=toml,
        state="active",
        active_from="2026-01-01T00:00Z",
    )
    plant_tree(programme.id, first=1, members=members)
    for number, region in enumerate(("44", "4403", "440305", "31", "3101"), 1):
        Agent.objects.create(programme=programme, region=region, member_id=number)
    return programme.id


def plant_tree(programme_id: int, *, first: int, members: int) -> None:
    """Members of a programme from number `first` to `members`, put where the settler keeps them."""
    from mingchi.ledger.keys import SPAN

    base, chance = programme_id * SPAN, Random(members)  # noqa: S311 - seeded on purpose
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY rebates_participant (id, sponsor_id, rank, own_sales_fen, orders) FROM STDIN"
        ) as copy,
    ):
        for number, sponsor, rank in tree(members, chance):
            if number >= first:
                above = None if sponsor is None else base + sponsor
                copy.write_row((base + number, above, rank, 0, 0))


def tree(members: int, chance: Random) -> Iterator[tuple[int, int | None, str | None]]:
    """Members with sponsor and rank: generations of equal size, the higher the rarer a rank."""
    width = max(1, members // DEPTH)
    for number in range(1, members + 1):
        generation = (number - 1) // width
        sponsor = None
        if generation:
            sponsor = (min(generation, DEPTH) - 1) * width + chance.randrange(width) + 1
        rank = f"V{chance.randint(1, 4)}" if chance.random() < 0.05 else None
        yield number, sponsor, rank


def order(number: int, *, members: int, chance: Random) -> dict[str, Any]:
    """The event of an order of one line."""
    price = chance.randrange(1_000, 200_000)
    return {
        "type": "order",
        "id": f"o{number}",
        "member": f"m{chance.randint(1, members)}",
        "region": chance.choice(REGIONS),
        "lines": [
            {
                "price": price,
                "qty": 1,
                "cost": price * 3 // 10,
                "merchant": str(chance.randint(1, MERCHANTS)),
            }
        ],
    }


def queue_orders(programme_id: int, *, first: int, count: int, members: int) -> list[int]:
    """Put orders into the programme's inbox at once; the keys of their events."""
    from mingchi.rebates import inbox

    chance = Random(first)  # noqa: S311 - seeded on purpose
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM rebates_event")
        before = cursor.fetchone()[0]
        with cursor.copy(f"COPY rebates_event ({_EVENTS}) FROM STDIN") as copy:
            for number in range(first, first + count):
                event = order(number, members=members, chance=chance)
                text = inbox.canonical(event)
                digest = sha256(text.encode()).digest()
                copy.write_row(
                    (programme_id, event["id"], "order", text, digest, "", "2026-01-01T00:00Z")
                )
        cursor.execute(
            "INSERT INTO rebates_pending (event_id, programme_id, lane) "
            "SELECT id, programme_id, 1 FROM rebates_event WHERE id > %s RETURNING event_id",
            [before],
        )
        queued = [row[0] for row in cursor.fetchall()]
        # As autovacuum would have done on a platform that has been running for a while.
        cursor.execute("VACUUM ANALYZE")
        return queued
