"""What happened in a case, written down as it happens: by `orders.cases`, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Prefetch, QuerySet

from mingchi.merchants.models import MerchantStaff
from mingchi.orders.models import AfterSalesCase, CaseEntry, CasePicture

Act, Side = CaseEntry.Act, CaseEntry.Side
SYSTEM: Final = "system"


def write(
    case: AfterSalesCase,
    act: str,
    *,
    actor: str,
    now: datetime,
    words: str = "",
    note: str = "",
    image_ids: Sequence[int] = (),
) -> CaseEntry:
    """One more thing. `words` are for both sides to read, `note` for staff only."""
    entry = CaseEntry.objects.create(
        case=case,
        act=act,
        side=_side(case, actor),
        actor=actor or SYSTEM,
        words=words,
        note=note,
        at=now,
    )
    CasePicture.objects.bulk_create(
        CasePicture(entry=entry, image_id=pk, position=place) for place, pk in enumerate(image_ids)
    )
    return entry


def of(case: AfterSalesCase, *, for_staff: bool) -> QuerySet[CaseEntry]:
    """The history with its pictures, the first thing first; without notes unless for staff."""
    pictures = Prefetch("pictures", CasePicture.objects.select_related("image"))
    found = CaseEntry.objects.filter(case=case).prefetch_related(pictures).order_by("pk")
    return found if for_staff else found.exclude(act=Act.NOTED)


def pictures_of_member(case: AfterSalesCase) -> int:
    """How many the buyer has shown so far."""
    return CasePicture.objects.filter(entry__case=case, entry__side=Side.MEMBER).count()


def works_for(actor: str, merchant_id: int) -> bool:
    """Whether this staff account is one of the merchant's."""
    key = _user_key(actor)
    return key is not None and MerchantStaff.objects.filter(user=key, merchant=merchant_id).exists()


def _side(case: AfterSalesCase, actor: str) -> str:
    if actor.startswith("member:"):
        return Side.MEMBER
    if _user_key(actor) is None:
        return Side.SYSTEM
    return Side.MERCHANT if works_for(actor, case.order.merchant_id) else Side.PLATFORM


def _user_key(actor: str) -> int | None:
    kind, _colon, key = actor.partition(":")
    return int(key) if kind == "user" and key.isdigit() else None
