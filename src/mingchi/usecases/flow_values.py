"""What conditions of flows may read, by kind, and how it is read: typed, money in fen."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from django.db.models import Model, QuerySet

from mingchi.flows.context import ORDER as ORDER_VARIABLES
from mingchi.flows.context import Context, Type, Variable, context
from mingchi.foundation.errors import NotFoundError
from mingchi.ledger.keys import SPAN
from mingchi.orders.models import AfterSalesCase, InvoiceRequest, Order, OrderLine, Shipment
from mingchi.orders.subjects import parse
from mingchi.rebates import queries
from mingchi.rebates.models import Participant

M = TypeVar("M", bound=Model)
ORDER, FULFILMENT, RETURN = "order", "fulfilment", "return"

_PARCEL: Final = (
    Variable("warehouse", Type.STRING, ("仓库代码", "Code of the warehouse"), fixed=True),
    Variable("carrier", Type.STRING, ("承运商", "Carrier")),
    Variable("parcel_weight_g", Type.INT, ("包裹重量（克）", "Weight of the parcel (g)")),
    Variable("parcel_units", Type.INT, ("包裹件数", "Pieces in the parcel")),
)
_CASE: Final = (
    Variable(
        "case_kind",
        Type.STRING,
        ("售后类型", "Kind of case"),
        fixed=True,
        values=tuple(AfterSalesCase.Kind.values),
    ),
    Variable("case_units", Type.INT, ("售后件数", "Pieces of the case"), fixed=True),
    Variable("refund_fen", Type.INT, ("退款金额（分）", "Amount to refund (fen)"), fixed=True),
    Variable("opened_by_buyer", Type.BOOL, ("买家发起", "Opened by the buyer"), fixed=True),
    Variable("sent_back", Type.BOOL, ("已寄回", "The goods were sent back")),
)

CONTEXTS: Final[Mapping[str, Context]] = MappingProxyType(
    {
        ORDER: ORDER_VARIABLES,
        FULFILMENT: context(*ORDER_VARIABLES.values(), *_PARCEL),
        RETURN: context(*ORDER_VARIABLES.values(), *_CASE),
    }
)


def read(kind: str, subject: str) -> Mapping[str, object]:
    """All variables of the kind's context for this subject. `not_found` 404."""
    return _READERS[kind](parse(subject)[1])


def _order_values(order_id: int) -> dict[str, object]:
    order = _get(Order.objects.select_related("member"), order_id)
    lines = OrderLine.objects.filter(order=order).order_by("position")
    rows = list(lines.select_related("sku__product__category"))
    before = Order.objects.filter(member_id=order.member_id, paid_at__isnull=False)
    return {
        "amount_fen": order.total_fen,
        "paid_fen": order.total_fen if order.paid_at else 0,
        "discount_fen": 0,
        "shipping_fen": order.shipping_fen,
        "quantity": sum(row.qty for row in rows),
        "weight_g": sum(row.qty * row.sku.weight_g for row in rows),
        "payment_method": str(order.payment_method),
        "channel": order.channel,
        "region": order.region or "",
        "goods": _goods({str(row.sku.product.goods_type) for row in rows}),
        "categories": sorted({row.sku.product.category.name for row in rows}),
        "delivery_method": str(order.delivery_method),
        "member_rank": _rank(order.member_id),
        "first_order": not before.exclude(pk=order.pk).filter(pk__lt=order.pk).exists(),
        "has_note": False,
        "wants_invoice": InvoiceRequest.objects.filter(
            order=order, state=InvoiceRequest.State.ASKED
        ).exists(),
        "return_reason": "",
    }


def _parcel_values(shipment_id: int) -> dict[str, object]:
    parcel = _get(Shipment.objects.select_related("warehouse"), shipment_id)
    return {
        **_order_values(parcel.order_id),
        "warehouse": parcel.warehouse.code if parcel.warehouse else "",
        "carrier": parcel.carrier,
        "parcel_weight_g": parcel.weight_g or 0,
        "parcel_units": sum(line.units for line in parcel.lines.all()),
    }


def _case_values(case_id: int) -> dict[str, object]:
    case = _get(AfterSalesCase.objects.all(), case_id)
    return {
        **_order_values(case.order_id),
        "return_reason": case.reason,
        "case_kind": str(case.kind),
        "case_units": case.units,
        "refund_fen": case.amount_fen,
        "opened_by_buyer": case.opened_by.startswith("member:"),
        "sent_back": bool(case.tracking_number),
    }


def _rank(member_id: int) -> str:
    """The rank as of the last batch, "" for none."""
    key = queries.programme().pk * SPAN + member_id
    found = Participant.objects.filter(pk=key).values_list("rank", flat=True).first()
    return found or ""


def _goods(types: set[str]) -> str:
    """One type, or `mixed`."""
    return types.pop() if len(types) == 1 else "mixed"


def _get(rows: QuerySet[M], key: int) -> M:
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFoundError()
    return found


_READERS: Final[Mapping[str, Callable[[int], dict[str, object]]]] = {
    ORDER: _order_values,
    FULFILMENT: _parcel_values,
    RETURN: _case_values,
}
