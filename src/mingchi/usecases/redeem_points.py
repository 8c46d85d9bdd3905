"""A member turns points into money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.members import services as members
from mingchi.payouts.models import Redemption
from mingchi.rebates import queries, results
from mingchi.rebates.results import Result
from mingchi.usecases import events
from mingchi.usecases.once import once

Points = int | Literal["all"]
MAX_UPT = 10**15
PENDING = "pending"
# The engine's words, and how we say them.
_REFUSALS = {
    "insufficient points": ("insufficient_points", _("You hold fewer points than that.")),
    "below min_net": ("below_min_net", _("The price has changed; look at the new quote.")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """A redemption: `settled` with its amounts, or `pending` (or `set_aside`) without."""

    redemption_id: int
    status: str
    gross_fen: int | None
    fee_fen: int | None
    net_fen: int | None
    entry_number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    redemption_id: int
    event_id: int


def redeem_points(
    *,
    member_id: int,
    points_upt: Points,
    idempotency_key: str,
    now: datetime,
    min_net_fen: int | None = None,
    wait_s: float = 2.0,
) -> Redeemed:
    """Record the redemption with the net that was shown (`min_net_fen`; left out: today's quote)
    as its least, then wait up to `wait_s` for the settler. Call outside a transaction.

    Errors: `insufficient_points` 409 with `held_upt`, `below_min_net` 409, `points_invalid`.
    """
    _refuse_bad_points(points_upt, min_net_fen)
    with transaction.atomic():
        asked = once(
            action="redeem_points",
            actor=f"member:{member_id}",
            key=idempotency_key,
            body={"points": points_upt, "min_net_fen": min_net_fen},
            run=lambda: _ask(member_id, points_upt, min_net_fen, now),
            result=_Asked,
        )
    result = results.wait(asked.event_id, timeout_s=wait_s)
    return _redeemed(asked.redemption_id, member_id, result)


def redemption(*, member_id: int, redemption_id: int) -> Redeemed:
    """How a redemption of one's own stands; the errors of a refused one, `not_found` 404."""
    found = Redemption.objects.filter(pk=redemption_id, member_id=member_id).first()
    event = events.find("redeem", redemption_id) if found else None
    if event is None:
        raise NotFoundError()
    return _redeemed(redemption_id, member_id, results.result(event.pk))


def standing(rows: Sequence[Redemption]) -> dict[int, tuple[str, int | None]]:
    """How redemptions stand, by their keys: `settled`, `pending`, `refused` or `set_aside`, and
    the net in fen where there is one."""
    of_rows = events.find_all("redeem", [row.pk for row in rows])
    found = results.results([event.pk for event in of_rows.values()])
    return {row.pk: _stands(found.get(of_rows[row.pk].pk)) for row in rows}


def _stands(result: Result | None) -> tuple[str, int | None]:
    if result is None:
        return PENDING, None
    return result.status, result.answer.get("redemption", {}).get("net")


def _ask(member_id: int, points_upt: Points, min_net_fen: int | None, now: datetime) -> _Asked:
    members.acting(member_id)
    quote = queries.quote(member_id, points_upt)
    least_fen = quote.net_fen if min_net_fen is None else min_net_fen
    row = Redemption.objects.create(
        member_id=member_id,
        points_upt=None if points_upt == "all" else points_upt,
        quoted_net_fen=least_fen,
        asked_at=now,
    )
    event = events.record(
        "redeem",
        row.pk,
        member=events.member_key(member_id),
        points=points_upt,
        min_net=least_fen,
    )
    return _Asked(redemption_id=row.pk, event_id=event.pk)


def _redeemed(redemption_id: int, member_id: int, result: Result | None) -> Redeemed:
    if result is not None and result.status == "refused":
        raise _refusal(result, member_id)
    money: dict[str, Any] = result.answer.get("redemption", {}) if result else {}
    return Redeemed(
        redemption_id=redemption_id,
        status=result.status if result else PENDING,
        gross_fen=money.get("gross"),
        fee_fen=money.get("fee"),
        net_fen=money.get("net"),
        entry_number=result.number if result else None,
    )


def _refusal(result: Result, member_id: int) -> ConflictError:
    code, message = _REFUSALS.get(
        result.error or "", ("redemption_refused", _("The redemption was refused."))
    )
    return ConflictError(
        code,
        message,
        field="points_upt",
        details={"held_upt": queries.holding(member_id), "reason": result.error},
    )


def _refuse_bad_points(points_upt: Points, min_net_fen: int | None) -> None:
    if points_upt != "all" and (type(points_upt) is not int or not 1 <= points_upt <= MAX_UPT):
        raise DomainError("points_invalid", _("Points are a whole number."), field="points_upt")
    if min_net_fen is not None and not 0 <= min_net_fen <= MAX_UPT:
        raise DomainError(
            "amount_invalid", _("The amount is no whole number."), field="min_net_fen"
        )
