"""Parts that templates of orders are put together from."""

from typing import Final

from mingchi.usecases.templates.drawing import (
    Block,
    Branch,
    Choice,
    Events,
    Name,
    Part,
    Task,
    Wait,
)

COD: Final = 'payment_method == "cod"'
WINDOW: Final = "P7D"
ELSE: Final = Name("否则", "else")


def buyer_cancels(give_up: tuple[Block, ...]) -> Branch:
    """What comes of the buyer's second thoughts; the flow ends there."""
    name = Name("买家取消", "The buyer cancels")
    return Branch(name=name, message="cancel", blocks=give_up, ends=True)


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
                buyer_cancels(give_up),
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


def picked(*, again: Branch, given_up: Branch, role: str = "warehouse", due: str = "P1D") -> tuple[
    Block, ...
]:  # fmt: skip
    """Taken from the shelf; where something is not there, customer service says what then."""
    settled = Choice(
        name=Name("仍要备货？", "Picked again?"),
        branches=(given_up, again),
    )
    return (
        Task(step="shipment.pick", id="pick", role=role, due=due),
        Choice(
            name=Name("货齐？", "All there?"),
            branches=(
                Branch(
                    name=Name("缺货", "short"),
                    condition='outcome == "short"',
                    blocks=(
                        Task(step="stock.settle_shortage", role="service", due="P1D"),
                        settled,
                    ),
                ),
                Branch(name=ELSE),
            ),
        ),
    )


GIVEN_UP: Final = 'outcome == "given_up"'
PICK_AGAIN: Final = Branch(name=Name("补货后再拣", "picked again"), to="pick")
# Somewhere else the goods may be there.
FROM_ANYWHERE: Final = Branch(
    name=Name("重新分仓", "allocated anew"),
    blocks=(Task(step="warehouse.give_up"),),
    to="allocate",
)


def prepared(*before: Block, give_up: tuple[Block, ...] = GIVE_UP) -> tuple[Block, ...]:
    """Picked and packed; until the parcel leaves, the buyer may cancel. What can't be picked is
    allocated anew, or the order is given up."""
    part = _preparation(*before, give_up=give_up)
    after = Choice(
        name=Name("备好？", "Prepared?"),
        branches=(
            Branch(name=Name("放弃", "given up"), condition=GIVEN_UP, blocks=give_up, ends=True),
            Branch(name=ELSE),
        ),
    )
    return (part, after)


def _preparation(*before: Block, give_up: tuple[Block, ...]) -> Part:
    return Part(
        name=Name("备货", "Stock preparation"),
        blocks=(
            *before,
            Task(step="warehouse.allocate", id="allocate"),
            *picked(
                again=FROM_ANYWHERE,
                given_up=Branch(name=Name("放弃", "given up"), condition=GIVEN_UP, ends=True),
            ),
            Task(step="shipment.pack", role="warehouse", due="P1D"),
            Task(step="shipment.print_slip"),
        ),
        catch=(buyer_cancels(give_up),),
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
