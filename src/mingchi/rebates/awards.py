"""A member's awards with all that explains them, newest first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from mingchi.ledger import accounts, rules
from mingchi.ledger.models import Entry, StatementLine
from mingchi.rebates import records
from mingchi.rebates.models import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardLine:
    """An award paid, or taken back by a refund (`amount_fen` negative, nothing to explain).

    `entry` is the entry's key, which pages by; `order` the event key of the order, None for a
    dividend; `rule` the place of the award in the plan, counted from 0.
    """

    entry: int
    at: datetime
    kind: str
    order: str | None
    amount_fen: int
    rule: int | None
    rate_ppm: int | None
    base_fen: int | None
    generation: int | None


def awards(member_id: int, *, limit: int, before: int | None = None) -> Sequence[AwardLine]:
    """Awards of at most `limit` entries with a smaller key than `before`. As statements do, they
    may lag by moments."""
    lines = StatementLine.objects.filter(
        account=accounts.wallet(member_id), entry_id__isnull=False
    ).annotate(code=F("rule") % 100)
    lines = lines.filter(code__in=sorted(rules.AWARDS))
    if before is not None:
        lines = lines.filter(entry_id__lt=before)
    newest = lines.order_by("-entry_id").values_list("entry_id", flat=True).distinct()[:limit]
    keys = [key for key in newest if key is not None]
    found: list[AwardLine] = []
    entries = Entry.objects.in_bulk(keys)
    events = Event.objects.in_bulk([entry.event_id for entry in entries.values()])
    moved: dict[int, list[StatementLine]] = {key: [] for key in keys}
    for line in lines.filter(entry_id__in=keys).order_by("id"):
        moved[line.entry_id or 0].append(line)
    for key in keys:
        event = events[entries[key].event_id]
        if event.kind == "refund":
            found += _taken_back(key, event, moved[key])
        else:
            found += _paid(key, event, entries[key], moved[key][0].at, f"m{member_id}")
    return found


def _paid(key: int, event: Event, entry: Entry, at: datetime, member: str) -> list[AwardLine]:
    return [
        AwardLine(
            entry=key,
            at=at,
            kind=award.kind,
            order=award.order,
            amount_fen=award.amount_fen,
            rule=award.rule,
            rate_ppm=award.rate_ppm,
            base_fen=award.base_fen,
            generation=award.generation or None,
        )
        for award in records.awards(event.key, entry.record)
        if award.member == member and not award.waiting
    ]


def _taken_back(key: int, event: Event, lines: Sequence[StatementLine]) -> list[AwardLine]:
    order = str(json.loads(event.payload)["order"])
    return [
        AwardLine(
            entry=key,
            at=line.at,
            kind=rules.name(line.rule),
            order=order,
            amount_fen=line.amount,
            rule=None,
            rate_ppm=None,
            base_fen=None,
            generation=None,
        )
        for line in lines
    ]
