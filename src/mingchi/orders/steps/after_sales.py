"""Steps of after-sales cases: authorised, goods back, inspected, put back or scrapped, closed."""

from django.utils.translation import gettext_lazy as _

from mingchi.flows import Doing, StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.orders import arguing, cases, reservations, shipments
from mingchi.orders.models import AfterSalesCase, Shipment
from mingchi.orders.subjects import case_of

SERVICE = {"service", "manager"}
ARBITER = {"arbiter"}
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
    retired="nobody could appeal against its no; use 'case.answer', with a wait for 'appealed' "
    "and 'case.arbitrate' behind it, as in the template after_sales",
)
def authorise(context: StepContext) -> None:
    """Yes or no, never by the one who opened the case; a no ends it."""
    approve = context.outcome == "approved"
    cases.authorise(case_of(context), approve=approve, actor=context.actor, now=context.now)


@step(
    "case.answer",
    title=("商家答复售后", "Answer after-sales"),
    kinds=KINDS,
    doing=Doing.HUMAN,
    actors=SERVICE,
    outcomes=arguing.ANSWERS,
    provides={"authorised"},
    answered={"appealed", "supplied"},
)
def answer(context: StepContext) -> None:
    """Agreed, declined (the buyer may appeal), or more is asked of the buyer; a no and a question
    need words, said on the case's page."""
    outcome, actor = context.outcome, context.actor
    arguing.answer(case_of(context), outcome=outcome, actor=actor, now=context.now)


@step(
    "case.agree_unanswered",
    title=("逾期未答复，视为同意", "Not answered in time: agreed"),
    kinds=KINDS,
    provides={"authorised"},
)
def agree_unanswered(context: StepContext) -> None:
    """Behind a time limit: the merchant said nothing, so it goes on in the buyer's favour."""
    arguing.agree_unanswered(case_of(context), now=context.now)


RULINGS = ("for_member", "for_merchant")


@step(
    "case.arbitrate",
    title=("平台仲裁", "Arbitrate"),
    kinds=KINDS,
    doing=Doing.HUMAN,
    actors=ARBITER,
    outcomes=RULINGS,
    provides={"authorised"},
)
def arbitrate(context: StepContext) -> None:
    """The platform's word on what the merchant declined: for the buyer, or the no stands."""
    _arbitrate(context)


@step(
    "case.arbitrate_inspection",
    title=("平台仲裁质检结果", "Arbitrate the inspection"),
    kinds=KINDS,
    doing=Doing.HUMAN,
    actors=ARBITER,
    outcomes=RULINGS,
    requires="goods_back",
    provides={"inspected"},
)
def arbitrate_inspection(context: StepContext) -> None:
    """The same on goods that failed the inspection; for the buyer, they count as passed."""
    _arbitrate(context)


def _arbitrate(context: StepContext) -> None:
    for_member = context.outcome == "for_member"
    case = case_of(context)
    arguing.arbitrate(case, for_member=for_member, actor=context.actor, now=context.now)


@step("case.let_stand", title=("拒绝生效", "The no stands"), kinds=KINDS)
def let_stand(context: StepContext) -> None:
    """Behind a time limit: nobody appealed."""
    arguing.let_stand(case_of(context), now=context.now)


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
    cases.goods_back(case_of(context), now=context.now, actor=context.actor)


@step(
    "case.expire",
    title=("寄回期限已到", "The days to send back are over"),
    kinds=KINDS,
    outcomes=("sent", "withdrawn"),
    requires="authorised and not goods_back",
)
def expire(context: StepContext) -> str:
    """`withdrawn`: nothing was sent; `sent`: the goods are on their way."""
    return cases.expire(case_of(context), now=context.now)


@step(
    "case.count_back",
    title=("视为已签收", "Goods count as back"),
    kinds=KINDS,
    requires="authorised",
    provides={"goods_back"},
)
def count_back(context: StepContext) -> None:
    """Behind a time limit: they were sent long ago, and the merchant does not say they came."""
    cases.count_back(case_of(context), now=context.now)


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
