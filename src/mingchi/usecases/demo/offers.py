"""What the demo shop charges for sending, and its coupons; some members have claimed some."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from mingchi.foundation.errors import ConflictError
from mingchi.pricing.models import Coupon
from mingchi.pricing.shipping import Fee, Rule
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.demo.world import World
from mingchi.usecases.edit_coupons import (
    CouponData,
    accept_coupon,
    add_coupon,
    grant_coupon,
    open_coupon,
)
from mingchi.usecases.edit_shipping import TemplateData, add_template

FAR: Final = ("54", "63", "65")  # 西藏、青海、新疆
NEAR: Final = ("31", "32", "33")  # 江浙沪
OVERSEAS: Final = ("71", "81", "82")
CLAIMS: Final = 40


def offer(world: World, merchants: list[int]) -> None:
    """Templates and coupons of both merchants and of the platform."""
    tea, food = merchants
    _templates(world, tea, food)
    _coupons(world, tea, food)


def plan_claims(world: World) -> None:
    """Members claim coupons now and then; customer service grants a few."""
    for number in range(CLAIMS):
        # Without chance: whoever looks at the demo's figures finds them as they were before.
        at = world.day(20 + 69 * (37 * number % CLAIMS) / CLAIMS)
        world.calendar.at(at, partial(_claim, world, number))
    world.calendar.at(world.day(80), partial(_grant, world))


def _fee(first: tuple[int, int], more: tuple[int, int], **free: int) -> Fee:
    return Fee(
        first_units=first[0],
        first_fen=first[1],
        additional_units=more[0],
        additional_fen=more[1],
        **free,
    )


def _templates(world: World, tea: int, food: int) -> None:
    by = world.staff["operator"]
    away = Rule(prefixes=OVERSEAS, fee=None)
    by_piece = TemplateData(
        name="按件 满 99 元包邮",
        unit="piece",
        default=_fee((1, 1000), (1, 200), free_from_fen=9_900),
        rules=[
            Rule(prefixes=NEAR, fee=_fee((1, 600), (1, 100), free_from_fen=5_900)),
            Rule(prefixes=FAR, fee=_fee((1, 2000), (1, 800), free_from_fen=29_900)),
            away,
        ],
    )
    by_weight = TemplateData(
        name="按重量 粮油",
        unit="weight",
        default=_fee((1000, 800), (1000, 300), free_from_fen=19_900),
        rules=[
            Rule(prefixes=NEAR, fee=_fee((3000, 600), (1000, 150), free_from_fen=9_900)),
            Rule(prefixes=FAR, fee=_fee((1000, 2500), (1000, 1500))),
            away,
        ],
    )
    add_template(by=by, merchant_id=tea, data=by_piece)
    add_template(by=by, merchant_id=food, data=by_weight)


def _coupons(world: World, tea: int, food: int) -> None:
    drawn: tuple[tuple[int | None, dict[str, Any]], ...] = (
        (tea, {"name": "茶事满 200 减 30", "kind": "threshold", "off_fen": 3_000,
               "min_spend_fen": 20_000, "total": 500, "per_member": 2}),
        (food, {"name": "粮油 9 折券", "kind": "percentage", "off_ppm": 100_000,
                "cap_fen": 2_000, "total": 300}),
        (tea, {"name": "茶事免运费", "kind": "free_shipping", "cap_fen": 2_000, "total": 200,
               "valid_days": 15}),
        (None, {"name": "新会员立减 10 元", "kind": "fixed", "off_fen": 1_000, "total": 900,
                "new_members_only": True, "valid_days": 30}),
        (None, {"name": "平台满 300 减 40", "kind": "threshold", "off_fen": 4_000,
                "min_spend_fen": 30_000, "total": 200}),
        (None, {"name": "暗号券 MINGCHI8", "kind": "fixed", "off_fen": 800, "total": 500,
                "channel": "code", "code": "MINGCHI8"}),
        (None, {"name": "客服致歉券", "kind": "fixed", "off_fen": 500, "total": 1000,
                "channel": "grant", "per_member": 5, "valid_days": 60}),
    )  # fmt: skip
    for merchant_id, stated in drawn:
        key = _add(world, merchant_id, stated)
        state = open_coupon(by=world.staff["operator"], coupon_id=key, now=world.start)
        if state == Coupon.State.ASKED:
            manager = world.staff["tea-manager" if merchant_id == tea else "food-manager"]
            accept_coupon(by=manager, coupon_id=key, approve=True, now=world.start)
    _add(world, None, {"name": "周年庆 8 折（草稿）", "kind": "percentage", "off_ppm": 200_000,
                       "cap_fen": 5_000, "min_spend_fen": 10_000, "total": 100})  # fmt: skip
    much = {"name": "双十二满 500 减 80", "kind": "threshold", "off_fen": 8_000,
            "min_spend_fen": 50_000, "total": 2000}  # fmt: skip
    asked = _add(world, None, much)
    open_coupon(by=world.staff["operator"], coupon_id=asked, now=world.start, reason="双十二大促")


def _add(world: World, merchant_id: int | None, stated: dict[str, Any]) -> int:
    data = CouponData(
        starts_at=world.start - timedelta(days=1), ends_at=world.end + timedelta(days=30), **stated
    )
    return add_coupon(by=world.staff["operator"], merchant_id=merchant_id, data=data, is_demo=True)


def _claim(world: World, number: int, when: datetime) -> None:
    """Some member takes some coupon of the centre; who has it already leaves it."""
    centre = Coupon.objects.filter(state="open", channel="centre", new_members_only=False)
    keys = list(centre.order_by("pk").values_list("pk", flat=True))
    buyer = world.buyers[number % 2 if number < 4 else 7 * number % len(world.buyers)]
    try:
        claim_coupon(member_id=buyer.member_id, coupon_id=keys[number % len(keys)], now=when)
    except ConflictError as error:
        if error.code != "coupon_limit":
            raise


def _grant(world: World, when: datetime) -> None:
    coupon = Coupon.objects.get(channel="grant", is_demo=True)
    grant_coupon(
        by=world.staff["service"],
        coupon_id=coupon.pk,
        member_ids=[buyer.member_id for buyer in world.buyers[:3]],
        now=when,
        reason="发货延迟致歉",
    )
