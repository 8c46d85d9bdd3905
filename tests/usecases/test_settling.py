"""From a purchase to money in the wallet, through the real settler."""

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from tests.usecases.shop import (
    LATER,
    NOW,
    Shop,
    at_once,
    completed,
    forward,
    member,
    received,
    settle,
    sku,
    staff,
)
from tests.usecases.test_refunds import approve, ask

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import Proposal
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.members.models import Member
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments.models import PaymentRefund
from mingchi.payouts.models import Redemption
from mingchi.rebates import queries
from mingchi.rebates.models import Event, PlanVersion, SetAside
from mingchi.usecases import open_platform as opening
from mingchi.usecases.appoint import appoint_agent, appoint_shareholder, set_rank
from mingchi.usecases.pay_refunds import pay_settled_refunds
from mingchi.usecases.publish_plan import activate_due_plans, ask_plan, decide_plan, draft_plan
from mingchi.usecases.redeem_points import Redeemed, redeem_points, redemption
from mingchi.usecases.subsidise import ask_subsidy, decide_subsidy

_keys = itertools.count()


def redeem(who: Member, points: int | str, **more: object) -> Redeemed:
    return redeem_points(
        member_id=who.pk,
        points_upt=points,  # type: ignore[arg-type]
        now=LATER,
        **{"idempotency_key": f"redeem{next(_keys)}", "wait_s": 0, **more},  # type: ignore[arg-type]
    )


def fen(account: int) -> int:
    return balance(account).balance_fen


def wallet(who: Member) -> int:
    return fen(accounts.wallet(who.pk))


@pytest.fixture
def holder(shop: Shop) -> Member:
    """A member with the points of the first order of the worked example: 210 at price 1."""
    buyer = member()
    completed(shop, buyer, sku(shop.merchant))
    settle()
    return buyer


def test_the_worked_example(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    expected = [
        (30_000, 210_000_000, "1.428571"),
        (60_000, 357_000_000, "1.680672"),
        (90_000, 481_950_000, "1.867413"),
    ]
    for pool_fen, supply_upt, price in expected:
        completed(shop, buyer, tea)
        settle()
        found = queries.standing()
        assert (found.pool_fen, found.supply_upt, found.price) == (pool_fen, supply_upt, price)
    assert queries.holding(buyer.pk) == 481_950_000
    assert fen(accounts.merchant(shop.merchant.pk)) == 90_000
    assert fen(accounts.order_held()) == 0


def test_awards_go_to_sponsors_ranks_and_agents(shop: Shop) -> None:
    top = member()
    upper = member(top)
    buyer = member(upper)
    agent = member()
    set_rank(by=shop.owner, member_id=upper.pk, rank="V1")
    set_rank(by=shop.owner, member_id=top.pk, rank="V2")
    appoint_agent(by=shop.owner, member_id=agent.pk, region="440305")
    appoint_shareholder(by=shop.owner, member_id=top.pk, weight=1)
    with pytest.raises(DomainError, match="unknown_rank"):
        set_rank(by=shop.owner, member_id=top.pk, rank="V9")
    with pytest.raises(DomainError, match="region_invalid"):
        appoint_agent(by=shop.owner, member_id=agent.pk, region="440")
    order = received(shop, buyer, sku(shop.merchant))
    Order.objects.filter(pk=order.pk).update(region="440305")
    forward(order)
    settle()
    # direct 10 % and differential 2 %; indirect 5 % and differential 4 - 2 %; district 2 %
    assert (wallet(upper), wallet(top), wallet(agent)) == (12_000, 7_000, 2_000)
    assert not SetAside.objects.exists()


def test_a_refund_afterwards_pays_when_it_is_settled(shop: Shop, holder: Member) -> None:
    order = Order.objects.get()
    asked = ask(order, 40_000)
    approve(shop, asked)
    assert pay_settled_refunds(now=LATER) == 0
    assert not PaymentRefund.objects.exists()
    settle()
    assert fen(accounts.refund_pending()) == 40_000
    assert (pay_settled_refunds(now=LATER), pay_settled_refunds(now=LATER)) == (1, 0)
    assert fen(accounts.refund_pending()) == 0
    assert fen(accounts.cash("sandbox")) == -60_000
    assert Refund.objects.get().state == "paid"
    assert Order.objects.get().state == "completed"
    approve(shop, ask(order, 60_000))
    with pytest.raises(DomainError, match="refund_exceeds_line"):
        ask(order, 1)
    settle()
    assert pay_settled_refunds(now=LATER) == 1
    assert Order.objects.get().state == "refunded"
    assert queries.standing().supply_upt == queries.holding(holder.pk) == 0
    assert fen(accounts.cash("sandbox")) == fen(accounts.refund_pending()) == 0
    assert OrderLine.objects.get().refunded_fen == 100_000


@pytest.mark.django_db(transaction=True)
def test_what_another_order_waits_for_holds_up_none(shop: Shop, holder: Member) -> None:
    order = Order.objects.get()
    other = completed(shop, holder, sku(shop.merchant))
    approve(shop, ask(order, 100_000))
    settle()
    approve(shop, ask(other, 1_000))
    assert pay_settled_refunds(now=LATER) == 1
    assert Refund.objects.get(order=other).state == "approved"
    order.refresh_from_db()
    assert order.state == "refunded"


@pytest.mark.django_db(transaction=True)
def test_points_become_money(shop: Shop, holder: Member) -> None:
    quote = queries.quote(holder.pk, 100_000_000)
    asked = redeem(holder, 100_000_000, idempotency_key="k")
    assert (asked.status, asked.net_fen, wallet(holder)) == ("pending", None, 0)
    settle()
    done = redemption(member_id=holder.pk, redemption_id=asked.redemption_id)
    # 100 of 210 points at 300 yuan: 142.85, of which 20 % stay
    assert (done.status, done.gross_fen, done.fee_fen, done.net_fen) == (
        "settled",
        14_285,
        2_857,
        11_428,
    )
    assert done.net_fen == quote.net_fen == wallet(holder)
    # The same key again is the same redemption.
    assert redeem(holder, 100_000_000, idempotency_key="k") == done
    assert Redemption.objects.count() == 1
    with pytest.raises(DomainError) as caught:
        redemption(member_id=member().pk, redemption_id=asked.redemption_id)
    assert caught.value.status == 404


@pytest.mark.django_db(transaction=True)
def test_what_redeeming_refuses(shop: Shop, holder: Member) -> None:
    with pytest.raises(DomainError) as caught:
        redeem(holder, 210_000_001)
    assert (caught.value.code, caught.value.status) == ("insufficient_points", 409)
    assert caught.value.details["held_upt"] == 210_000_000
    for points in (0, -1, 10**16):
        with pytest.raises(DomainError, match="points_invalid"):
            redeem(holder, points)
    with pytest.raises(DomainError, match="insufficient_points"):
        redeem(member(), "all")
    assert not Event.objects.filter(kind="redeem").exists()
    # A net above what the price gives is refused by the engine, and nothing happens.
    asked = redeem(holder, "all", min_net_fen=24_001)
    settle()
    with pytest.raises(DomainError, match="below_min_net"):
        redemption(member_id=holder.pk, redemption_id=asked.redemption_id)
    assert (wallet(holder), queries.holding(holder.pk)) == (0, 210_000_000)


def result_of(who: Member, asked: Redeemed) -> Redeemed:
    return redemption(member_id=who.pk, redemption_id=asked.redemption_id)


@pytest.mark.django_db(transaction=True)
def test_all_of_it_twice_at_once_pays_once(shop: Shop, holder: Member) -> None:
    answers = at_once([lambda: redeem(holder, "all")] * 4)
    asked = [answer for answer in answers if isinstance(answer, Redeemed)]
    settle()
    settled = [
        each
        for each in at_once([lambda a=a: result_of(holder, a) for a in asked])  # type: ignore[misc]
        if isinstance(each, Redeemed)
    ]
    assert [each.net_fen for each in settled] == [24_000]
    assert (wallet(holder), queries.holding(holder.pk)) == (24_000, 0)


def test_subsidies_are_asked_by_one_and_decided_by_another(shop: Shop, holder: Member) -> None:
    asked = ask_subsidy(by=shop.finance, amount_fen=1_000, reason="birthday")
    with pytest.raises(DomainError, match="own_proposal"):
        decide_subsidy(by=shop.finance, proposal_id=asked, approve=True)
    with pytest.raises(DomainError, match="not_allowed"):
        decide_subsidy(by=staff("operator"), proposal_id=asked, approve=True)
    assert decide_subsidy(by=shop.owner, proposal_id=asked, approve=True) == "approved"
    with pytest.raises(DomainError, match="proposal_decided"):
        decide_subsidy(by=staff("owner"), proposal_id=asked, approve=True)
    settle()
    assert queries.standing().pool_fen == 31_000
    assert (fen(accounts.subsidy()), fen(accounts.cash("bank"))) == (0, -1_000)
    refused = ask_subsidy(by=shop.owner, amount_fen=5, reason="x")
    assert decide_subsidy(by=shop.finance, proposal_id=refused, approve=False) == "refused"
    assert Event.objects.filter(kind="subsidy").count() == 1


def test_no_subsidy_while_nobody_holds_points(shop: Shop) -> None:
    asked = ask_subsidy(by=shop.finance, amount_fen=1_000, reason="birthday")
    with pytest.raises(DomainError, match="no_supply"):
        decide_subsidy(by=shop.owner, proposal_id=asked, approve=True)
    assert Proposal.objects.get(pk=asked).state == "asked"
    assert fen(accounts.cash("bank")) == 0


def test_a_plan_is_drawn_up_approved_by_another_and_governs_from_its_date(
    shop: Shop, holder: Member
) -> None:
    text = opening.baseline().replace('grant = "70%"', 'grant = "50%"')
    faulty = draft_plan(by=shop.owner, toml=text.replace("50%", "500%"))
    date = NOW + timedelta(days=1)
    with pytest.raises(DomainError) as caught:
        ask_plan(by=shop.owner, version_id=faulty, active_from=date, now=NOW)
    assert (caught.value.code, caught.value.field) == ("bad_plan", "points.grant")
    draft = draft_plan(by=shop.owner, toml=text)
    with pytest.raises(DomainError, match="date_too_early"):
        ask_plan(by=shop.owner, version_id=draft, active_from=NOW - timedelta(days=1), now=NOW)
    asked = ask_plan(by=shop.owner, version_id=draft, active_from=date, now=NOW)
    with pytest.raises(DomainError, match="plan_not_draft"):
        ask_plan(by=shop.owner, version_id=draft, active_from=date, now=NOW)
    with pytest.raises(DomainError, match="own_proposal"):
        decide_plan(by=shop.owner, proposal_id=asked, approve=True, now=NOW)
    assert (
        decide_plan(by=staff("compliance"), proposal_id=asked, approve=True, now=NOW) == "approved"
    )
    assert not Event.objects.filter(kind="plan").exists()
    assert (activate_due_plans(now=date), activate_due_plans(now=date)) == (1, 0)
    settle()
    assert PlanVersion.objects.get(state="active").pk == draft
    assert PlanVersion.objects.get(number=1).state == "retired"
    completed(shop, holder, sku(shop.merchant))
    settle()
    # 150 yuan at 1.428571
    assert queries.holding(holder.pk) == 315_000_000


def test_opening_twice_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    again = opening.open_platform()
    assert not again.created
    assert opening.open_platform(plan_toml=opening.baseline()) == again
    with pytest.raises(DomainError, match="platform_open"):
        opening.open_platform(plan_toml="other")
    assert PlanVersion.objects.count() == 1
