"""Where a clean verification ended, kept in a file: the next one may go on from there.

The file holds the state after the last verified batch and that batch's hash; it is of use to the
Python and the programme it was made with only. Like the heads it lies outside the database.
"""

import marshal
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from mingchi.engine.events import PlanEvent
from mingchi.engine.orders import PackedOrders
from mingchi.engine.outcome import Award
from mingchi.engine.state import Member, Position, State, Waiting
from mingchi.rebates.models import Programme
from mingchi.rebates.recompute import Recomputation

_MARK: Final = f"mingchi verified 1 {sys.implementation.cache_tag}\n".encode()
_SUMS: Final = (
    "pool_fen",
    "supply_upt",
    "ratio",
    "next_position",
    "platform_fen",
    "period_platform_fen",
    "refund_loss_fen",
    "received_fen",
)
_COUNTS: Final = ("entries", "period_first_entry", "batches", "digest", "plan_event")
_POSITION_OPENED: Final = ("number", "member", "exit_multiple_ppm", "exit_fee_ppm", "shared")
_POSITION_SINCE: Final = ("spend_fen", "granted_upt", "held_upt", "redeemed_upt", "paid_fen")
_MEMBER: Final = ("rank", "own_sales_fen", "period_sales_fen", "has_ordered")
_AWARD: Final = (
    "member",
    "kind",
    "amount_fen",
    "waiting",
    "rule",
    "rate_ppm",
    "base_fen",
    "generation",
    "order",
)
_WAITING: Final = ("amount_fen", "place", "earner", "target_fen", "unclaimed_to")


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message says why and what to do."""


def path(programme: Programme) -> Path:
    """The file of a programme's checkpoint."""
    folder: Path = settings.VAR / "verified"
    return folder / f"{programme.code}.state"


def keep(recomputed: Recomputation) -> None:
    """Keeps a verification that found nothing. What is there already is replaced at once or not
    at all."""
    content = marshal.dumps(_dump(recomputed), 2)
    file = path(recomputed.programme)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(_MARK + sha256(content).digest() + content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def resume(programme: Programme) -> Recomputation:
    """A recomputation that goes on after the last verified batch, or from the first event where
    none was kept. Raises CheckpointError."""
    recomputed = Recomputation(programme)
    file = path(programme)
    if not file.exists():
        return recomputed
    mark, digest, content = _parts(file.read_bytes())
    if mark != _MARK or sha256(content).digest() != digest:
        raise CheckpointError(
            f"{file} is damaged or of another version; remove it, and all is verified anew"
        )
    kept = marshal.loads(content)  # noqa: S302 - our own file, as trusted as the programme text
    if kept["programme"] != (programme.id, programme.opening_plan):
        raise CheckpointError(f"{file} is of another programme; remove it")
    _restore(recomputed, kept)
    return recomputed


def _parts(text: bytes) -> tuple[bytes, bytes, bytes]:
    end = len(_MARK)
    return text[:end], text[end : end + 32], text[end + 32 :]


def _dump(recomputed: Recomputation) -> dict[str, Any]:
    state = recomputed.state
    assert isinstance(state.orders, PackedOrders)
    return {
        "programme": (recomputed.programme.id, recomputed.programme.opening_plan),
        "counts": _values(recomputed, _COUNTS),
        "sums": _values(state, _SUMS),
        "members": [_member(member) for member in state.members.values()],
        "positions": [
            (_values(p, _POSITION_OPENED), _values(p, _POSITION_SINCE))
            for p in state.positions.values()
        ],
        "orders": state.orders.packed,
        "agents": {region: member.id for region, member in state.agents.items()},
        "shareholders": state.shareholders,
        "waiting": [
            (key, key in state.waiting, _values(w.award, _AWARD), _values(w, _WAITING))
            for key, w in recomputed.waiting.items()
        ],
        "forfeited": state.forfeited,
        "wallets": dict(state.wallets),
        "merchants": dict(state.merchants),
        "refunded": recomputed.refunded_fen,
        "moved": dict(recomputed.moved_fen),
    }


def _member(member: Member) -> tuple[Any, ...]:
    return (
        member.id,
        member.sponsor.id if member.sponsor else None,
        [position.number for position in member.positions],
        member.shared.number if member.shared else None,
        _values(member, _MEMBER),
    )


def _restore(recomputed: Recomputation, kept: dict[str, Any]) -> None:
    state = recomputed.state
    _set(recomputed, _COUNTS, kept["counts"])
    if recomputed.plan_event is not None:
        event = recomputed.event(recomputed.plan_event)
        assert isinstance(event, PlanEvent)
        state.plan = event.plan
    _set(state, _SUMS, kept["sums"])
    for opened, since in kept["positions"]:
        position = Position(*opened)
        _set(position, _POSITION_SINCE, since)
        state.positions[position.number] = position
        state.exits.watch(position)
    _restore_members(state, kept["members"])
    assert isinstance(state.orders, PackedOrders)
    state.orders.packed = kept["orders"]
    state.agents = {region: state.members[m] for region, m in kept["agents"].items()}
    state.shareholders = kept["shareholders"]
    state.forfeited = kept["forfeited"]
    state.wallets.update(kept["wallets"])
    state.merchants.update(kept["merchants"])
    recomputed.refunded_fen = kept["refunded"]
    recomputed.moved_fen.update(kept["moved"])
    for key, waits, award, rest in kept["waiting"]:
        amount_fen, place, earner, target_fen, unclaimed_to = rest
        waiting = Waiting(
            award=Award(*award),
            place=place,
            earner=earner,
            target_fen=target_fen,
            unclaimed_to=unclaimed_to,
        )
        waiting.amount_fen = amount_fen
        recomputed.waiting[key] = waiting
        if waits:
            state.waiting[key] = waiting


def _restore_members(state: State, kept: list[tuple[Any, ...]]) -> None:
    for member_id, _sponsor, positions, shared, rest in kept:
        member = state.members[member_id] = Member(member_id)
        member.positions = [state.positions[number] for number in positions]
        member.shared = state.positions[shared] if shared is not None else None
        _set(member, _MEMBER, rest)
    for member_id, sponsor, *_rest in kept:  # a sponsor may have joined later
        if sponsor is not None:
            state.members[member_id].sponsor = state.members[sponsor]


def _values(of: object, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple([getattr(of, name) for name in names])


def _set(of: object, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
    for name, value in zip(names, values, strict=True):
        setattr(of, name, value)
