"""Templates as plain lists of steps, which the list editor opens as they are.

A list knows no deadlines and no second thoughts: an order that is not paid in time, or that its
buyer gives up, is cancelled as a whole, which undoes what was done. So after-sales, where the buyer
may appeal, is no list.
"""

from dataclasses import dataclass
from typing import Final

from mingchi.flows import REGISTRY, Kind
from mingchi.flows.listing import Item, graph_of
from mingchi.flows.writing import write_flow
from mingchi.usecases.templates.drawing import Language, Name

COD: Final = 'payment_method == "cod"'
ONLINE: Final = 'payment_method != "cod"'


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the list: a registered step (a person's, with a role), a message or a time."""

    step: str | None = None
    role: str | None = None
    due: str | None = None
    message: str | None = None
    duration: str | None = None
    name: Name | None = None
    condition: str | None = None
    assent: str | None = None
    otherwise: "tuple[Line, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class ListTemplate:
    """A list that merchants start from."""

    key: str
    kind: str
    name: Name
    about: Name
    lines: tuple[Line, ...]


def draw_list(template: ListTemplate, language: Language = "zh") -> bytes:
    """The list as a BPMN file; `flows.listing.items_of` gives it back."""
    taken: set[str] = set()
    items = [_item(line, language, taken) for line in template.lines]
    return write_flow(graph_of(items, key=template.key, name=_say(template.name, language)))


def _item(line: Line, language: Language, taken: set[str]) -> Item:
    if line.step is not None:
        name = line.name or Name(*REGISTRY[line.step].title)
        kind = Kind.USER if line.role else Kind.SERVICE
        wanted = line.step.split(".")[1]
    else:
        assert line.name is not None, "a wait has a name"
        name = line.name
        kind = Kind.MESSAGE if line.message else Kind.TIMER
        wanted = line.message or "wait"
    node_id = next(x for n in range(1, 100) if (x := f"{wanted}_{n}") not in taken)
    taken.add(node_id)
    return Item(
        id=node_id,
        kind=kind,
        name=_say(name, language),
        step=line.step,
        role=line.role,
        due=line.due,
        duration=line.duration,
        message=line.message,
        condition=line.condition,
        assent=line.assent,
        otherwise=tuple(_item(each, language, taken) for each in line.otherwise),
    )


def _say(name: Name, language: Language) -> str:
    return name.zh if language == "zh" else name.en


PAID: Final = (
    Line(message="paid", name=Name("等待付款", "Wait for payment"), condition=ONLINE),
    Line(step="payment.capture", condition=ONLINE),
)
GIVEN_BACK: Final = (
    Line(step="payment.refund", condition=ONLINE),
    Line(step="stock.release", condition=ONLINE),
    Line(step="order.cancel", condition=COD),
)

# A list has no way back: what is not on the shelf ends the order, with a word to the buyer.
SHORT: Final = (*GIVEN_BACK, Line(step="member.notify"))
PREPARED_AND_SENT: Final = (
    Line(step="warehouse.allocate"),
    Line(step="shipment.pick", role="warehouse", due="P1D", assent="done", otherwise=SHORT),
    Line(step="shipment.pack", role="warehouse", due="P1D"),
    Line(step="shipment.create", role="warehouse", due="P1D"),
    Line(step="shipment.hand_over", role="warehouse", due="P1D"),
)
RECEIVED_AND_COMPLETED: Final = (
    Line(step="order.receive", role="buyer"),
    Line(step="payment.collect", role="finance", due="P3D", condition=COD),
    Line(duration="P7D", name=Name("退货期", "Return window")),
    Line(step="order.close_window"),
    Line(step="order.complete"),
)
STANDARD: Final = ListTemplate(
    key="list_standard",
    kind="order",
    name=Name("标准清单", "Standard list"),
    about=Name(
        "标准流程的步骤清单，可在清单编辑器中修改。", "The standard flow as a list of steps."
    ),
    lines=(*PAID, *PREPARED_AND_SENT, *RECEIVED_AND_COMPLETED),
)
REVIEW_FIRST: Final = ListTemplate(
    key="list_review_first",
    kind="order",
    name=Name("先审核清单", "Review-first list"),
    about=Name("先审核再备货；拒绝则退款。", "Reviewed before stock is prepared; a no gives back."),
    lines=(
        *PAID,
        Line(
            step="order.review",
            role="service",
            due="P1D",
            assent="approved",
            otherwise=GIVEN_BACK,
        ),
        *PREPARED_AND_SENT,
        *RECEIVED_AND_COMPLETED,
    ),
)
FINANCE_AFTER: Final = ListTemplate(
    key="list_finance_after",
    kind="order",
    name=Name("发货后财务确认清单", "Finance-after-shipping list"),
    about=Name(
        "先发货，财务在完成前确认。", "Sent first; finance confirm before the order completes."
    ),
    lines=(
        *PAID,
        *PREPARED_AND_SENT,
        *RECEIVED_AND_COMPLETED[:2],
        Line(step="finance.confirm", role="finance", due="P3D"),
        *RECEIVED_AND_COMPLETED[2:],
    ),
)
TEMPLATES: Final = (STANDARD, REVIEW_FIRST, FINANCE_AFTER)
