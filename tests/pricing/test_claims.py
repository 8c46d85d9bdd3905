"""Coupons in members' hands: claimed once, kept for one order, used or given back."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from tests.pricing_shop import ENDS, offered, stated
from tests.usecases.shop import NOW, Shop, at_once, member, paid, sku, staff

from mingchi.foundation.errors import DomainError
from mingchi.members.models import Member
from mingchi.pricing import claims
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.usecases.claim_coupons import claim_by_code, claim_coupon, expire_coupons
from mingchi.usecases.edit_coupons import add_coupon, close_coupon, grant_coupon

LATER = NOW + timedelta(days=40)


def claimed(coupon: Coupon, buyer: Member, now: datetime = NOW) -> MemberCoupon:
    made = claim_coupon(member_id=buyer.pk, coupon_id=coupon.pk, now=now)
    return MemberCoupon.objects.get(pk=made)


def keep(buyer: Member, *own: MemberCoupon, key: str = "checkout:1", now: datetime = NOW) -> None:
    with transaction.atomic():
        claims.lock(
            member_id=buyer.pk, saved_fen={one.pk: 100 + one.pk for one in own}, key=key, now=now
        )


def states(*own: MemberCoupon) -> list[str]:
    for one in own:
        one.refresh_from_db()
    return [one.state for one in own]


def test_from_claim_to_use_and_back(shop: Shop) -> None:
    buyer = member()
    mine, other = (claimed(offered(shop), buyer) for _ in range(2))
    assert (mine.good_until, mine.nth) == (ENDS, 1)
    keep(buyer, mine)
    assert states(mine, other) == ["locked", "claimed"]
    assert mine.saved_fen == 100 + mine.pk
    with pytest.raises(DomainError, match="coupon_not_usable"):
        keep(buyer, other, mine, key="checkout:2")
    assert states(mine, other) == ["locked", "claimed"]  # all or none
    assert (claims.use(key="checkout:1", now=NOW), claims.use(key="checkout:1", now=NOW)) == (1, 0)
    assert states(mine) == ["used"]
    assert claims.give_back(key="checkout:1", now=NOW) == 1
    assert states(mine) == ["claimed"]
    assert (mine.saved_fen, mine.locked_for, mine.used_at) == (0, "", None)
    assert claims.give_back(key="checkout:1", now=NOW) == 0
    keep(buyer, mine, key="checkout:3")


def test_what_was_kept_too_long_comes_back_expired(shop: Shop) -> None:
    buyer = member()
    mine, idle = (claimed(offered(shop), buyer) for _ in range(2))
    keep(buyer, mine)
    assert expire_coupons(now=LATER) == 1
    assert states(mine, idle) == ["locked", "expired"]  # an order keeps it
    claims.give_back(key="checkout:1", now=LATER)
    assert states(mine) == ["expired"]


def test_who_may_not_keep_it(shop: Shop) -> None:
    buyer, stranger = member(), member()
    mine = claimed(offered(shop), buyer)
    for who, now in ((stranger, NOW), (buyer, ENDS), (buyer, LATER)):
        with pytest.raises(DomainError, match="coupon_not_usable"):
            keep(who, mine, now=now)
    assert states(mine) == ["claimed"]


def test_days_run_from_the_claim_even_beyond_the_last_day(shop: Shop) -> None:
    coupon = offered(shop, valid_days=7)
    when = ENDS - timedelta(hours=1)
    assert claimed(coupon, member(), when).good_until == when + timedelta(days=7)


def test_why_there_is_none(shop: Shop) -> None:
    buyer = member()

    def refused(coupon: Coupon, now: datetime = NOW, who: Member = buyer) -> str:
        with pytest.raises(DomainError) as caught:
            claimed(coupon, who, now)
        return caught.value.code

    coupon = offered(shop, total=2)
    claimed(coupon, buyer)
    assert refused(coupon) == "coupon_limit"
    coupon.refresh_from_db()
    assert coupon.taken == 1  # a refusal takes none
    claimed(coupon, member())
    assert refused(coupon, who=member()) == "coupons_gone"
    assert refused(offered(shop), NOW - timedelta(seconds=1)) == "coupon_over"
    assert refused(offered(shop), ENDS) == "coupon_over"
    closed = offered(shop)
    held = claimed(closed, buyer)
    close_coupon(by=shop.owner, coupon_id=closed.pk, reason="enough")
    assert refused(closed, who=member()) == "coupon_over"
    keep(buyer, held)  # those in members' hands stay good
    draft = add_coupon(by=shop.owner, merchant_id=None, data=stated())
    assert refused(Coupon.objects.get(pk=draft)) == "coupon_over"
    assert refused(offered(shop, channel="code", code="WELCOME1")) == "not_found"
    assert refused(offered(shop, channel="grant")) == "not_found"


def test_new_members_have_never_bought(shop: Shop) -> None:
    coupon, old, new = offered(shop, new_members_only=True), member(), member()
    paid(old, sku(shop.merchant))
    with pytest.raises(DomainError, match="new_members_only"):
        claimed(coupon, old)
    claimed(coupon, new)


def test_by_code_however_it_is_spelt(shop: Shop) -> None:
    offered(shop, channel="code", code="tea2026", per_member=2)
    buyer = member()
    for code in ("TEA2026", " tea2026 "):
        claim_by_code(member_id=buyer.pk, code=code, now=NOW)
    with pytest.raises(DomainError, match="coupon_limit"):
        claim_by_code(member_id=buyer.pk, code="Tea2026", now=NOW)
    with pytest.raises(DomainError, match="code_unknown"):
        claim_by_code(member_id=buyer.pk, code="TEA2027", now=NOW)
    add_coupon(by=shop.owner, merchant_id=None, data=stated(channel="code", code="DRAFT1"))
    with pytest.raises(DomainError, match="code_unknown"):
        claim_by_code(member_id=buyer.pk, code="DRAFT1", now=NOW)


def test_granted_to_all_or_to_none(shop: Shop) -> None:
    coupon, buyers = offered(shop, channel="grant"), [member() for _ in range(3)]
    service = staff("service")

    def grant(*keys: int) -> int:
        return grant_coupon(
            by=service, coupon_id=coupon.pk, member_ids=keys, now=NOW, reason="sorry"
        )

    assert grant(buyers[0].pk, buyers[1].pk, buyers[0].pk) == 2
    with pytest.raises(DomainError) as caught:
        grant(buyers[2].pk, buyers[1].pk)
    assert (caught.value.code, caught.value.details) == (
        "coupon_limit",
        {"member_id": buyers[1].pk},
    )
    with pytest.raises(DomainError) as caught:
        grant(buyers[2].pk, 10**9)
    assert caught.value.status == 404
    assert not MemberCoupon.objects.filter(member=buyers[2]).exists()
    coupon.refresh_from_db()
    assert coupon.taken == 2
    with pytest.raises(DomainError, match="coupon_not_granted"):
        grant_coupon(
            by=service,
            coupon_id=offered(shop).pk,
            member_ids=[buyers[0].pk],
            now=NOW,
            reason="-",
        )


@pytest.mark.django_db(transaction=True)
def test_the_last_one_is_claimed_once_by_64_at_once(shop: Shop) -> None:
    coupon = offered(shop, total=3)
    Coupon.objects.filter(pk=coupon.pk).update(taken=2)
    buyers = Member.objects.bulk_create(
        Member(phone=f"137{n:08d}", name="Li", invitation_code=f"C{n}", joined_at=NOW)
        for n in range(64)
    )
    answers = at_once(
        [partial(claim_coupon, member_id=b.pk, coupon_id=coupon.pk, now=NOW) for b in buyers]
    )
    refused = [found.code for found in answers if isinstance(found, DomainError)]
    assert refused == ["coupons_gone"] * 63
    coupon.refresh_from_db()
    assert (coupon.taken, MemberCoupon.objects.filter(coupon=coupon).count()) == (3, 1)


@pytest.mark.django_db(transaction=True)
def test_one_member_asks_eight_times_at_once(shop: Shop) -> None:
    coupon, buyer = offered(shop, per_member=2), member()
    call = partial(claim_coupon, member_id=buyer.pk, coupon_id=coupon.pk, now=NOW)
    answers = at_once([call] * 8)
    refused = [found.code for found in answers if isinstance(found, DomainError)]
    assert refused == ["coupon_limit"] * 6
    coupon.refresh_from_db()
    assert coupon.taken == 2


@pytest.mark.django_db(transaction=True)
def test_one_coupon_is_kept_for_one_of_eight_orders(shop: Shop) -> None:
    buyer = member()
    mine = claimed(offered(shop), buyer)
    answers = at_once([partial(keep, buyer, mine, key=f"checkout:{n}") for n in range(8)])
    assert len([found for found in answers if isinstance(found, DomainError)]) == 7
    assert states(mine) == ["locked"]


@pytest.mark.parametrize(
    "values",
    [
        {"state": "locked"},
        {"state": "used"},
        {"saved_fen": 1},
        {"locked_for": "checkout:1"},
        {"state": "locked", "locked_for": "checkout:1", "used_at": NOW},
    ],
)
def test_the_table_refuses_what_cannot_be(shop: Shop, values: dict[str, object]) -> None:
    mine = claimed(offered(shop), member())
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberCoupon.objects.filter(pk=mine.pk).update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.filter(pk=mine.coupon_id).update(taken=101)
