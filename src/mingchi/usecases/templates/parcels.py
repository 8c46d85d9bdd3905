"""Templates of parcels, and of orders whose parcels go their own ways."""

from typing import Final

from mingchi.usecases.templates.drawing import Branch, Choice, Name, Part, Task, Template, Wait
from mingchi.usecases.templates.parts import (
    COLLECTED,
    COMPLETED,
    ELSE,
    GIVE_UP,
    buyer_cancels,
    paid_or_at_the_door,
)

PARCEL: Final = Template(
    key="parcel",
    kind="fulfilment",
    name=Name("包裹", "Parcel"),
    about=Name("一个包裹从拣货到妥投。", "One parcel from the shelf to the door."),
    blocks=(
        Task(step="shipment.pick", id="pick", role="warehouse", due="P1D"),
        Choice(
            name=Name("货齐？", "All there?"),
            branches=(
                Branch(
                    name=Name("缺货", "short"),
                    condition='outcome == "short"',
                    # Whether the order is given up is for the order's own flow.
                    blocks=(Task(step="stock.settle_shortage", role="service", due="P1D"),),
                    to="pick",
                ),
                Branch(name=ELSE),
            ),
        ),
        Task(step="shipment.pack", role="warehouse", due="P1D"),
        Task(step="shipment.print_slip"),
        Task(step="shipment.create", role="warehouse", due="P1D"),
        Task(step="shipment.hand_over", role="warehouse", due="P1D"),
        Task(step="shipment.deliver", role="warehouse", due="P7D"),
    ),
)
BY_PARCEL: Final = Template(
    key="by_parcel",
    kind="order",
    name=Name("分包裹发货", "By parcel"),
    about=Name(
        "按仓库分成包裹，每个包裹走自己的流程；全部送达后订单继续。",
        "A parcel a warehouse, each on a flow of its own; the order goes on when all arrived.",
    ),
    blocks=(
        *paid_or_at_the_door(),
        Part(
            name=Name("分包裹发货", "Parcels"),
            blocks=(
                Task(step="warehouse.allocate"),
                Task(step="shipment.start_flows"),
                Wait(name=Name("等待全部包裹", "Wait for the parcels"), message="parcels_closed"),
            ),
            catch=(buyer_cancels(GIVE_UP),),
        ),
        Task(step="shipment.all_arrived"),
        Task(step="order.receive"),
        *COLLECTED,
        *COMPLETED,
    ),
)
TEMPLATES: Final = (BY_PARCEL, PARCEL)
