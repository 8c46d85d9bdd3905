"""Templates of orders and of parcels."""

from typing import Final

from mingchi.usecases.templates.drawing import (
    Block,
    Branch,
    Choice,
    Events,
    Name,
    Part,
    Task,
    Template,
    Wait,
)

COD: Final = 'payment_method == "cod"'
WINDOW: Final = "P7D"
ELSE: Final = Name("否则", "else")


def until_paid(wait: str) -> tuple[Block, ...]:
    """The money comes in, or the order is given up; money that came at the last moment counts."""
    give_up = (
        Task(step="order.expire", id="give_up"),
        Choice(
            name=Name("其间已付？", "Paid meanwhile?"),
            branches=(
                Branch(name=Name("已付款", "paid"), condition='outcome == "paid"', to="capture"),
                Branch(name=Name("已取消", "given up"), ends=True),
            ),
        ),
    )
    return (
        Events(
            name=Name("等待付款", "Wait for payment"),
            branches=(
                Branch(name=Name("已付款", "Paid"), message="paid"),
                Branch(name=Name("超时未付", "Not paid in time"), duration=wait, to="give_up"),
                Branch(
                    name=Name("买家取消", "The buyer cancels"),
                    message="cancel",
                    blocks=give_up,
                    ends=True,
                ),
            ),
        ),
        Task(step="payment.capture", id="capture"),
    )


def paid_or_at_the_door(wait: str = "PT30M") -> tuple[Block, ...]:
    """Cash on delivery goes on at once."""
    return (
        Choice(
            name=Name("货到付款？", "Cash on delivery?"),
            branches=(
                Branch(name=Name("货到付款", "yes"), condition=COD),
                Branch(name=ELSE, blocks=until_paid(wait)),
            ),
        ),
    )


GIVE_MONEY_BACK: Final[tuple[Block, ...]] = (
    Task(step="payment.refund"),
    Task(step="stock.release"),
    Task(step="member.notify"),
)
GIVE_UP: Final[tuple[Block, ...]] = (
    Choice(
        name=Name("货到付款？", "Cash on delivery?"),
        branches=(
            Branch(
                name=Name("货到付款", "yes"),
                condition=COD,
                blocks=(Task(step="order.cancel"),),
                ends=True,
            ),
            Branch(name=ELSE, blocks=GIVE_MONEY_BACK, ends=True),
        ),
    ),
)


def prepared(*before: Block, give_up: tuple[Block, ...] = GIVE_UP) -> Part:
    """Picked and packed; until the parcel leaves, the buyer may cancel."""
    return Part(
        name=Name("备货", "Stock preparation"),
        blocks=(
            *before,
            Task(step="warehouse.allocate"),
            Task(step="shipment.pick", role="warehouse", due="P1D"),
            Task(step="shipment.pack", role="warehouse", due="P1D"),
            Task(step="shipment.print_slip"),
        ),
        catch=(
            Branch(
                name=Name("买家取消", "The buyer cancels"),
                message="cancel",
                blocks=give_up,
                ends=True,
            ),
        ),
    )


SENT: Final[tuple[Block, ...]] = (
    Task(step="shipment.create", role="warehouse", due="P1D"),
    Task(step="shipment.hand_over", role="warehouse", due="P1D"),
    Task(step="member.notify"),
)
RECEIVED: Final[tuple[Block, ...]] = (
    Task(
        step="order.receive",
        role="buyer",
        catch=(
            Branch(
                name=Name("超时自动收货", "Counts as received"),
                duration="P15D",
                blocks=(Task(step="order.receive"),),
            ),
        ),
    ),
)
COLLECTED: Final[tuple[Block, ...]] = (
    Choice(
        name=Name("货到付款？", "Cash on delivery?"),
        branches=(
            Branch(
                name=Name("货到付款", "yes"),
                condition=COD,
                blocks=(Task(step="payment.collect", role="finance", due="P3D"),),
            ),
            Branch(name=ELSE),
        ),
    ),
)
COMPLETED: Final[tuple[Block, ...]] = (
    Wait(duration=WINDOW, name=Name("退货期", "Return window")),
    Task(step="order.try_close_window", id="close_window"),
    Choice(
        name=Name("退货期已过？", "Is the window over?"),
        branches=(
            Branch(
                name=Name("未到期", "not yet"),
                condition='outcome == "open"',
                blocks=(Wait(duration="P1D", name=Name("再等一天", "Another day")),),
                to="close_window",
            ),
            Branch(name=ELSE),
        ),
    ),
    Task(step="order.try_complete", id="complete"),
    Choice(
        name=Name("可以完成？", "Completed?"),
        branches=(
            Branch(
                name=Name("售后进行中", "after-sales are open"),
                condition='outcome == "waiting"',
                blocks=(Wait(duration="P1D", name=Name("等待售后", "Wait for after-sales")),),
                to="complete",
            ),
            Branch(
                name=Name("已全额退款", "refunded in full"),
                condition='outcome == "refunded"',
                blocks=(Task(step="payment.refund"),),
                ends=True,
            ),
            Branch(name=ELSE),
        ),
    ),
)


def reviewed(
    rejected: tuple[Block, ...], *, step: str = "order.review", role: str = "service"
) -> tuple[Block, ...]:
    """Somebody says yes; after a no the order is given up."""
    return (
        Task(step=step, role=role, due="P1D"),
        Choice(
            name=Name("通过？", "Approved?"),
            branches=(
                Branch(
                    name=Name("拒绝", "rejected"),
                    condition='outcome == "rejected"',
                    blocks=rejected,
                    ends=True,
                ),
                Branch(name=ELSE),
            ),
        ),
    )


STANDARD: Final = Template(
    key="standard",
    kind="order",
    name=Name("标准流程", "Standard"),
    about=Name(
        "付款（或货到付款）后备货、发货、收货，退货期满完成。",
        "Paid (or cash on delivery), prepared, sent, received; completed after the return window.",
    ),
    blocks=(*paid_or_at_the_door(), prepared(), *SENT, *RECEIVED, *COLLECTED, *COMPLETED),
)
REVIEW_FIRST: Final = Template(
    key="review_first",
    kind="order",
    name=Name("先审核", "Review first"),
    about=Name(
        "每单先由客服审核，再备货；拒绝则退款并释放库存。",
        "Each order is reviewed before stock is prepared; a no gives money and stock back.",
    ),
    blocks=(
        *paid_or_at_the_door(),
        *reviewed(GIVE_UP),
        prepared(),
        *SENT,
        *RECEIVED,
        *COLLECTED,
        *COMPLETED,
    ),
)
PREPAYMENT: Final = Template(
    key="prepayment",
    kind="order",
    name=Name("款到发货", "Prepayment"),
    about=Name(
        "三天内付款，财务确认到账后才备货。",
        "Paid within three days; nothing is prepared before finance confirm the money.",
    ),
    blocks=(
        *until_paid("P3D"),
        *reviewed(GIVE_MONEY_BACK, step="finance.confirm", role="finance"),
        prepared(give_up=GIVE_MONEY_BACK),
        *SENT,
        *RECEIVED,
        *COMPLETED,
    ),
)
CASH_ON_DELIVERY: Final = Template(
    key="cash_on_delivery",
    kind="order",
    name=Name("货到付款", "Cash on delivery"),
    about=Name(
        "电话审核后发货，签收后由财务登记代收货款；拒收退回入库并取消。",
        "Reviewed by phone and sent; finance write down the cash. Refused parcels come back.",
    ),
    blocks=(
        Choice(
            name=Name("货到付款？", "Cash on delivery?"),
            branches=(
                Branch(name=Name("货到付款", "yes"), condition=COD),
                Branch(name=ELSE, blocks=(Task(step="order.cancel"),), ends=True),
            ),
        ),
        *reviewed((Task(step="order.cancel"),)),
        prepared(give_up=(Task(step="order.cancel"),)),
        *SENT,
        Task(
            step="shipment.deliver",
            role="warehouse",
            due="P7D",
            catch=(
                Branch(
                    name=Name("拒收", "Refused at the door"),
                    message="refused",
                    blocks=(
                        Task(step="shipment.take_back", role="warehouse"),
                        Task(step="order.cancel"),
                    ),
                    ends=True,
                ),
            ),
        ),
        Task(step="payment.collect", role="finance", due="P3D"),
        Task(step="order.receive"),
        *COMPLETED,
    ),
)
PRE_ORDER: Final = Template(
    key="pre_order",
    kind="order",
    name=Name("预售", "Pre-order"),
    about=Name(
        "先付款，到货后备货；九十天未到货自动退款。",
        "Paid now, prepared when the goods come in; refunded by itself after ninety days.",
    ),
    blocks=(
        *until_paid("PT30M"),
        Events(
            name=Name("等待到货", "Wait for the goods"),
            branches=(
                Branch(name=Name("已到货", "Goods came in"), message="arrived"),
                Branch(
                    name=Name("买家取消", "The buyer cancels"),
                    message="cancel",
                    blocks=GIVE_MONEY_BACK,
                    ends=True,
                ),
                Branch(
                    name=Name("逾期未到货", "Not in time"),
                    duration="P90D",
                    blocks=GIVE_MONEY_BACK,
                    ends=True,
                ),
            ),
        ),
        Task(step="member.notify"),
        prepared(give_up=GIVE_MONEY_BACK),
        *SENT,
        *RECEIVED,
        *COMPLETED,
    ),
)
VIRTUAL: Final = Template(
    key="virtual_goods",
    kind="order",
    name=Name("虚拟商品", "Virtual goods"),
    about=Name(
        "付款后自动发放，无需物流。",
        "Sent by itself once it is paid; nothing is carried.",
    ),
    blocks=(
        *until_paid("PT30M"),
        Task(step="shipment.send_virtual"),
        Task(step="member.notify"),
        Task(step="order.receive"),
        *COMPLETED,
    ),
)
PICK_UP: Final = Template(
    key="pick_up",
    kind="order",
    name=Name("门店自提", "Pick-up in store"),
    about=Name(
        "付款后门店备货，通知买家到店自提；十四天未取自动退款。",
        "Prepared in the store, picked up by the buyer; refunded after fourteen days.",
    ),
    blocks=(
        *until_paid("PT30M"),
        Task(step="shipment.pick", role="clerk", due="PT4H"),
        Task(step="member.notify"),
        Task(
            step="shipment.pick_up",
            role="clerk",
            catch=(
                Branch(
                    name=Name("买家取消", "The buyer cancels"),
                    message="cancel",
                    blocks=GIVE_MONEY_BACK,
                    ends=True,
                ),
                Branch(
                    name=Name("逾期未取", "Not picked up"),
                    duration="P14D",
                    blocks=GIVE_MONEY_BACK,
                    ends=True,
                ),
            ),
        ),
        Task(step="order.receive"),
        *COMPLETED,
    ),
)
TEMPLATES: Final = (
    STANDARD,
    REVIEW_FIRST,
    PREPAYMENT,
    CASH_ON_DELIVERY,
    PRE_ORDER,
    VIRTUAL,
    PICK_UP,
)
