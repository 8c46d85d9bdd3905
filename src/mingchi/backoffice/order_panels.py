"""What the pages of orders and refunds show beside their own fields."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import access, desk_path, display, explain
from mingchi.backoffice.panels import Panel
from mingchi.ledger.models import Entry
from mingchi.orders import stages
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments.models import PaymentPart
from mingchi.rebates import ids, queries, records
from mingchi.rebates.models import Event

# Who sees one of these sees how an order was paid.
PAYMENT_PAGES = ("payments.payment", "payments.paymentrefund")


def all_of(request: HttpRequest, order: Order) -> Sequence[Panel]:
    """Everything about an order that this account may see."""
    panels = [timeline(order), lines(order), price(order)]
    if (flows := desk_path.of_order(request, order)) is not None:
        panels.append(flows)
    panels.append(_refunds(order))
    if any(access.sees(request.user, page) for page in PAYMENT_PAGES):
        panels.append(_payments(request, order))
    return [*panels, *settled(request, "order", order)]


def timeline(order: Order) -> Panel:
    """When what happened, and what comes by itself."""
    moments = [
        (_("placed"), order.placed_at),
        (_("paid"), order.paid_at),
        (_("shipped"), order.shipped_at),
        (_("received"), order.received_at),
        (_("completed"), order.completed_at),
        (_("cancelled"), order.cancelled_at),
        (_("refunded"), order.refunded_at),
    ]
    state = Order.State(order.state)
    waits: list[tuple[Any, Any]] = []
    if state == Order.State.CREATED:
        waits = [(_("to be paid by"), order.pay_by)]
    elif state == Order.State.SHIPPED:
        waits = [(_("counts as received from"), order.receive_by)]
    elif state == Order.State.RECEIVED:
        waits = [(_("completes from"), order.complete_due_at)]
    return Panel(
        title=_("Timeline"),
        figures=[(label, display.moment(at)) for label, at in [*moments, *waits] if at],
    )


def lines(order: Order) -> Panel:
    """What was bought."""
    rows = OrderLine.objects.filter(order=order).order_by("position")
    return Panel(
        title=_("order lines"),
        headers=[_("title"), _("unit price (yuan)"), _("quantity"), _("amount (yuan)"),
                 _("paid, delivery in it (yuan)"), _("cost (yuan)"), _("refund asked (yuan)"),
                 _("refunded (yuan)")],
        rows=[
            [row.title, display.yuan(row.price_fen), row.qty, display.yuan(row.amount_fen),
             display.yuan(row.paid_fen), display.yuan(row.cost_fen),
             display.yuan(row.refunding_fen), display.yuan(row.refunded_fen)]
            for row in rows
        ],
        right=frozenset({1, 2, 3, 4, 5, 6, 7}),
    )  # fmt: skip


def price(order: Order) -> Panel:
    """How what is to pay came about."""
    found = stages.of_order(order, OrderLine.objects.filter(order=order))
    payers = {"merchant": _("the shop"), "platform": _("the platform")}
    rows = [
        [stage.label, payers.get(stages.PAID_BY.get(stage.code, ""), ""),
         display.yuan(stage.amount_fen)]
        for stage in found
    ]  # fmt: skip
    return Panel(
        title=_("Price"),
        headers=[_("stage"), _("paid by"), _("amount (yuan)")],
        rows=[*rows, [_("to pay"), "", display.yuan(order.total_fen)]],
        right=frozenset({2}),
    )


def _refunds(order: Order) -> Panel:
    rows = Refund.objects.filter(order=order).order_by("-id")
    return Panel(
        title=_("refunds"),
        headers=[_("refund"), _("state"), _("amount (yuan)"), _("reason"), _("asked at")],
        rows=[
            [display.link(row, row.key), row.get_state_display(), display.yuan(row.amount_fen),
             row.reason, display.moment(row.asked_at)]
            for row in rows
        ],
        right=frozenset({2}),
    )  # fmt: skip


def _payments(request: HttpRequest, order: Order) -> Panel:
    """Its part of each payment: what is of other merchants is not shown."""
    whole = access.sees(request.user, "payments.payment")
    parts = PaymentPart.objects.filter(order=order).select_related("payment").order_by("-id")
    return Panel(
        title=_("payments"),
        headers=[_("our number"), _("gateway"), _("state"), _("of this order (yuan)"),
                 _("part"), _("paid at")],
        rows=[
            [display.link(part.payment) if whole else str(part.payment),
             display.gateway(part.payment.gateway), part.payment.get_state_display(),
             display.yuan(part.amount_fen),
             part.get_state_display(), display.moment(part.payment.paid_at)]
            for part in parts
        ],
        right=frozenset({3}),
    )  # fmt: skip


def settled(request: HttpRequest, kind: str, row: Any) -> Sequence[Panel]:
    """The event of an order or refund: its awards and postings, for who may see the ledger."""
    event = Event.objects.filter(programme=queries.programme(), key=ids.key(kind, row.pk)).first()
    if event is None:
        return []
    entry = queries.entries_of([event.pk]).get(event.pk)
    if entry is None:
        note = _("Event %(key)s waits for the settler.") % {"key": event.key}
        return [Panel(title=_("Settlement"), note=note)]
    panels = []
    if kind == "order" and access.sees(request.user, "rebates.event"):
        panels.append(_awards(event, entry))
    if access.sees(request.user, "ledger.entry"):
        panels.append(postings(entry, title=_("Postings")))
    return panels


def postings(entry: Any, *, title: Any) -> Panel:
    """An entry in words."""
    return Panel(
        title=title,
        headers=[_("account"), _("rule"), _("amount")],
        rows=explain.postings(entry),
        right=frozenset({2}),
        note=_("Positive: owed or a result. Negative: where money lies, or what is used up."),
    )


def _awards(event: Event, entry: Entry) -> Panel:
    return Panel(
        title=_("Awards"),
        headers=[_("member"), _("kind"), _("rule"), _("rate"), _("base (yuan)"), _("generation"),
                 _("amount (yuan)"), _("status")],
        rows=[
            [
                explain.thing("member", award.member),
                explain.RULES.get(award.kind, award.kind),
                award.rule + 1,
                display.percent(award.rate_ppm),
                display.yuan(award.base_fen),
                award.generation or display.NOTHING,
                display.yuan(award.amount_fen),
                _("waits for the close") if award.waiting else _("available"),
            ]
            for award in records.awards(event.key, entry.record)
        ],
        right=frozenset({3, 4, 5, 6}),
        empty=_("This order paid no award."),
    )  # fmt: skip
