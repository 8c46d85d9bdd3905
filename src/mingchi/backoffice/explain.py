"""Entries, events and awards in words: whose account, which rule, what came of it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import display
from mingchi.ledger import accounts, rules
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import CashEntry, Entry, StatementLine
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, Refund
from mingchi.payouts.models import Redemption
from mingchi.rebates import awards, ids, queries
from mingchi.rebates.models import Event, PlanVersion

ACCOUNTS = {
    "order_held": _("orders not settled yet"),
    "awards_waiting": _("awards that wait for the close"),
    "withdrawal_pending": _("withdrawals on their way"),
    "refund_pending": _("refunds on their way"),
    "gateway_fee": _("gateway fees"),
    "shipping": _("shipping"),
    "cash": _("cash"),
    "merchant": _("merchant"),
    "wallet": _("wallet"),
    "pool": _("pool"),
    "platform": _("platform"),
    "subsidy": _("subsidies"),
    "tax_withheld": _("tax withheld"),
    "refund_loss": _("loss by refunds"),
    "coupon_cost": _("coupons of the platform"),
    "points": _("points"),
    "points_issued": _("points issued"),
}
PLACES = {"bank": _("bank"), **display.GATEWAYS}
RULES = {
    "sale": _("sale"),
    "cost": _("cost"),
    "contribution": _("contribution to the pool"),
    "platform": _("platform's share"),
    "unclaimed": _("unclaimed distribution"),
    "grant": _("points granted"),
    "leftover": _("rest of an empty pool"),
    "redeem": _("redemption"),
    "exit": _("exit"),
    "subsidy": _("subsidy"),
    "refund": _("refund"),
    "burn": _("points taken back"),
    "return": _("returned to the pool"),
    "loss": _("loss by a refund"),
    "direct": _("direct award"),
    "indirect": _("indirect award"),
    "levels": _("award by levels"),
    "differential": _("differential award"),
    "peer": _("peer award"),
    "region": _("regional award"),
    "dividend": _("dividend"),
}
EVENTS = {
    "member": _("member"),
    "sponsor": _("sponsor bound anew"),
    "plan": _("plan"),
    "rank": _("rank set"),
    "agent": _("agent appointed"),
    "shareholder": _("shareholder"),
    "order": _("order"),
    "redeem": _("redemption"),
    "refund": _("refund"),
    "subsidy": _("subsidy"),
    "close": _("close"),
}
CASH = {
    "payment": _("payment"),
    "refund": _("refund"),
    "refund_before_settlement": _("refund before settlement"),
    "withdrawal_approved": _("withdrawal approved"),
    "withdrawal_paid": _("withdrawal paid"),
    "withdrawal_failed": _("withdrawal came back"),
    "subsidy": _("subsidy"),
}
STATUS = {
    "settled": _("settled"),
    "refused": _("refused"),
    "set_aside": _("set aside"),
    "pending": _("waiting"),
}
_THINGS: dict[str, type[Any]] = {
    "member": Member,
    "order": Order,
    "refund": Refund,
    "redeem": Redemption,
    "plan": PlanVersion,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of an event. `net_fen` of a redemption only."""

    status: str
    entry_id: int | None = None
    net_fen: int | None = None
    error: str = ""

    @property
    def label(self) -> Any:
        """The status in words."""
        return STATUS[self.status]


def rule(code: int) -> str:
    """A posting's rule, with the order line where there are several."""
    name = str(RULES.get(rules.name(code), rules.name(code)))
    line = rules.line(code)
    return name + str(_(" · line %(number)s") % {"number": line + 1}) if line else name


def amount(account: int, value: int) -> str:
    """In the account's own unit."""
    if accounts.holds_points(account):
        return display.points(value) + str(_(" points"))
    return in_yuan(value)


def in_yuan(fen: int) -> str:
    """With the unit."""
    return display.yuan(fen) + str(_(" yuan"))


def account_name(account: int, names: dict[int, str] | None = None) -> Any:
    """`wallet · m17`, as a link where there is a page."""
    kind, owner = accounts.kind_of(account), accounts.owner_of(account)
    label = str(ACCOUNTS.get(accounts.NAMES.get(kind, ""), accounts.name(account)))
    if kind in (accounts.WALLET, accounts.POINTS):
        return display.link_to(Member, owner, f"{label} · m{owner}")
    if kind == accounts.MERCHANT:
        name = (names or {}).get(owner, str(owner))
        return display.link_to(Merchant, owner, f"{label} · {name}")
    if kind == accounts.CASH:
        place = accounts.name(account).partition(":")[2]
        return f"{label} · {PLACES.get(place, place)}"
    return label


def postings(entry: Entry | CashEntry) -> list[list[Any]]:
    """Rows of account, rule, amount; the rule only where the journal has one."""
    names = merchant_names(entry.accounts)
    codes = getattr(entry, "rules", [None] * len(entry.accounts))
    return [
        [account_name(account, names), "" if code is None else rule(code), amount(account, value)]
        for account, value, code in zip(entry.accounts, entry.amounts, codes, strict=True)
    ]


def merchant_names(numbers: Iterable[int]) -> dict[int, str]:
    """Names of the merchants among these accounts."""
    keys = {accounts.owner_of(n) for n in numbers if accounts.kind_of(n) == accounts.MERCHANT}
    return dict(Merchant.objects.filter(pk__in=keys).values_list("pk", "name")) if keys else {}


def thing(kind: str, key: str) -> Any:
    """The event's own thing, as a link where it has a page."""
    model = _THINGS.get(kind)
    return display.link_to(model, ids.primary_key(key), key) if model else key


def answers(kind: str, keys: Sequence[int]) -> dict[int, Answer]:
    """What became of the events of these rows, in two queries whatever their number."""
    programme = queries.programme()
    events = Event.objects.filter(
        programme=programme, key__in=[ids.key(kind, key) for key in keys]
    ).select_related("setaside")
    found = {ids.primary_key(event.key): event for event in events}
    entries = queries.entries_of([event.pk for event in found.values()])
    return {
        key: _answer(found[key], entries) if key in found else Answer(status="pending")
        for key in keys
    }


def _answer(event: Event, entries: dict[int, Entry]) -> Answer:
    entry = entries.get(event.pk)
    if entry is None:
        aside = getattr(event, "setaside", None)
        return Answer(status="set_aside", error=aside.error) if aside else Answer(status="pending")
    data = json.loads(entry.record)
    if "error" in data:
        return Answer(status="refused", entry_id=entry.pk, error=data["error"])
    redemption = data.get("redemption")
    return Answer(
        status="settled", entry_id=entry.pk, net_fen=redemption[2] if redemption else None
    )


def award_rows(member_id: int, *, limit: int) -> list[list[Any]]:
    """A member's latest awards: kind, order, rule, rate, base, generation, amount."""
    return [
        [
            RULES.get(award.kind, award.kind),
            thing("order", award.order) if award.order else display.NOTHING,
            display.NOTHING if award.rule is None else award.rule + 1,
            display.percent(award.rate_ppm),
            display.yuan(award.base_fen),
            award.generation or display.NOTHING,
            display.yuan(award.amount_fen),
            display.moment(award.at),
        ]
        for award in awards.awards(member_id, limit=limit)
    ]


def line_reason(line: StatementLine) -> str:
    """Why a statement's line moved."""
    return rule(line.rule) if line.entry_id else str(_("cash"))


def line_entry(line: StatementLine) -> Any:
    """The entry behind a statement's line."""
    if line.entry_id:
        return display.link_to(Entry, line.entry_id, f"#{line.entry_id % SPAN}")
    return display.link_to(CashEntry, line.cash_entry_id, f"C{line.cash_entry_id}")
