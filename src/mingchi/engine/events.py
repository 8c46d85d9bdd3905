"""The events a programme is made of, and their reading from JSON objects.

An event that is malformed raises EventError, which names the field; whether an event is refused
is decided later, by the programme. The format is described in docs/algorithms/engine.md, "Events".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mingchi.engine.plan import PlanError, plan_from_dict
from mingchi.engine.rules import Plan

AMOUNT_MAX: Final = 10**15
"""The largest amount in fen or micro-points that an event may state."""
QTY_MAX: Final = 10**6
OWN_MERCHANT: Final = "self"
"""The merchant of a line that names none."""

Data = Mapping[str, object]


class EventError(ValueError):
    """Something that is no event. `field` is the path of the field at fault."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}" if field else message)


# Members, orders and their lines are most of what is read: written out, they are made twice as fast
# when compiled as by a generated __init__.


class MemberEvent:
    """A member joins; the event's id is the member's."""

    __slots__ = ("id", "sponsor")

    def __init__(self, event_id: str, sponsor: str | None) -> None:
        self.id = event_id
        self.sponsor = sponsor


@dataclass(slots=True)
class SponsorEvent:
    """A member is bound to another sponsor, or to none."""

    id: str
    member: str
    sponsor: str | None


@dataclass(slots=True)
class PlanEvent:
    """Another plan governs from here on."""

    id: str
    plan: Plan


@dataclass(slots=True)
class RankEvent:
    """A rank is set by hand, up or down, or taken away."""

    id: str
    member: str
    rank: str | None


@dataclass(slots=True)
class AgentEvent:
    """A member becomes the agent of a region, in place of any other."""

    id: str
    member: str
    region: str


@dataclass(slots=True)
class ShareholderEvent:
    """A member's weight in dividends."""

    id: str
    member: str
    weight: int


class Line:
    """A line of an order. Amounts are fen a unit; None: by the plan's rate."""

    __slots__ = ("cost_fen", "distribution_fen", "merchant", "pool_fen", "price_fen", "qty")

    def __init__(
        self,
        price_fen: int,
        qty: int,
        cost_fen: int | None,
        distribution_fen: int | None,
        pool_fen: int | None,
        merchant: str,
    ) -> None:
        self.price_fen = price_fen
        self.qty = qty
        self.cost_fen = cost_fen
        self.distribution_fen = distribution_fen
        self.pool_fen = pool_fen
        self.merchant = merchant


class OrderEvent:
    """A settled order. `region` is a district code of six digits."""

    __slots__ = ("id", "lines", "member", "region")

    def __init__(self, event_id: str, member: str, region: str | None, lines: list[Line]) -> None:
        self.id = event_id
        self.member = member
        self.region = region
        self.lines = lines


@dataclass(slots=True)
class RedeemEvent:
    """Points are redeemed; `points_upt` None: all of them."""

    id: str
    member: str
    points_upt: int | None
    min_net_fen: int | None


@dataclass(slots=True)
class RefundEvent:
    """A part of an order's line is refunded; `line` counts from 0."""

    id: str
    order: str
    line: int | None
    amount_fen: int


@dataclass(slots=True)
class SubsidyEvent:
    """The operator adds money to the pool."""

    id: str
    amount_fen: int


@dataclass(slots=True)
class CloseEvent:
    """A period ends."""

    id: str
    period: str


Event = (
    MemberEvent
    | SponsorEvent
    | PlanEvent
    | RankEvent
    | AgentEvent
    | ShareholderEvent
    | OrderEvent
    | RedeemEvent
    | RefundEvent
    | SubsidyEvent
    | CloseEvent
)


def parse(data: object) -> Event:
    """The event that a JSON object stands for. Raises EventError with the field at fault."""
    if type(data) is not dict:
        raise EventError("", "an event must be a JSON object")
    kind = data.get("type")
    reader = _READERS.get(kind) if type(kind) is str else None
    if reader is None:
        known = f"must be one of {', '.join(_READERS)}"
        raise EventError("type", known if "type" in data else "missing")
    return reader(data)


def _member(data: Data) -> Event:
    return MemberEvent(_text(data, "id"), _text_or_null(data, "sponsor"))


def _sponsor(data: Data) -> Event:
    return SponsorEvent(_text(data, "id"), _text(data, "member"), _text_or_null(data, "sponsor"))


def _plan(data: Data) -> Event:
    event_id = _text(data, "id")
    if "plan" not in data:
        raise EventError("plan", "missing")
    try:
        return PlanEvent(event_id, plan_from_dict(data["plan"]))
    except PlanError as error:
        raise EventError("plan", str(error)) from None


def _rank(data: Data) -> Event:
    return RankEvent(_text(data, "id"), _text(data, "member"), _text_or_null(data, "rank"))


def _agent(data: Data) -> Event:
    event_id, member, region = _text(data, "id"), _text(data, "member"), _text(data, "region")
    if len(region) not in (2, 4, 6) or not _digits(region):
        raise EventError("region", "must be a string of 2, 4 or 6 digits")
    return AgentEvent(event_id, member, region)


def _shareholder(data: Data) -> Event:
    return ShareholderEvent(
        _text(data, "id"), _text(data, "member"), _whole(data, "weight", 0, AMOUNT_MAX)
    )


def _order(data: Data) -> Event:
    get = data.get
    event_id, member, region = get("id"), get("member"), get("region")
    if type(event_id) is not str:
        raise _not_text(data, "id")
    if type(member) is not str:
        raise _not_text(data, "member")
    if region is not None and not (type(region) is str and len(region) == 6 and _digits(region)):
        raise EventError("region", "must be a string of 6 digits, or null")
    items = get("lines")
    if type(items) is not list or not items:
        raise EventError("lines", "must be a list of at least one line")
    lines: list[Line] = []
    try:
        for item in items:
            lines.append(_line(item))
    except EventError as error:
        where = f"lines[{len(lines)}]"
        field = f"{where}.{error.field}" if error.field else where
        raise EventError(field, error.message) from None
    return OrderEvent(event_id, member, region, lines)


def _line(data: object) -> Line:
    """A line of an order; written out, since most of all that is read are lines."""
    if type(data) is not dict:
        raise EventError("", "must be an object")
    get = data.get
    price, qty, merchant = get("price"), get("qty"), get("merchant")
    cost, distribution, pool = get("cost"), get("distribution"), get("pool")
    if type(price) is not int or not 1 <= price <= AMOUNT_MAX:
        raise _not_whole(data, "price", 1, AMOUNT_MAX)
    if type(qty) is not int or not 1 <= qty <= QTY_MAX:
        raise _not_whole(data, "qty", 1, QTY_MAX)
    if cost is not None and (type(cost) is not int or not 0 <= cost <= AMOUNT_MAX):
        raise _not_whole(data, "cost", 0, AMOUNT_MAX)
    if distribution is not None:
        _whole(data, "distribution", 0, AMOUNT_MAX)
    if pool is not None:
        _whole(data, "pool", 0, AMOUNT_MAX)
    if merchant is None:
        merchant = OWN_MERCHANT
    elif type(merchant) is not str:
        raise EventError("merchant", "must be a string or null")
    return Line(price, qty, cost, distribution, pool, merchant)


def _redeem(data: Data) -> Event:
    event_id, member = _text(data, "id"), _text(data, "member")
    if data.get("points") == "all":
        points_upt = None
    elif type(data.get("points")) is str:
        raise EventError("points", 'must be an integer or "all"')
    else:
        points_upt = _whole(data, "points", 1, AMOUNT_MAX)
    return RedeemEvent(event_id, member, points_upt, _whole_or_none(data, "min_net"))


def _refund(data: Data) -> Event:
    return RefundEvent(
        _text(data, "id"),
        _text(data, "order"),
        _whole_or_none(data, "line"),
        _whole(data, "amount", 1, AMOUNT_MAX),
    )


def _subsidy(data: Data) -> Event:
    return SubsidyEvent(_text(data, "id"), _whole(data, "amount", 1, AMOUNT_MAX))


def _close(data: Data) -> Event:
    return CloseEvent(_text(data, "id"), _text(data, "period"))


_READERS: Final[dict[str, Callable[[Data], Event]]] = {
    "member": _member,
    "sponsor": _sponsor,
    "plan": _plan,
    "rank": _rank,
    "agent": _agent,
    "shareholder": _shareholder,
    "order": _order,
    "redeem": _redeem,
    "refund": _refund,
    "subsidy": _subsidy,
    "close": _close,
}


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _text(data: Data, key: str) -> str:
    value = data.get(key)
    if type(value) is str:
        return value
    raise _not_text(data, key)


def _not_text(data: Data, key: str) -> EventError:
    return EventError(key, "must be a string" if key in data else "missing")


def _text_or_null(data: Data, key: str) -> str | None:
    value = data.get(key)
    if type(value) is str or (value is None and key in data):
        return value
    raise EventError(key, "must be a string or null" if key in data else "missing")


def _whole(data: Data, key: str, low: int, high: int) -> int:
    value = data.get(key)
    if type(value) is int and low <= value <= high:  # True and 1.0 are no integers here
        return value
    raise _not_whole(data, key, low, high)


def _not_whole(data: Data, key: str, low: int, high: int) -> EventError:
    wanted = f"must be an integer from {low} to {high}"
    return EventError(key, wanted if key in data else "missing")


def _whole_or_none(data: Data, key: str) -> int | None:
    """An amount from 0, or None where it is null or left out."""
    return None if data.get(key) is None else _whole(data, key, 0, AMOUNT_MAX)
