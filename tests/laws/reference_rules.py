"""The rules of the pool, of orders, refunds and closes (sections 1 to 6), one event at a time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.laws.reference_awards import Member, OrderAwards, promote, team_sales
from tests.laws.reference_books import (
    MILLION,
    Line,
    Order,
    Position,
    Refused,
    Share,
    add,
    percent_up,
    spread,
)


@dataclass
class Reference:
    """A programme under one plan after another."""

    plan: dict[str, Any]
    pool: int = 0
    supply: int = 0
    platform: int = 0
    period_share: int = 0
    refund_loss: int = 0
    seen: set[str] = field(default_factory=set)
    members: dict[str, Member] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    positions: dict[str, list[Position]] = field(default_factory=dict)
    opened: int = 0
    triggers: list[tuple[Fraction, int, Position]] = field(default_factory=list)
    waiting: list[Share] = field(default_factory=list)
    wallets: dict[str, int] = field(default_factory=dict)
    merchants: dict[str, int] = field(default_factory=dict)
    errors: int = 0

    def __post_init__(self) -> None:
        self.last = (self.plan["points"]["opening_price"], 100 * MILLION)

    # --- one event ----------------------------------------------------------------------------

    def apply(self, event: dict[str, Any]) -> dict[str, Any]:
        """Take one event (read by ``read_event``) and give its answer."""
        if event["id"] in self.seen:
            return {"id": event["id"], "duplicate": True}
        self.seen.add(event["id"])
        try:
            answer = getattr(self, "do_" + event["type"])(event) or {}
        except Refused as refused:
            self.errors += 1
            return {"id": event["id"], "error": str(refused)}
        if event["type"] in ("order", "redeem", "refund", "subsidy", "close"):
            answer["exits"] = self.exits()
        if self.supply == 0:
            self.to_platform(self.pool)
            self.pool = 0
        assert (self.supply == 0) == (self.pool == 0)
        return {"id": event["id"], **answer, **self.standing()}

    def standing(self) -> dict[str, Any]:
        p, s = self.ratio()
        price = 10_000 * MILLION * p // s
        text = f"{price // MILLION}.{price % MILLION:06d}"
        return {"pool": self.pool, "supply": self.supply, "price": text}

    def summary(self) -> dict[str, Any]:
        points: dict[str, int] = {}
        for member, positions in self.positions.items():
            add(points, member, sum(position.held for position in positions))
        named = {"wallets": self.wallets, "points": points, "merchants": self.merchants}
        return {
            "summary": True,
            **self.standing(),
            **{name: {k: v for k, v in of.items() if v} for name, of in named.items()},
            "platform": self.platform,
            "refund_loss": self.refund_loss,
            "waiting": sum(share.amount - share.taken for share in self.waiting),
            "events": len(self.seen),
            "errors": self.errors,
        }

    def member(self, name: str) -> Member:
        if name not in self.members:
            raise Refused("unknown member")
        return self.members[name]

    # --- pool ---------------------------------------------------------------------------------

    def ratio(self) -> tuple[int, int]:
        return (self.pool, self.supply) if self.supply else self.last

    def move(self, fen: int, upt: int) -> None:
        """One step of pool and supply; the price must not fall."""
        before = self.ratio()
        self.last = before
        self.pool += fen
        self.supply += upt
        after = self.ratio()
        assert self.pool >= 0
        assert self.supply >= 0
        assert after[0] * before[1] >= before[0] * after[1], "the price fell"

    def to_platform(self, fen: int) -> None:
        self.platform += fen
        self.period_share += fen

    def quote(self, upt: int, fee_ppm: int) -> tuple[int, int, int]:
        gross = upt * self.pool // self.supply
        fee = percent_up(gross, fee_ppm)
        return gross, fee, gross - fee

    # --- people -------------------------------------------------------------------------------

    def do_member(self, event: dict[str, Any]) -> None:
        sponsor = event["sponsor"]
        if sponsor is not None and sponsor not in self.members:
            raise Refused("unknown sponsor")
        self.members[event["id"]] = Member(event["id"], sponsor)

    def do_sponsor(self, event: dict[str, Any]) -> None:
        member = self.member(event["member"])
        sponsor = event["sponsor"]
        if sponsor is not None:
            if sponsor not in self.members:
                raise Refused("unknown sponsor")
            above = sponsor
            while above is not None:
                if above == member.name:
                    raise Refused("sponsor loop")
                above = self.members[above].sponsor
        member.sponsor = sponsor

    def do_plan(self, event: dict[str, Any]) -> None:
        self.plan = event["plan"]

    def do_rank(self, event: dict[str, Any]) -> None:
        member = self.member(event["member"])
        known = [rank["name"] for rank in self.plan["ranks"]]
        if event["rank"] is not None and event["rank"] not in known:
            raise Refused("unknown rank")
        member.rank = event["rank"]

    def do_agent(self, event: dict[str, Any]) -> None:
        self.agents[event["region"]] = self.member(event["member"]).name

    def do_shareholder(self, event: dict[str, Any]) -> None:
        self.weights[self.member(event["member"]).name] = event["weight"]

    # --- order --------------------------------------------------------------------------------

    def read_line(self, line: dict[str, Any]) -> Line:
        amount = line["price"] * line["qty"]

        def part(name: str) -> int:
            if line.get(name) is not None:
                return line[name] * line["qty"]
            return amount * self.plan["split"][name] // MILLION

        merchant = line.get("merchant")
        merchant = "self" if merchant is None else merchant
        return Line(amount, part("cost"), part("distribution"), part("pool"), merchant)

    def do_order(self, event: dict[str, Any]) -> dict[str, Any]:
        buyer = self.member(event["member"])
        lines = [self.read_line(line) for line in event["lines"]]
        if any(line.cost + line.budget + line.contribution > line.amount for line in lines):
            raise Refused("split exceeds price")
        goods = sum(line.amount for line in lines)
        budget = sum(line.budget for line in lines)
        contribution = sum(line.contribution for line in lines)

        for line in lines:
            add(self.merchants, line.merchant, line.cost)
        awards = OrderAwards(self.plan, self.members, self.agents, goods, budget)
        awards.run(buyer, event.get("region"))
        shares = []
        for paid in awards.paid:
            share = Share(paid.amount, [], "wallet", paid.member)
            if paid.target is not None:
                share = Share(paid.amount, [], "waiting", paid.member, paid.earner, paid.target)
                share.unclaimed = self.plan["split"]["unclaimed"]
                self.waiting.append(share)
            else:
                add(self.wallets, paid.member, paid.amount)
            shares.append(share)
        shares.append(Share(awards.left, [], self.plan["split"]["unclaimed"]))
        for share in shares:
            share.parts = spread(share.amount, [line.budget for line in lines])

        p, s = self.ratio()
        q = contribution * self.plan["points"]["grant"] // MILLION * s // p
        for line, points in zip(
            lines, spread(q, [line.contribution for line in lines]), strict=True
        ):
            line.points = points
        position = self.grant(buyer.name, goods, q) if q else None
        self.move(contribution, q)
        self.to_platform(sum(x.amount - x.cost - x.budget - x.contribution for x in lines))
        self.give_unclaimed(shares[-1].place, awards.left)

        self.orders[event["id"]] = Order(buyer.name, lines, shares, position)
        buyer.ordered = True
        buyer.sales += goods
        buyer.period_sales += goods
        return {
            "grants": [{"member": buyer.name, "points": q}] if q else [],
            "awards": [
                {"member": one.member, "kind": one.kind, "amount": one.amount}
                for one in awards.paid
                if one.target is None
            ],
        }

    def give_unclaimed(self, place: str, fen: int) -> None:
        if place == "pool":
            self.move(fen, 0)
        else:
            self.to_platform(fen)

    def grant(self, member: str, spend: int, upt: int) -> Position:
        terms = self.plan["points"]
        mine = self.positions.setdefault(member, [])
        position = None
        if terms["exit_scope"] == "member":
            for one in mine:
                if one.held > 0 and one.scope == "member":
                    position = one
        if position is None:
            self.opened += 1
            position = Position(
                self.opened,
                member,
                terms["exit_scope"],
                terms["exit_multiple"],
                terms["exit_fee"],
            )
            mine.append(position)
        position.spend += spend
        position.granted += upt
        position.held += upt
        self.watch(position)
        return position

    # --- redemption and exits -----------------------------------------------------------------

    def do_redeem(self, event: dict[str, Any]) -> dict[str, Any]:
        member = self.member(event["member"]).name
        mine = [one for one in self.positions.get(member, []) if one.held > 0]
        held = sum(one.held for one in mine)
        wanted = held if event["points"] == "all" else event["points"]
        if held == 0 or wanted > held:
            raise Refused("insufficient points")
        gross, fee, net = self.quote(wanted, self.plan["points"]["redeem_fee"])
        if event.get("min_net") is not None and net < event["min_net"]:
            raise Refused("below min_net")
        taken, left = [], wanted
        for position in mine:
            taken.append(min(left, position.held))
            left -= taken[-1]
        for position, upt, paid in zip(mine, taken, spread(net, taken), strict=True):
            position.held -= upt
            position.redeemed += upt
            position.paid += paid
        self.move(-net, -wanted)
        add(self.wallets, member, net)
        return {"redemption": {"gross": gross, "fee": fee, "net": net}}

    def watch(self, position: Position) -> None:
        """Queue the position by its trigger; entries that are out of date are dropped later."""
        if position.held > 0 and position.multiple > 0:
            heapq.heappush(self.triggers, (position.trigger(), position.number, position))

    def exits(self) -> list[dict[str, Any]]:
        done = []
        while self.triggers:
            trigger, _, position = self.triggers[0]
            if position.held == 0 or position.trigger() != trigger:
                heapq.heappop(self.triggers)
                continue
            if self.pool * MILLION * trigger.denominator < trigger.numerator * self.supply:
                break
            heapq.heappop(self.triggers)
            upt = position.held
            gross, fee, net = self.quote(upt, position.exit_fee)
            position.held = 0
            position.redeemed += upt
            position.paid += net
            self.move(-net, -upt)
            add(self.wallets, position.member, net)
            exit_ = {"member": position.member, "points": upt}
            done.append({**exit_, "gross": gross, "fee": fee, "net": net})
        return done

    def do_subsidy(self, event: dict[str, Any]) -> None:
        if self.supply == 0:
            raise Refused("no supply")
        self.move(event["amount"], 0)

    # --- refund -------------------------------------------------------------------------------

    def do_refund(self, event: dict[str, Any]) -> dict[str, Any]:
        if event["order"] not in self.orders:
            raise Refused("unknown order")
        order, refund = self.orders[event["order"]], event["amount"]
        index = order.refunded_line(event.get("line"), refund)
        line = order.lines[index]
        x, burned, returned, loss = self.refund_pool(order, line, refund)
        given_back = x
        cost = line.step(line.cost, refund)
        add(self.merchants, line.merchant, -cost)
        given_back += cost
        for share in order.shares:
            step = line.step(share.parts[index], refund)
            share.taken += step
            if share.place in ("wallet", "waiting"):
                given_back += step
            if share.place == "wallet":
                add(self.wallets, share.member, -step)
            if share.place == "pool":
                loss += step
        self.to_platform(given_back - refund)
        self.refund_loss += loss
        line.refunded += refund
        buyer = self.members[order.member]
        buyer.sales -= refund
        buyer.period_sales -= refund
        return {"refund": {"pool": x, "burned": burned, "returned": returned, "loss": loss}}

    def refund_pool(self, order: Order, line: Line, refund: int) -> tuple[int, int, int, int]:
        """Steps 1 to 3: what the pool gives back, points burned, fen returned, the shortfall."""
        da = line.step(line.contribution, refund)
        dq = line.step(line.points, refund)
        position = order.position
        if position is None:
            return 0, 0, 0, da
        b = min(position.held, dq)
        u = min(dq - b, position.redeemed)
        c = position.paid * u // position.redeemed if u else 0
        x = min(da, c + (b * self.pool // self.supply if b else 0))
        position.paid -= c
        position.redeemed -= u
        add(self.wallets, order.member, -c)
        position.held -= b
        self.move(c - x, -b)
        if position.held > 0:
            position.spend -= refund
            position.granted -= dq
            self.watch(position)
        return x, b, c, da - x

    # --- close --------------------------------------------------------------------------------

    def do_close(self, event: dict[str, Any]) -> dict[str, Any]:
        awards = self.pay_waiting() + self.pay_dividends()
        for member in self.members.values():
            member.period_sales = 0
        self.period_share = 0
        return {"awards": awards, "promotions": promote(self.members, self.plan["ranks"])}

    def pay_waiting(self) -> list[dict[str, Any]]:
        team = team_sales(self.members, "period_sales") if self.waiting else {}
        paid = []
        for share in self.waiting:
            amount = share.amount - share.taken
            if team[share.earner] >= share.target:
                share.place = "wallet"
                add(self.wallets, share.member, amount)
                if amount:
                    paid.append({"member": share.member, "kind": "peer", "amount": amount})
            else:
                share.place = share.unclaimed
                self.give_unclaimed(share.place, amount)
        self.waiting = []
        return paid

    def pay_dividends(self) -> list[dict[str, Any]]:
        paid = []
        total_weight = sum(self.weights.values())
        for award in self.plan["awards"]:
            if award["kind"] == "dividend" and total_weight > 0:
                whole = max(0, self.period_share) * award["rate"] // MILLION
                for member in sorted(self.weights):
                    amount = whole * self.weights[member] // total_weight
                    if amount:
                        self.platform -= amount
                        add(self.wallets, member, amount)
                        paid.append({"member": member, "kind": "dividend", "amount": amount})
        return paid
