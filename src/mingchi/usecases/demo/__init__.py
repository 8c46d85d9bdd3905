"""A shop with ninety days behind it, made by the real use cases and the real settler.

The same seed gives the same figures, whenever it is loaded; only the dates move along.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit, clock
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.ledger import sealing, statements
from mingchi.ledger.models import Batch
from mingchi.members.models import Member
from mingchi.rebates.settlement import Settler
from mingchi.usecases.count_sales import count_sales
from mingchi.usecases.demo import buying, earnings, offers, people, quarrels, running, shop, talking
from mingchi.usecases.demo.world import Size, World
from mingchi.usecases.keep_figures import keep_figures
from mingchi.usecases.open_platform import open_platform

SEED = 20260101
DAYS = 90
LOADED = "demo.load"
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Whether the demo was loaded now; False: it stands from an earlier time."""

    created: bool
    members: int


def load(*, seed: int = SEED, progress: Progress | None = None, size: Size | None = None) -> Loaded:
    """Load the demo into an empty sandbox platform; `progress` hears percents.

    Errors: `demo_in_live`, `platform_in_use` 409 where members exist that are not the demo's,
    `settler_running` 409 (the demo settles ninety days itself).
    """
    if settings.LIVE:
        raise DomainError("demo_in_live", _("There is no demo in live mode."), status=403)
    platform = open_platform()
    if is_loaded():
        return Loaded(created=False, members=Member.objects.count())
    if Member.objects.exists():
        raise ConflictError(
            "platform_in_use", _("The demo needs a platform that nobody has used yet.")
        )
    settler = Settler(platform.programme_id)
    if not settler.take_over(wait=False):
        raise ConflictError(
            "settler_running", _("A settler is running. Stop the platform, then load the demo.")
        )
    try:
        _live_through(
            settler,
            platform.programme_id,
            seed,
            progress or (lambda percent: None),
            size or Size(),
        )
    finally:
        settler.release()
    return Loaded(created=True, members=Member.objects.count())


def is_loaded() -> bool:
    """Whether a load was completed here."""
    return AuditRecord.objects.filter(subject="demo", action=LOADED).exists()


def accounts() -> list[list[str]]:
    """What a visitor may sign in with: role, login, password."""
    staff = [[account.role, account.login, people.STAFF_PASSWORD] for account in people.STAFF]
    return [
        *staff,
        ["member (looks only)", people.LOOKER_PHONE, people.MEMBER_PASSWORD],
        ["member", people.BUYER_PHONE, people.MEMBER_PASSWORD],
    ]


def _live_through(
    settler: Settler, programme_id: int, seed: int, progress: Progress, size: Size
) -> None:
    end = clock.now()
    world = World(
        chance=Random(seed),  # noqa: S311 - a story, not a secret
        start=end - timedelta(days=DAYS),
        end=end,
        size=size,
        settler=settler,
        programme_id=programme_id,
    )
    with connection.cursor() as cursor:
        # Nothing is lost that is not made again: a load that breaks off starts anew.
        cursor.execute("SET synchronous_commit = off")
    shop.set_up(world)
    buying.plan_members(world)
    buying.plan_orders(world)
    running.plan_running(world)
    offers.plan_claims(world)
    quarrels.plan_cases(world)
    talking.plan_reviews(world)

    def seen(when: datetime) -> None:
        progress(int(100 * (when - world.start) / (world.end - world.start)))

    world.calendar.run(end, seen=seen)
    world.settle(end)
    _finish(world, seed)


def _finish(world: World, seed: int) -> None:
    count_sales()
    keep_figures()
    _write_books(world.programme_id)
    earnings.settle_up(world)
    _write_books(world.programme_id)
    # The demo's own member may look; before this, it had to buy.
    Member.objects.filter(phone=people.LOOKER_PHONE).update(is_read_only=True)
    audit.record(actor="system", action=LOADED, subject="demo", before={}, after={"seed": seed})
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")


def _write_books(programme_id: int) -> None:
    while sealing.seal_cash():
        pass
    for journal in (programme_id, Batch.CASH):
        while statements.bring_up_to_date(journal=journal):
            pass


def main(argv: list[str]) -> int:
    """`mingchi demo`: load, and say who may sign in. Exit status 1 where it is refused."""
    parser = argparse.ArgumentParser(prog="mingchi demo", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(argv)
    shown = _shown if sys.stderr.isatty() else None
    try:
        loaded = load(seed=options.seed, progress=shown)
    except DomainError as error:
        print(f"mingchi demo: {error.message}", file=sys.stderr)
        return 1
    if shown:
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)
    print("The demo is loaded." if loaded.created else "The demo was loaded before.")
    for role, login, password in accounts():
        print(f"  {role:<20} {login:<14} {password}")
    return 0


def _shown(percent: int) -> None:
    print(f"\rLoading the demo: {percent:3d} %", end="", file=sys.stderr, flush=True)
