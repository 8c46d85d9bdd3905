"""A few after-sales cases of the last days, each at another point of its way."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from mingchi.orders.models import Order, OrderLine
from mingchi.usecases import argue_case, run_flows
from mingchi.usecases.after_sales import Wish, open_case, send_back
from mingchi.usecases.demo.talking import picture_of
from mingchi.usecases.demo.world import World

SEEN: Final = ("not_as_described", "damaged", "quality")
"""Causes that a picture shows."""
Go = Callable[[World, int, int, datetime], None]


def plan_cases(world: World) -> None:
    """On the last day, about what was received lately."""
    world.calendar.at(world.day(89.3), partial(_quarrel, world))


def _quarrel(world: World, when: datetime) -> None:
    run_flows.work_off(now=when)
    received = Order.objects.filter(state=Order.State.RECEIVED, cases=None, is_demo=True)
    found = received.order_by("-pk")
    for (kind, cause, reason, go), order in zip(STORIES, found, strict=False):
        line = OrderLine.objects.filter(order=order).order_by("position")[0]
        if not line.refundable_fen:
            continue
        opened = open_case(
            order_id=order.pk,
            wish=Wish(
                line_id=line.pk,
                kind=kind,
                units=1,
                cause=cause,
                reason=reason,
                image_ids=[picture_of(line, seed=2000 + line.pk)] if cause in SEEN else [],
                amount_fen=0 if kind == "exchange" else min(line.price_fen, line.refundable_fen),
            ),
            idempotency_key=world.key("case", order.pk),
            now=when,
            member_id=order.member_id,
        )
        run_flows.work_off(now=when)
        go(world, opened.case_id, order.member_id, when)
        run_flows.work_off(now=when)


def _wait(world: World, case_id: int, member_id: int, when: datetime) -> None:
    """Nobody has answered yet."""


def _answer(outcome: str, words: str, note: str = "") -> Go:
    def go(world: World, case_id: int, member_id: int, when: datetime) -> None:
        argue_case.answer_case(
            by=world.staff["operator"],
            case_id=case_id,
            outcome=outcome,
            words=words,
            note=note,
            now=when,
        )

    return go


def _appeal(world: World, case_id: int, member_id: int, when: datetime) -> None:
    _answer("declined", "商品已使用，影响二次销售。", "近三个月第二次退货")(
        world, case_id, member_id, when
    )
    argue_case.appeal_case(
        member_id=member_id,
        case_id=case_id,
        words="只拆了外包装，里面没有动过。",
        image_ids=[],
        now=when,
    )


def _send(world: World, case_id: int, member_id: int, when: datetime) -> None:
    _answer("agreed", "同意退货，请寄回。")(world, case_id, member_id, when)
    send_back(
        member_id=member_id,
        case_id=case_id,
        carrier="顺丰速运",
        tracking_number="SF2026000001",
        now=when,
    )


STORIES: Final[tuple[tuple[str, str, str, Go], ...]] = (
    ("return", "not_as_described", "颜色和图片差别很大。", _appeal),
    ("refund_only", "short", "少了一小包。", _wait),
    ("return", "no_reason", "", _send),
    ("exchange", "damaged", "收到时盖子碎了。", _answer("more", "请补充一张外箱的照片。")),
    ("refund_only", "quality", "有一袋漏气。", _answer("agreed", "抱歉，已为您退款。")),
    ("return", "wrong_size", "偏小。", _answer("declined", "页面已写明尺寸，且超过退货期限。")),
)
