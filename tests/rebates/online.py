"""Histories of the replay format as a platform records them: by keys of its own rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from tests.laws.plans import toml_of

from mingchi.ledger import accounts
from mingchi.ledger.models import AccountBalance, Entry
from mingchi.rebates import ids, inbox, plans, records, verify
from mingchi.rebates.models import Event, PlanVersion, Position, Programme
from mingchi.rebates.settlement import Settler

EXAMPLES = Path(__file__).parents[1] / "laws" / "data"
Payload = dict[str, Any]

PLAN = """
[plan]
name = "baseline"
currency = "CNY"
[split]
distribution = "30%"
pool = "30%"
[points]
opening_price = "1.00"
grant = "70%"
redeem_fee = "20%"
exit_multiple = "3"
[[ranks]]
name = "V1"
rate = "2%"
[[awards]]
kind = "direct"
rate = "10%"
"""


# --- a programme and its events ---------------------------------------------------------------


def found_programme(toml: str = PLAN, code: str = "main") -> Programme:
    plan = plans.read(toml)
    programme = Programme.objects.create(
        code=code,
        name=plan.name,
        opening_plan=toml,
        ratio_fen=plan.opening_ratio[0],
        ratio_upt=plan.opening_ratio[1],
    )
    version(programme, toml, PlanVersion.State.ACTIVE)
    return programme


def version(programme: Programme, toml: str, state: str = "approved") -> PlanVersion:
    number = PlanVersion.objects.filter(programme=programme).count() + 1
    return PlanVersion.objects.create(
        programme=programme,
        number=number,
        name=f"plan {number}",
        toml=toml,
        state=state,
        active_from=timezone.now(),
    )


def member(number: int, sponsor: int | None = None) -> Payload:
    above = None if sponsor is None else f"m{sponsor}"
    return {"type": "member", "id": f"m{number}", "sponsor": above}


def order(number: int, member: int, price_fen: int = 100_000, **line: Any) -> Payload:
    """An order of one line at 30 % cost from merchant 1."""
    line = {"price": price_fen, "qty": 1, "cost": price_fen * 3 // 10, "merchant": "1", **line}
    return {"type": "order", "id": f"o{number}", "member": f"m{member}", "lines": [line]}


def redeem(number: int, member: int, points: int | str = "all", **more: Any) -> Payload:
    return {"type": "redeem", "id": f"d{number}", "member": f"m{member}", "points": points, **more}


def refund(number: int, order: int, amount_fen: int, **more: Any) -> Payload:
    return {
        "type": "refund",
        "id": f"r{number}",
        "order": f"o{order}",
        "amount": amount_fen,
        **more,
    }


def record(programme: Programme, payloads: Iterable[Payload]) -> list[Event]:
    """Record them as use cases do, all in one transaction."""
    with transaction.atomic():
        return [
            inbox.record(programme_id=programme.pk, key=payload["id"], payload=payload)
            for payload in payloads
        ]


# --- settling ---------------------------------------------------------------------------------


@contextmanager
def settler(programme: Programme, *, threaded: bool = False) -> Iterator[Settler]:
    """A settler that has read nothing yet; `threaded`: one that writes in a thread of its own."""
    if not threaded:
        one = Settler(programme.pk)
        one.take_over(wait=True)
        yield one
        one.release()
        return
    with ThreadPoolExecutor(1) as writer:
        one = Settler(programme.pk, submit=writer.submit)
        one.take_over(wait=True)
        try:
            yield one
            one.release()
        finally:
            writer.submit(lambda: connection.close()).result()


def settle(programme: Programme, payloads: Iterable[Payload] = (), **limits: int) -> None:
    """Record the payloads, then settle whatever waits."""
    record(programme, payloads)
    with settler(programme) as one:
        until_quiet(one, **limits)


def until_quiet(one: Settler, **limits: int) -> None:
    """Settle until nothing waits, also where a batch had to be tried again by halves."""
    while one.settle(**limits) or _waiting(one.programme_id):
        pass


def _waiting(programme_id: int) -> bool:
    return Event.objects.filter(programme_id=programme_id, pending__isnull=False).exists()


# --- what stands afterwards -------------------------------------------------------------------


def in_order(programme: Programme) -> list[Entry]:
    first, last = ids_of(programme)
    return list(Entry.objects.filter(id__range=(first, last)).order_by("id"))


def ids_of(programme: Programme) -> tuple[int, int]:
    return programme.pk * 10**12, (programme.pk + 1) * 10**12 - 1


def keys_in_order(programme: Programme) -> list[str]:
    """The keys of the settled events, by number."""
    keys = dict(Event.objects.filter(programme=programme).values_list("id", "key"))
    return [keys[entry.event_id] for entry in in_order(programme)]


def answers(programme: Programme) -> list[dict[str, Any]]:
    """The public answers, by number."""
    keys = dict(Event.objects.filter(programme=programme).values_list("id", "key"))
    return [records.public_answer(keys[e.event_id], e.record) for e in in_order(programme)]


def answer(key: str) -> dict[str, Any]:
    """The public answer to one event."""
    event = Event.objects.get(key=key)
    return records.public_answer(key, Entry.objects.get(event_id=event.pk).record)


def fen(account: int) -> int:
    return dict(AccountBalance.objects.values_list("account", "balance_fen")).get(account, 0)


def wallet(member_id: int) -> int:
    return fen(accounts.wallet(member_id))


def differences(programme: Programme) -> list[str]:
    """What `mingchi verify` finds, as text."""
    return [str(found) for found in verify.differences(programme)]


def stands_as(programme: Programme) -> dict[str, Any]:
    """The tables in the form of a replay's summary."""
    programme.refresh_from_db()
    balances = dict(AccountBalance.objects.values_list("account", "balance_fen"))

    def owned(kind: int, prefix: str) -> dict[str, int]:
        return {
            f"{prefix}{accounts.owner_of(account)}": fen
            for account, fen in balances.items()
            if accounts.kind_of(account) == kind and fen
        }

    points: dict[str, int] = {}
    for position in Position.objects.all():
        key = f"m{position.member_id}"
        points[key] = points.get(key, 0) + position.held_upt
    loss_fen = balances.get(accounts.refund_loss(), 0)
    assert balances.get(accounts.pool(programme.pk), 0) == programme.pool_fen
    return {
        "pool": programme.pool_fen,
        "supply": programme.supply_upt,
        "wallets": owned(accounts.WALLET, "m"),
        "points": {key: upt for key, upt in points.items() if upt},
        "merchants": owned(accounts.MERCHANT, ""),
        "platform": balances.get(accounts.platform(), 0) + loss_fen,
        "refund_loss": -loss_fen,
        "waiting": balances.get(accounts.awards_waiting(), 0),
    }


def sums_fen() -> int:
    """All balances together: 0, since each entry sums to zero."""
    return sum(AccountBalance.objects.values_list("balance_fen", flat=True))


# --- files of the replay format ---------------------------------------------------------------


class Names:
    """Gives each name in a file the key of a row; members in order of name, so that what is
    sorted by id stays in its place."""

    UNKNOWN = 999_999

    def __init__(self, events: Sequence[Payload]) -> None:
        self.events = _once(events)
        self.keys: dict[str, str] = {}
        self.merchants: dict[str | None, str] = {None: "1", "self": "1"}
        joined = sorted(e["id"] for e in self.events if e["type"] == "member")
        width = 10 ** len(str(len(joined)))
        for number, name in enumerate(joined):
            self.keys[name] = ids.key("member", width + number)
        for number, event in enumerate(self.events, 1):
            self.keys.setdefault(event["id"], ids.key(event["type"], number))

    def payloads(self, programme: Programme) -> list[Payload]:
        """The events as they are recorded; a plan's version is drawn up on the way."""
        return [self._payload(programme, event) for event in self.events]

    def answer(self, data: Payload) -> Payload:
        """An answer, or a summary, of the file with our keys."""
        data = {key: value for key, value in data.items() if value not in ([], {})}
        for key in ("grants", "awards", "exits", "promotions"):
            if key in data:
                data[key] = [{**one, "member": self.keys[one["member"]]} for one in data[key]]
        if "id" in data:
            data["id"] = self.keys[data["id"]]
        for key in ("wallets", "points"):
            if key in data:
                data[key] = {self.keys[name]: amount for name, amount in data[key].items()}
        if "merchants" in data:
            data["merchants"] = {self.merchants[m]: fen for m, fen in data["merchants"].items()}
        return data

    def _payload(self, programme: Programme, event: Payload) -> Payload:
        event = dict(event)
        for field, kind in (("member", "member"), ("sponsor", "member"), ("order", "order")):
            if event.get(field) is not None:
                key = self.keys.get(event[field], "")
                known = key.startswith(ids.PREFIXES[kind])
                event[field] = key if known else ids.key(kind, self.UNKNOWN)
        if event["type"] == "order":
            event["lines"] = [
                {**line, "merchant": self._merchant(line.get("merchant"))}
                for line in event["lines"]
            ]
        if event["type"] == "plan":
            plan = version(programme, toml_of(event["plan"]))
            self.keys[event["id"]] = ids.key("plan", plan.pk)
        event["id"] = self.keys[event["id"]]
        return event

    def _merchant(self, name: str | None) -> str:
        return self.merchants.setdefault(name, str(len(self.merchants)))


def _once(events: Sequence[Payload]) -> list[Payload]:
    """Without the events whose id came before, which the inbox would not take."""
    first: dict[str, Payload] = {}
    for event in events:
        first.setdefault(event["id"], event)
    return list(first.values())


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- tampering --------------------------------------------------------------------------------


def change(sql: str, *params: Any) -> int:
    """What the tables refuse, done by somebody who may switch their guards off; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(sql, params or None)
            return int(cursor.rowcount)
        finally:
            cursor.execute("RESET session_replication_role")


def wipe() -> None:
    """Empty the tables of settlement; quicker than what Django does after a test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND "
            "(tablename LIKE 'rebates\\_%' OR tablename LIKE 'ledger\\_%')"
        )
        tables = [name for (name,) in cursor.fetchall()]
    change(";".join(f"DELETE FROM {name}" for name in tables))  # noqa: S608
