"""What the work desk is answered with."""

from datetime import datetime

from ninja import Field, Schema

from mingchi.foundation.models import User
from mingchi.fulfilment.work import ONE
from mingchi.usecases import rights
from mingchi.usecases.desk import words
from mingchi.usecases.desk.about import Goods
from mingchi.usecases.desk.details import Case, Details, Parcel
from mingchi.usecases.desk.queue import Entry


class OutcomeOut(Schema):
    """One way an item can end; the first of a step is its assent."""

    code: str
    label: str


class BallotOut(Schema):
    who: str
    outcome: str
    is_mine: bool


class GoodsOut(Schema):
    code: str
    title: str
    units: int
    place: str


class ItemOut(Schema):
    """A row of the desk. `number`: what people scan; `hold`: why nothing goes on; `repair`: what
    went wrong; `may_decide`: it has outcomes, else it can only be tried again."""

    id: int
    merchant_id: int
    merchant: str
    kind: str
    number: str
    order_id: int | None
    order_number: str
    buyer: str = Field(description="masked")
    step: str
    title: str
    role: str
    role_name: str
    quorum: str
    is_vote: bool
    is_mine: bool
    assignee: str
    opened_at: datetime
    due_at: datetime | None
    hold: str
    repair: str
    may_decide: bool
    outcomes: list[OutcomeOut]
    ballots: list[BallotOut]
    total_fen: int
    units: int
    goods: list[GoodsOut]
    places: list[str]


class DeskParcelOut(Schema):
    id: int
    number: str
    state: str
    place: str
    weight_g: int | None
    carrier: str
    tracking_number: str
    may_prepare: bool


class DeskCaseOut(Schema):
    kind: str
    state: str
    units: int
    amount_fen: int
    replacement: str = Field(description="in exchange; else empty")
    reason: str
    sent_back: str


class DetailsOut(ItemOut):
    """`recipient` is masked and `address` empty where the step does not need them; the phone
    number is masked always."""

    instance_id: int
    payment_method: str
    delivery_method: str
    recipient: str
    phone: str
    address: str
    parcels: list[DeskParcelOut]
    case: DeskCaseOut | None
    may_do: bool
    closed_by: str
    closed_at: datetime | None
    outcome: str


def item_out(entry: Entry, *, by: User) -> ItemOut:
    """A row as this account sees it."""
    item, about, me = entry.item, entry.about, rights.actor(by)
    return ItemOut(
        id=item.pk,
        merchant_id=item.merchant_id,
        merchant=item.merchant.name,
        kind=item.kind,
        number=about.number,
        order_id=about.order_id,
        order_number=about.order_number,
        buyer=about.buyer,
        step=item.step,
        title=words.title(item),
        role=item.role,
        role_name=words.role(item.role),
        quorum=item.quorum,
        is_vote=item.quorum not in ONE,
        is_mine=item.assignee == me,
        assignee=entry.assignee,
        opened_at=item.opened_at,
        due_at=item.due_at,
        hold=entry.hold,
        repair=item.repair,
        may_decide=item.call is None,
        outcomes=_outcomes(item.outcomes),
        ballots=[
            BallotOut(who=one.who, outcome=words.outcome(one.outcome), is_mine=one.actor == me)
            for one in entry.ballots
        ],
        total_fen=about.total_fen,
        units=about.units,
        goods=_goods(about.goods),
        places=about.places,
    )


def details_out(found: Details, *, by: User) -> DetailsOut:
    """An item with all that it needs."""
    row = item_out(found.entry, by=by).model_dump()
    row["goods"] = _goods(found.goods)
    return DetailsOut(
        **row,
        instance_id=found.instance_id,
        payment_method=found.payment_method,
        delivery_method=found.delivery_method,
        recipient=found.recipient,
        phone=found.phone,
        address=found.address,
        parcels=[_parcel(one) for one in found.parcels],
        case=_case(found.case),
        may_do=found.may_do,
        closed_by=found.closed_by,
        closed_at=found.closed_at,
        outcome=words.outcome(found.entry.item.outcome),
    )


def _outcomes(codes: list[str]) -> list[OutcomeOut]:
    """Its outcomes; a step that names none is simply done."""
    return [OutcomeOut(code=code, label=words.outcome(code)) for code in codes or ["done"]]


def _goods(goods: list[Goods] | tuple[Goods, ...]) -> list[GoodsOut]:
    return [
        GoodsOut(code=one.code, title=one.title, units=one.units, place=one.place) for one in goods
    ]


def _parcel(one: Parcel) -> DeskParcelOut:
    return DeskParcelOut(
        id=one.shipment_id,
        number=one.number,
        state=one.state,
        place=one.place,
        weight_g=one.weight_g,
        carrier=one.carrier,
        tracking_number=one.tracking_number,
        may_prepare=one.may_prepare,
    )


def _case(one: Case | None) -> DeskCaseOut | None:
    if one is None:
        return None
    return DeskCaseOut(
        kind=one.kind,
        state=one.state,
        units=one.units,
        amount_fen=one.amount_fen,
        reason=one.reason,
        replacement=one.replacement,
        sent_back=one.sent_back,
    )
