"""The one writer of coupons in members' hands: claimed → locked by an order → used, or given back.

Every move is one conditional UPDATE, so that of any number who try at once exactly as many succeed
as may. Callers hold a transaction, and where an order is concerned its lock.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.pricing.models import Coupon, MemberCoupon

State = MemberCoupon.State


def claim(
    *,
    coupon_id: int,
    member_id: int,
    is_new_member: bool,
    now: datetime,
    granted_by: User | None = None,
) -> MemberCoupon:
    """Take one of a coupon.

    Errors: `coupon_over` 409 (not begun, over, closed), `coupons_gone` 409 where none is left,
    `coupon_limit` 409 where the member has as many as one may, `new_members_only` 403.
    """
    assert connection.in_atomic_block
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFoundError()
    if coupon.new_members_only and not is_new_member:
        raise DomainError(
            "new_members_only", _("This coupon is for those who never bought."), status=403
        )
    open_now = Coupon.objects.filter(
        pk=coupon_id, state=Coupon.State.OPEN, starts_at__lte=now, ends_at__gt=now
    )
    # Whoever gets past this has the coupon's row locked: counting below is safe.
    if not open_now.filter(taken__lt=F("total")).update(taken=F("taken") + 1):
        if open_now.exists():
            raise ConflictError("coupons_gone", _("All of these coupons are taken."))
        raise ConflictError("coupon_over", _("This coupon is not given out now."))
    held = MemberCoupon.objects.filter(coupon=coupon, member=member_id).count()
    if held >= coupon.per_member:
        raise ConflictError("coupon_limit", _("You have had this coupon already."))
    days = coupon.valid_days
    return MemberCoupon.objects.create(
        coupon=coupon,
        member_id=member_id,
        nth=held + 1,
        good_until=coupon.ends_at if days is None else now + timedelta(days=days),
        claimed_at=now,
        granted_by=granted_by,
    )


def lock(*, member_id: int, saved_fen: Mapping[int, int], key: str, now: datetime) -> None:
    """Keep a member's coupons for an order (`key`, as `checkout:17`), with what each takes off.

    Errors: `coupon_not_usable` 409 where one is another's, used, kept for another order or over;
    then none of them is kept.
    """
    assert connection.in_atomic_block
    assert key
    if not saved_fen:
        return
    own = MemberCoupon.objects.filter(
        pk__in=saved_fen, member=member_id, state=State.CLAIMED, good_until__gt=now
    )
    amounts = [When(pk=claim, then=Value(fen)) for claim, fen in saved_fen.items()]
    kept = own.update(state=State.LOCKED, locked_for=key, saved_fen=Case(*amounts))
    if kept != len(saved_fen):
        raise ConflictError(
            "coupon_not_usable",
            _("One of the coupons can't be used any more. Choose again."),
            field="coupons",
        )


def use(*, key: str, now: datetime) -> int:
    """The order is paid: its coupons are used. Returns how many; again: none."""
    kept = MemberCoupon.objects.filter(locked_for=key, state=State.LOCKED)
    return kept.update(state=State.USED, used_at=now)


def give_back(*, key: str, now: datetime, merchant_id: int | None = None) -> int:
    """The order is given up, or was refunded whole: its coupons are the member's again, or expired
    where their time is over; with `merchant_id` only those that this merchant pays for. Returns how
    many; again: none."""
    assert key
    kept = MemberCoupon.objects.filter(locked_for=key)
    if merchant_id is not None:
        kept = kept.filter(coupon__merchant=merchant_id)
    return kept.update(
        state=Case(
            When(good_until__gt=now, then=Value(State.CLAIMED.value)),
            default=Value(State.EXPIRED.value),
        ),
        locked_for="",
        saved_fen=0,
        used_at=None,
    )


def expire(*, now: datetime) -> int:
    """Those whose time is over and that no order keeps. Returns how many."""
    over = MemberCoupon.objects.filter(state=State.CLAIMED, good_until__lte=now)
    return over.update(state=State.EXPIRED)
