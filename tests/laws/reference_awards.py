"""The awards of one order (section 5 of the page), written plainly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MILLION = 1_000_000


@dataclass
class Member:
    name: str
    sponsor: str | None
    rank: str | None = None
    ordered: bool = False
    sales: int = 0
    period_sales: int = 0


@dataclass
class Paid:
    """One award; with a ``target`` it waits for the close."""

    member: str
    kind: str
    amount: int
    earner: str = ""
    target: int | None = None


@dataclass
class Met:
    """An upline met on a differential walk, and what it took (None: nothing to take)."""

    member: str
    rank: str | None
    took: int | None


@dataclass
class OrderAwards:
    plan: dict[str, Any]
    members: dict[str, Member]
    agents: dict[str, str]
    goods: int
    budget: int
    paid: list[Paid] = field(default_factory=list)
    walk: list[Met] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = self.budget

    def run(self, buyer: Member, region: str | None) -> None:
        for award in self.plan["awards"]:
            if award["kind"] == "region":
                self.do_region(award, region)
            elif award["kind"] != "dividend":
                getattr(self, "do_" + award["kind"])(award, buyer)

    def pay(self, award: dict[str, Any], member: str, amount: int, earner: str = "") -> int:
        """Pay what is left of the budget allows, and say how much it was."""
        amount = min(amount, self.left)
        self.left -= amount
        if amount:
            self.paid.append(Paid(member, award["kind"], amount, earner, award.get("target")))
        return amount

    def share(self, award: dict[str, Any], ppm: int) -> int:
        base = self.budget if award["base"] == "budget" else self.goods
        return base * ppm // MILLION

    def uplines(self, buyer: Member) -> Iterator[Member]:
        above = buyer.sponsor
        while above is not None:
            yield self.members[above]
            above = self.members[above].sponsor

    def do_direct(self, award: dict[str, Any], buyer: Member) -> None:
        for generation, upline in enumerate(self.uplines(buyer), start=1):
            if generation == 1:
                self.pay(award, upline.name, self.share(award, award["rate"]))

    def do_indirect(self, award: dict[str, Any], buyer: Member) -> None:
        for generation, upline in enumerate(self.uplines(buyer), start=1):
            if generation == 2:
                self.pay(award, upline.name, self.share(award, award["rate"]))

    def do_levels(self, award: dict[str, Any], buyer: Member) -> None:
        for rate, upline in zip(award["rates"], self.uplines(buyer), strict=False):
            self.pay(award, upline.name, self.share(award, rate))

    def do_differential(self, award: dict[str, Any], buyer: Member) -> None:
        rates = {rank["name"]: rank["rate"] for rank in self.plan["ranks"]}
        self.walk = []
        top = 0
        for generation, upline in enumerate(self.uplines(buyer), start=1):
            if award["max_generations"] and generation > award["max_generations"]:
                break
            rank = upline.rank if upline.rank in rates else None
            took = None
            if rank is not None and rates[rank] > top:
                took = self.pay(award, upline.name, self.share(award, rates[rank] - top))
                top = rates[rank]
            self.walk.append(Met(upline.name, rank, took))

    def do_peer(self, award: dict[str, Any], buyer: Member) -> None:
        last = None
        peers = 0
        for met in self.walk:
            if met.took is not None:
                last, peers = met, 0
            elif last is not None and met.rank == last.rank and peers < award["generations"]:
                peers += 1
                amount = last.took * award["rate"] // MILLION
                self.pay(award, met.member, amount, earner=last.member)

    def do_region(self, award: dict[str, Any], region: str | None) -> None:
        if region is None:
            return
        met = 0
        for level, digits in (("district", 6), ("city", 4), ("province", 2)):
            agent = self.agents.get(region[:digits])
            rate = award["rates"][level]
            if agent is None or rate is None:
                continue
            if award["mode"] == "stacked":
                self.pay(award, agent, self.share(award, rate))
            elif rate > met:
                self.pay(award, agent, self.share(award, rate - met))
                met = rate


def team_sales(members: dict[str, Member], which: str) -> dict[str, int]:
    """Own and all descendants' sales of every member, over the tree as it stands."""
    totals = dict.fromkeys(members, 0)
    for member in members.values():
        above: str | None = member.name
        while above is not None:
            totals[above] += getattr(member, which)
            above = members[above].sponsor
    return totals


def promote(members: dict[str, Member], ranks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Raise every member to the highest rank whose stated criteria are met; never lower one."""
    names = [rank["name"] for rank in ranks]
    team = team_sales(members, "sales") if ranks else dict.fromkeys(members, 0)
    direct = dict.fromkeys(members, 0)
    for member in members.values():
        if member.sponsor is not None and member.ordered:
            direct[member.sponsor] += 1
    promotions = []
    for name in sorted(members):
        member = members[name]
        facts = {
            "own_sales": member.sales,
            "team_sales": team[name],
            "direct_members": direct[name],
        }
        now = names.index(member.rank) if member.rank in names else -1
        for index in range(len(ranks) - 1, now, -1):
            stated = [key for key in facts if ranks[index][key] is not None]
            if stated and all(facts[key] >= ranks[index][key] for key in stated):
                member.rank = names[index]
                promotions.append({"member": name, "rank": member.rank})
                break
    return promotions
