"""Templates of orders and of parcels."""

from typing import Final

from mingchi.usecases.templates.drawing import Branch, Choice, Events, Name, Task, Template
from mingchi.usecases.templates.parts import (
    COD,
    COLLECTED,
    COMPLETED,
    ELSE,
    GIVE_MONEY_BACK,
    GIVE_UP,
    GIVEN_UP,
    PICK_AGAIN,
    RECEIVED,
    SENT,
    buyer_cancels,
    paid_or_at_the_door,
    picked,
    prepared,
    reviewed,
    until_paid,
)

STANDARD: Final = Template(
    key="standard",
    kind="order",
    name=Name("标准流程", "Standard"),
    about=Name(
        "付款（或货到付款）后备货、发货、收货，退货期满完成。",
        "Paid (or cash on delivery), prepared, sent, received; completed after the return window.",
    ),
    blocks=(*paid_or_at_the_door(), *prepared(), *SENT, *RECEIVED, *COLLECTED, *COMPLETED),
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
        *prepared(),
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
        *prepared(give_up=GIVE_MONEY_BACK),
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
        *prepared(give_up=(Task(step="order.cancel"),)),
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
                buyer_cancels(GIVE_MONEY_BACK),
                Branch(
                    name=Name("逾期未到货", "Not in time"),
                    duration="P90D",
                    blocks=GIVE_MONEY_BACK,
                    ends=True,
                ),
            ),
        ),
        Task(step="member.notify"),
        *prepared(give_up=GIVE_MONEY_BACK),
        *SENT,
        *RECEIVED,
        *COMPLETED,
    ),
)
NEGOTIATED: Final = Template(
    key="negotiated_price",
    kind="order",
    name=Name("大单议价", "Negotiated price"),
    about=Name(
        "一千元以上的订单先由店长决定改价申请，再付款；其余按标准流程。",
        "From ¥1000 on, price changes that were asked are decided before payment.",
    ),
    blocks=(
        Choice(
            name=Name("可议价？", "Is it negotiated?"),
            branches=(
                Branch(
                    name=Name("满一千元", "from ¥1000"),
                    condition="amount_fen >= 100000",
                    blocks=(Task(step="order.approve_price", role="manager", due="P1D"),),
                ),
                Branch(name=ELSE),
            ),
        ),
        *paid_or_at_the_door("P1D"),
        *prepared(),
        *SENT,
        *RECEIVED,
        *COLLECTED,
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
        *picked(
            role="clerk",
            due="PT4H",
            again=PICK_AGAIN,
            given_up=Branch(
                name=Name("放弃", "given up"),
                condition=GIVEN_UP,
                blocks=GIVE_MONEY_BACK,
                ends=True,
            ),
        ),
        Task(step="member.notify"),
        Task(
            step="shipment.pick_up",
            role="clerk",
            catch=(
                buyer_cancels(GIVE_MONEY_BACK),
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
    NEGOTIATED,
    VIRTUAL,
    PICK_UP,
)
