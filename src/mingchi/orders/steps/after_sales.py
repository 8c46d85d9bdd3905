"""Steps of after-sales cases: authorised, goods back, inspected, put back or scrapped, closed."""

from django.utils.translation import gettext_lazy as _

from mingchi.flows import Doing, StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.orders import cases, reservations, shipments
from mingchi.orders.models import AfterSalesCase, Shipment
from mingchi.orders.subjects import case_of

SERVICE = {"service", "manager"}
WAREHOUSE = {"warehouse", "clerk", "manager"}
# Only a return has a case to act on.
KINDS = {"return"}


@step(
    "case.authorise",
    title=("售后审核", "Authorise after-sales"),
    kinds=KINDS,
    doing=Doing.HUMAN,
    actors=SERVICE,
    outcomes=("approved", "refused"),
    provides={"authorised"},
)
def authorise(context: StepContext) -> None:
    """Yes or no, never by the one who opened the case; a no ends it."""
    approve = context.outcome == "approved"
    cases.authorise(case_of(context), approve=approve, actor=context.actor, now=context.now)


@step(
    "case.receive_goods",
    title=("退货签收", "Goods are back"),
    kinds=KINDS,
    doing=Doing.HUMAN,
    actors=WAREHOUSE,
    requires="authorised",
    provides={"goods_back"},
)
def receive_goods(context: StepContext) -> None:
    cases.goods_back(case_of(context), now=context.now)


@step(
    "case.inspect",
    title=("退货质检", "Inspect"),
    kinds=KINDS,
    doing=Doing.HUMAN,
    actors=WAREHOUSE,
    outcomes=("passed", "failed"),
    requires="goods_back",
    provides={"inspected"},
)
def inspect(context: StepContext) -> None:
    """`failed`: the goods are not as they should be; the case ends without money."""
    passed = context.outcome == "passed"
    cases.inspect(case_of(context), passed=passed, actor=context.actor, now=context.now)


@step(
    "case.restock",
    title=("退货入库", "Put back on the shelf"),
    kinds=KINDS,
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires="inspected",
    provides={"restocked"},
)
def restock(context: StepContext) -> None:
    """Into the warehouse that the goods came from, if there was one."""
    case = case_of(context)
    cases.put_back(case, warehouse_id=_came_from(case))


@step(
    "case.scrap",
    title=("报废", "Scrap"),
    kinds=KINDS,
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires="inspected",
    provides={"scrapped"},
)
def scrap(context: StepContext) -> None:
    cases.scrap(case_of(context))


@step(
    "case.reserve_exchange",
    title=("预占换货库存", "Reserve the replacement"),
    kinds=KINDS,
    requires="inspected",
    provides={"reserved"},
    removes={"released"},
    undo="case.release_exchange",
)
def reserve_exchange(context: StepContext) -> None:
    """What the buyer gets instead is kept, and stands in a parcel of its own."""
    case = case_of(context)
    cases.refuse_no_exchange(case)
    cases.refuse_unsettled(case)
    reservations.hold_replacement(case)
    shipments.prepare(case.order, case=case)


@step(
    "case.release_exchange",
    title=("释放换货库存", "Release the replacement"),
    kinds=KINDS,
    requires="not shipped",
    provides={"released"},
    removes={"reserved"},
)
def release_exchange(context: StepContext) -> None:
    case = case_of(context)
    reservations.release(case.reservations.select_related("line"))
    shipments.trim(case.order)


@step(
    "case.exchange",
    title=("发出换货", "Send the replacement"),
    kinds=KINDS,
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires="reserved and inspected",
    provides={"shipped", "exchanged"},
)
def exchange(context: StepContext) -> None:
    """The replacement leaves stock; the case is settled with that."""
    case = case_of(context)
    cases.refuse_no_exchange(case)
    parcels = shipments.of_case(case)
    if not parcels:
        raise ConflictError("no_parcel", _("There is no parcel for this step."))
    for parcel in parcels:
        if parcel.state == Shipment.State.PREPARING:
            shipments.ship(parcel, now=context.now)
    cases.exchanged(case, now=context.now)


@step("case.close", title=("售后完结", "Close the case"), kinds=KINDS, provides={"closed"})
def close(context: StepContext) -> None:
    """Refuses while something is owed: neither refunded nor exchanged, refused nor given up."""
    cases.close(case_of(context), now=context.now)


@step(
    "case.withdraw",
    title=("撤销售后", "Withdraw the case"),
    kinds=KINDS,
    requires="not goods_back",
)
def withdraw(context: StepContext) -> None:
    """The buyer gives it up, or did not send the goods back in time."""
    cases.withdraw(case_of(context), now=context.now)


def _came_from(case: AfterSalesCase) -> int | None:
    kept = case.line.reservations.filter(case=None).first()
    return kept.warehouse_id if kept is not None else None
