"""Staff and worker keep the shop going: appointments, redemptions, withdrawals, closes, a plan."""

from datetime import datetime, timedelta
from functools import partial

from django.db.models import F

from mingchi.foundation.errors import ConflictError
from mingchi.ledger import accounts, sealing
from mingchi.ledger.models import AccountBalance
from mingchi.orders.models import Order, OrderLine
from mingchi.rebates import queries
from mingchi.rebates.models import Position
from mingchi.usecases import run_flows
from mingchi.usecases.appoint import appoint_agent, appoint_shareholder, set_rank
from mingchi.usecases.cancel_order import cancel_unpaid
from mingchi.usecases.close_period import ask_close, decide_close
from mingchi.usecases.demo.world import World
from mingchi.usecases.open_platform import baseline
from mingchi.usecases.pay_refunds import pay_settled_refunds
from mingchi.usecases.publish_plan import activate_due_plans, ask_plan, decide_plan, draft_plan
from mingchi.usecases.redeem_points import redeem_points
from mingchi.usecases.refund_order import ask_refund
from mingchi.usecases.send_notifications import send_notifications
from mingchi.usecases.subsidise import ask_subsidy, decide_subsidy
from mingchi.usecases.withdraw import decide_withdrawal, pay_withdrawal, request_withdrawal

LEAST_REDEEMED_UPT = 1_000_000
LEAST_WITHDRAWN_FEN = 2000


def plan_running(world: World) -> None:
    """The worker's rounds, and what staff do on which day."""
    for day in range(0, 90, world.size.days_between_rounds):
        world.calendar.at(world.day(day + 0.99), partial(_round, world))
    for number in range(world.size.redemptions):
        at = world.day(14 + 75.5 * world.chance.random())
        world.calendar.at(at, partial(_redeem, world, number))
    for number in range(world.size.withdrawals):
        at = world.day(20 + 69.8 * world.chance.random())
        world.calendar.at(at, partial(_withdraw, world, number))
    world.calendar.at(world.day(2), lambda at: _appoint(world))
    world.calendar.at(world.day(30.2), lambda at: _close(world, 1))
    world.calendar.at(world.day(60.2), lambda at: _close(world, 2))
    world.calendar.at(world.day(50), lambda at: _subsidise(world))
    world.calendar.at(world.day(55), partial(_new_plan, world))
    world.calendar.at(world.day(89.6), partial(_leave_work, world))


def _round(world: World, when: datetime) -> None:
    """What the worker does in a day, and the settler after it."""
    cancel_unpaid(now=when)
    run_flows.work_off(now=when)
    send_notifications(now=when)
    activate_due_plans(now=when)
    world.settle(when)
    if pay_settled_refunds(now=when):
        world.settle(when)
    sealing.seal_cash()


def _appoint(world: World) -> None:
    by, members = world.staff["operator"], [buyer.member_id for buyer in world.buyers]
    for place, rank in ((0, "V3"), (1, "V2"), (2, "V2"), (4, "V1"), (7, "V1")):
        set_rank(by=by, member_id=members[place], rank=rank, reason="开业伙伴")
    for place, region in ((0, "33"), (2, "3301"), (3, "330106"), (5, "310115"), (6, "4401")):
        appoint_agent(by=by, member_id=members[place], region=region)
    for place, weight in ((0, 50), (1, 30), (5, 20)):
        appoint_shareholder(by=by, member_id=members[place], weight=weight)


def _redeem(world: World, number: int, when: datetime) -> None:
    """Somebody who holds points redeems some, now and then all of them."""
    share = world.chance.choice((10, 20, 25, 40, 50, 100))
    holders = Position.objects.filter(held_upt__gte=LEAST_REDEEMED_UPT).order_by("id")
    members = list(holders.values_list("member_id", flat=True))
    if not members:
        return
    member_id = world.chance.choice(members)
    held_upt = queries.holding(member_id)
    redeem_points(
        member_id=member_id,
        points_upt="all" if share == 100 else held_upt * share // 100,
        idempotency_key=world.key("redeem", number),
        now=when,
        wait_s=0,
    )
    world.settle(when)


def _withdraw(world: World, number: int, when: datetime) -> None:
    """Finance decide a day later and pay two days later; what is asked last waits."""
    approve = world.chance.random() < 0.9
    withdrawal_id = _ask_withdrawal(world, number, when)
    if withdrawal_id is None:
        return
    at = world.later(when, 6, 30)
    world.calendar.at(at, partial(_decide, world, withdrawal_id, approve))


def _ask_withdrawal(world: World, number: int, when: datetime) -> int | None:
    left = F("balance_fen") - F("reserved_fen")
    wallets = AccountBalance.objects.annotate(left=left, kind=F("account") % 100)
    full = wallets.filter(kind=accounts.WALLET, left__gte=LEAST_WITHDRAWN_FEN).order_by("account")
    found = list(full.values_list("account", "left"))
    if not found:
        return None
    account, left_fen = world.chance.choice(found)
    return request_withdrawal(
        member_id=accounts.owner_of(account),
        amount_fen=left_fen // 1000 * 1000,
        idempotency_key=world.key("withdraw", number),
        now=when,
    ).withdrawal_id


def _decide(world: World, withdrawal_id: int, approve: bool, when: datetime) -> None:
    by = world.staff["finance"]
    reason = "" if approve else "收款账户姓名不一致"
    try:
        decide_withdrawal(
            by=by, withdrawal_id=withdrawal_id, approve=approve, now=when, reason=reason
        )
    except ConflictError as error:
        if error.code != "wallet_in_debt":
            raise
        decide_withdrawal(by=by, withdrawal_id=withdrawal_id, approve=False, now=when)
        return
    if approve:
        world.calendar.at(
            world.later(when, 6, 40),
            partial(_pay, world, withdrawal_id),
        )


def _pay(world: World, withdrawal_id: int, when: datetime) -> None:
    pay_withdrawal(by=world.staff["finance"], withdrawal_id=withdrawal_id, now=when)


def _close(world: World, number: int) -> None:
    proposal_id = ask_close(by=world.staff["operator"], period=f"第 {number} 期", reason="月度结算")
    decide_close(by=world.staff["finance"], proposal_id=proposal_id, approve=True)


def _subsidise(world: World) -> None:
    proposal_id = ask_subsidy(
        by=world.staff["operator"], amount_fen=100_000, reason="开业五十天活动补贴"
    )
    decide_subsidy(by=world.staff["finance"], proposal_id=proposal_id, approve=True)


def _new_plan(world: World, when: datetime) -> None:
    """A lower fee, announced a week ahead."""
    by = world.staff["operator"]
    toml = baseline().replace('name = "baseline"', 'name = "下调手续费"')
    toml = toml.replace('redeem_fee = "20%"', 'redeem_fee = "15%"')
    version_id = draft_plan(by=by, toml=toml)
    proposal_id = ask_plan(
        by=by,
        version_id=version_id,
        active_from=when + timedelta(days=8),
        now=when,
        reason="提高会员到账金额",
    )
    decide_plan(by=world.staff["compliance"], proposal_id=proposal_id, approve=True, now=when)


def _leave_work(world: World, when: datetime) -> None:
    """Something for a visitor to decide, and a draft to look at."""
    by = world.staff["operator"]
    _ask_withdrawal(world, world.size.withdrawals, when)
    settled = Order.objects.filter(state=Order.State.COMPLETED, refunds=None).order_by("-id")
    for order in settled[:2]:
        line = OrderLine.objects.filter(order=order).order_by("position")[0]
        ask_refund(
            by=world.staff["service"],
            order_id=order.pk,
            line_id=line.pk,
            amount_fen=min(line.price_fen, line.goods_fen),
            reason="会员来电：商品有瑕疵",
            idempotency_key=world.key("last-refund", order.pk),
            now=when,
        )
    ask_subsidy(by=by, amount_fen=80_000, reason="周年庆活动补贴")
    ask_close(by=by, period="第 3 期", reason="月度结算")
    toml = baseline().replace('name = "baseline"', 'name = "试验：三级积分"')
    draft_plan(by=by, toml=toml.replace('grant = "70%"', 'grant = "60%"'))
