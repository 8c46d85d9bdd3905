"""Templates of after-sales cases. The merchant answers in two days, or it counts as agreed; against
a no the buyer may appeal to the platform."""

from typing import Final

from django.conf import settings

from mingchi.usecases.templates.drawing import (
    Block,
    Branch,
    Choice,
    Events,
    Name,
    Task,
    Template,
)

# The one limit to send goods back; `orders.cases` tells the buyer of it, and no drawing is shorter.
SEND_BACK: Final = f"P{settings.SEND_BACK_WITHIN_DAYS}D"
ELSE: Final = Name("否则", "else")
CLOSED: Final[tuple[Block, ...]] = (
    Task(step="case.close"),
    Task(step="member.notify"),
)
TOLD: Final[tuple[Block, ...]] = (Task(step="member.notify"),)


def appealable(arbitrate: str, *then: Block) -> tuple[Block, ...]:
    """Against a no the buyer may appeal for a week; then the platform decides, and for the buyer
    the flow goes on."""
    ruled = Choice(
        name=Name("仲裁结果", "The ruling"),
        branches=(
            Branch(
                name=Name("支持商家", "for the merchant"),
                condition='outcome == "for_merchant"',
                blocks=TOLD,
                ends=True,
            ),
            Branch(name=Name("支持买家", "for the buyer"), blocks=then),
        ),
    )
    return (
        *TOLD,
        Events(
            name=Name("等待申诉", "Wait for an appeal"),
            branches=(
                Branch(
                    name=Name("买家申诉", "The buyer appeals"),
                    message="appealed",
                    blocks=(Task(step=arbitrate, role="arbiter", due="P3D"), ruled),
                ),
                Branch(
                    name=Name("逾期未申诉", "No appeal in time"),
                    duration="P7D",
                    blocks=(Task(step="case.let_stand"), *TOLD),
                    ends=True,
                ),
            ),
        ),
    )


ASKED: Final[tuple[Block, ...]] = (
    *TOLD,
    Events(
        name=Name("等待补充", "Wait for more"),
        branches=(
            Branch(name=Name("买家已补充", "The buyer says more"), message="supplied", to="answer"),
            Branch(
                name=Name("逾期未补充", "Nothing more in time"),
                duration="P5D",
                blocks=(Task(step="case.withdraw"), *TOLD),
                ends=True,
            ),
        ),
    ),
)
AUTHORISED: Final[tuple[Block, ...]] = (
    Task(
        step="case.answer",
        id="answer",
        role="service",
        due="P1D",
        catch=(
            Branch(
                name=Name("逾期未答复", "Not answered in time"),
                duration="P2D",
                blocks=(Task(step="case.agree_unanswered"),),
            ),
        ),
    ),
    Choice(
        name=Name("商家答复", "The answer"),
        branches=(
            Branch(
                name=Name("要求补充", "more is asked"),
                condition='outcome == "more"',
                blocks=ASKED,
            ),
            Branch(
                name=Name("拒绝", "declined"),
                condition='outcome == "declined"',
                blocks=appealable("case.arbitrate"),
            ),
            Branch(name=ELSE),
        ),
    ),
)
# Goods sent at the last moment have as long again; then they count as back.
LATE: Final = Task(
    step="case.receive_goods",
    role="warehouse",
    catch=(
        Branch(
            name=Name("仍未签收", "Still not received"),
            duration="P10D",
            blocks=(Task(step="case.count_back"),),
        ),
    ),
)
NOT_SENT: Final = Choice(
    name=Name("已寄出？", "On their way?"),
    branches=(
        Branch(
            name=Name("在途", "on their way"),
            condition='outcome == "sent"',
            blocks=(LATE,),
        ),
        Branch(name=Name("未寄回", "not sent"), blocks=TOLD, ends=True),
    ),
)
GOODS_BACK: Final[tuple[Block, ...]] = (
    Task(
        step="case.receive_goods",
        role="warehouse",
        catch=(
            Branch(
                name=Name("买家撤销", "Given up"),
                message="withdrawn",
                blocks=(Task(step="case.withdraw"),),
                ends=True,
            ),
            Branch(
                name=Name("寄回期限已到", "The days are over"),
                duration=SEND_BACK,
                blocks=(Task(step="case.expire"), NOT_SENT),
            ),
        ),
    ),
    Task(step="case.inspect", role="warehouse", due="P2D"),
    Choice(
        name=Name("质检通过？", "Passed?"),
        branches=(
            Branch(
                name=Name("不通过", "failed"),
                condition='outcome == "failed"',
                # What failed the inspection is not sold again, whoever is right.
                blocks=appealable("case.arbitrate_inspection", Task(step="case.scrap")),
            ),
            Branch(name=ELSE),
        ),
    ),
)
REFUNDED: Final[tuple[Block, ...]] = (Task(step="case.restock"), Task(step="case.refund"))
EXCHANGED: Final[tuple[Block, ...]] = (
    Task(step="case.reserve_exchange"),
    Task(step="case.restock", role="warehouse", due="P2D"),
    Task(step="case.exchange", role="warehouse", due="P2D"),
)

AFTER_SALES: Final = Template(
    key="after_sales",
    kind="return",
    name=Name("标准售后", "Standard after-sales"),
    about=Name(
        "仅退款、退货退款、换货，按售后类型分别处理。",
        "Refund only, return and refund, or exchange, by what the buyer asked.",
    ),
    blocks=(
        *AUTHORISED,
        Choice(
            name=Name("售后类型", "Kind of case"),
            branches=(
                Branch(
                    name=Name("仅退款", "refund only"),
                    condition='case_kind == "refund_only"',
                    blocks=(Task(step="case.refund"), *CLOSED),
                    ends=True,
                ),
                Branch(name=Name("退货或换货", "goods come back")),
            ),
        ),
        *GOODS_BACK,
        Choice(
            name=Name("换货？", "Exchange?"),
            branches=(
                Branch(
                    name=Name("换货", "exchange"),
                    condition='case_kind == "exchange"',
                    blocks=EXCHANGED,
                ),
                Branch(name=Name("退款", "refund"), blocks=REFUNDED),
            ),
        ),
        *CLOSED,
    ),
)
RETURN: Final = Template(
    key="return_and_refund",
    kind="return",
    name=Name("退货退款", "Return and refund"),
    about=Name(
        "同意后买家寄回，签收、质检、入库，再退款。",
        "Authorised, sent back, inspected, put back on the shelf, refunded.",
    ),
    blocks=(*AUTHORISED, *GOODS_BACK, *REFUNDED, *CLOSED),
)
EXCHANGE: Final = Template(
    key="exchange",
    kind="return",
    name=Name("换货", "Exchange"),
    about=Name(
        "同意后买家寄回，质检通过后发出换货。",
        "Authorised, sent back, inspected, the replacement goes out.",
    ),
    blocks=(*AUTHORISED, *GOODS_BACK, *EXCHANGED, *CLOSED),
)
TEMPLATES: Final = (AFTER_SALES, RETURN, EXCHANGE)
