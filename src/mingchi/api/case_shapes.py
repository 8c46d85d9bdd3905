"""How after-sales cases look to members and to staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api import catalogue_shapes, member_orders
from mingchi.api.catalogue_shapes import PictureOut
from mingchi.api.fields import PRINTABLE, FenFromZero, Id, Input, Line, Pictures, Qty
from mingchi.api.member_orders import ParcelOut
from mingchi.catalogue import queries
from mingchi.catalogue.models import Sku
from mingchi.orders import case_history, case_reasons, replacements
from mingchi.orders.models import AfterSalesCase, CaseEntry, OrderLine
from mingchi.usecases import follow_flow
from mingchi.usecases.argue_case import MOST_WORDS
from mingchi.usecases.follow_flow import case_flow

State, Kind = AfterSalesCase.State, AfterSalesCase.Kind
KindName = Literal["refund_only", "return", "exchange"]
Words = Annotated[str, StringConstraints(max_length=MOST_WORDS, pattern=PRINTABLE)]
Turn = Literal["merchant", "member", "platform", "nobody"]
# Who is next, by state; a case with goods to send back is the member's until they are on their way.
_TURNS: Final[dict[str, Turn]] = {
    State.OPENED: "merchant",
    State.ASKED: "member",
    State.DECLINED: "member",
    State.APPEALED: "platform",
    State.GOODS_BACK: "merchant",
    State.INSPECTED: "merchant",
    State.SETTLED: "platform",
}
_BEFORE_GOODS: Final = (
    State.OPENED,
    State.ASKED,
    State.DECLINED,
    State.APPEALED,
    State.AUTHORISED,
)


class _WishIn(Input):
    kind: KindName
    cause: AfterSalesCase.Cause = Field(
        default=AfterSalesCase.Cause.OTHER, description="one of those of its kind: `…/causes`"
    )
    reason: Line = Field(default="", description="in words; needed for the cause `other`")
    image_ids: Pictures = []


class CaseIn(_WishIn):
    """A refund names an amount; an exchange may name another SKU of the same product and price."""

    order_id: Id
    line_id: Id
    units: Qty
    amount_fen: FenFromZero = 0
    replacement_id: Id | None = None


class WholeCaseIn(_WishIn):
    """All that is left of an order, each line with all its units and all that was paid for it."""

    order_id: Id


class ReplacementOut(Schema):
    """What a line may be exchanged for. `sku_id` is a case's `replacement_id`."""

    sku_id: int
    title: str
    is_bought: bool = Field(description="the article as it was bought")
    stock: Literal["in_stock", "low", "sold_out"]
    left: int | None = Field(description="units left, told where 10 or fewer are")


class OpenedOut(Schema):
    case_id: int
    state: str


class OpenedAllOut(Schema):
    case_ids: list[int] = Field(description="a case for each line, in the lines' order")


class CauseOut(Schema):
    code: str
    name: str


class CausesOut(Schema):
    """Why a case of this kind may be opened."""

    kind: str
    causes: list[CauseOut]


class CaseOut(Schema):
    id: int
    order_id: int
    line_id: int
    article: str
    kind: str
    state: str = Field(
        description="opened, asked, declined, appealed, authorised, goods_back, inspected, "
        "settled; at the end closed, refused or withdrawn"
    )
    units: int
    amount_fen: int
    replacement: str = Field(description="what is wanted in exchange; empty for money back")
    cause: str
    reason: str
    answer: str = Field(description="what the merchant said last")
    ruling: str = Field(description="what the platform decided, in words")
    opened_at: datetime
    turn: Turn = Field(description="who is next")
    due_at: datetime | None = Field(
        description="until when: a merchant that has not answered then has agreed, a no without "
        "an appeal stands, a member asked for more has given it up; null: no limit"
    )
    return_by: datetime | None = Field(
        description="until when the goods are to be sent back, once it is agreed"
    )
    carrier: str
    tracking_number: str


class CaseEntryOut(Schema):
    """One thing that happened. `by`: member, merchant, platform, or system."""

    act: str
    name: str = Field(description="the act in the reader's language")
    by: str
    words: str = Field(description="plain text, as it was written")
    pictures: list[PictureOut]
    at: datetime


class CaseDetailOut(CaseOut):
    may: list[Literal["say", "withdraw", "appeal", "send_back"]] = Field(
        description="what the member may do now"
    )
    parcels: list[ParcelOut] = Field(description="what was packed in exchange")
    history: list[CaseEntryOut] = Field(description="the first thing first")


class StaffCaseEntryOut(CaseEntryOut):
    actor: str
    note: str = Field(description="for staff only")


class StaffCaseOut(CaseOut):
    merchant_id: int
    opened_by: str
    decided_by: str
    arbitrated_by: str


class StaffCaseDetailOut(StaffCaseOut):
    history: list[StaffCaseEntryOut]


def causes() -> list[CausesOut]:
    """By kind, in the reader's language."""
    return [
        CausesOut(
            kind=str(kind),
            causes=[CauseOut(code=cause.value, name=str(cause.label)) for cause in allowed],
        )
        for kind, allowed in case_reasons.CAUSES.items()
    ]


def replacements_of(line: OrderLine) -> list[ReplacementOut]:
    """What the line may be exchanged for."""
    return [_replacement(line, sku) for sku in replacements.offered(line)]


def due(cases: Sequence[AfterSalesCase]) -> dict[int, datetime]:
    """Until when their flows wait, by case; one query however many."""
    flows = {case_flow(case.pk).subject: case.pk for case in cases}
    kind = case_flow(0).kind
    return {flows[subject]: at for subject, at in follow_flow.deadlines(kind, list(flows)).items()}


def case(found: AfterSalesCase, due_at: datetime | None) -> CaseOut:
    """A case with its line."""
    return CaseOut(
        id=found.pk,
        order_id=found.order_id,
        line_id=found.line_id,
        article=found.line.title,
        kind=found.kind,
        state=found.state,
        units=found.units,
        amount_fen=found.amount_fen,
        replacement=replacements.article(found),
        cause=found.cause,
        reason=found.reason,
        answer=found.answer,
        ruling=found.ruling,
        opened_at=found.opened_at,
        turn=_turn(found),
        due_at=due_at,
        return_by=found.return_by,
        carrier=found.carrier,
        tracking_number=found.tracking_number,
    )


def case_in_detail(found: AfterSalesCase) -> CaseDetailOut:
    """As its member sees it."""
    history = case_history.of(found, for_staff=False)
    return CaseDetailOut(
        **case(found, due([found]).get(found.pk)).model_dump(),
        may=_may(found),
        parcels=member_orders.parcels_of_case(found),
        history=[_entry(row) for row in history],
    )


def staff_case(found: AfterSalesCase, due_at: datetime | None) -> StaffCaseOut:
    """A case with its line and order, for staff."""
    return StaffCaseOut(
        **case(found, due_at).model_dump(),
        merchant_id=found.order.merchant_id,
        opened_by=found.opened_by,
        decided_by=found.decided_by,
        arbitrated_by=found.arbitrated_by,
    )


def staff_case_in_detail(found: AfterSalesCase) -> StaffCaseDetailOut:
    """With the notes of staff."""
    history = case_history.of(found, for_staff=True)
    return StaffCaseDetailOut(
        **staff_case(found, due([found]).get(found.pk)).model_dump(),
        history=[
            StaffCaseEntryOut(**_entry(row).model_dump(), actor=row.actor, note=row.note)
            for row in history
        ],
    )


def _replacement(line: OrderLine, sku: Sku) -> ReplacementOut:
    stock = queries.stock_of(sku.available)
    return ReplacementOut(
        sku_id=sku.pk,
        title=sku.title or sku.article,
        is_bought=sku.pk == line.sku_id,
        stock=stock.state,
        left=stock.left,
    )


def _entry(row: CaseEntry) -> CaseEntryOut:
    return CaseEntryOut(
        act=row.act,
        name=str(row.get_act_display()),
        by=row.side,
        words=row.words,
        pictures=catalogue_shapes.pictures(each.image for each in row.pictures.all()),
        at=row.at,
    )


def _turn(found: AfterSalesCase) -> Turn:
    if found.state == State.AUTHORISED:
        goods = found.kind != Kind.REFUND_ONLY
        return "member" if goods and not found.tracking_number else "merchant"
    if found.state == State.INSPECTED and not found.passed:
        return "member"
    return _TURNS.get(found.state, "nobody")


def _may(found: AfterSalesCase) -> list[Literal["say", "withdraw", "appeal", "send_back"]]:
    may: list[Literal["say", "withdraw", "appeal", "send_back"]] = []
    if found.state in _TURNS or found.state == State.AUTHORISED:
        may.append("say")
    if found.state in _BEFORE_GOODS and found.goods_back_at is None:
        may.append("withdraw")
    failed = found.state == State.INSPECTED and not found.passed
    if found.state == State.DECLINED or failed:
        may.append("appeal")
    if found.state == State.AUTHORISED and found.kind != Kind.REFUND_ONLY:
        may.append("send_back")
    return may
