"""Templates of after-sales cases."""

from typing import Final

from mingchi.usecases.templates.drawing import Block, Branch, Choice, Name, Task, Template

ELSE: Final = Name("否则", "else")
CLOSED: Final[tuple[Block, ...]] = (
    Task(step="case.close"),
    Task(step="member.notify"),
)
AUTHORISED: Final[tuple[Block, ...]] = (
    Task(step="case.authorise", role="service", due="P2D"),
    Choice(
        name=Name("同意？", "Approved?"),
        branches=(
            Branch(
                name=Name("拒绝", "refused"),
                condition='outcome == "refused"',
                blocks=(Task(step="member.notify"),),
                ends=True,
            ),
            Branch(name=ELSE),
        ),
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
                name=Name("逾期未寄回", "Not sent back in time"),
                duration="P15D",
                blocks=(Task(step="case.withdraw"), Task(step="member.notify")),
                ends=True,
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
                blocks=CLOSED,
                ends=True,
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
