"""Orders and refunds: how far they are, and what can be done with them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields, order_panels
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.complete_order import complete_order
from mingchi.usecases.receive_order import receive_order
from mingchi.usecases.refund_order import REFUNDABLE, ask_refund, decide_refund
from mingchi.usecases.ship_order import ship_order

State = Order.State
STATE_COLOURS = {
    "created": "warning",
    "paid": "info",
    "shipped": "info",
    "received": "primary",
    "completed": "success",
    "cancelled": "",
    "refunded": "danger",
}
REFUND_COLOURS = {
    "requested": "warning",
    "approved": "info",
    "refused": "danger",
    "paid": "success",
}


class ShipForm(ActForm):
    """With whom it travels."""

    carrier = fields.text(_("carrier"), required=False, length=40)
    tracking_number = fields.text(_("tracking number"), required=False, length=60)


class AskRefundForm(ActForm):
    """How much of which line."""

    line_id = fields.choice(_("order line"), ())
    amount_fen = fields.YuanField(label=_("amount (yuan)"))
    reason = fields.text(_("reason"))
    # One opening of the form asks once, however often it is sent.
    once = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=lambda: uuid4().hex)

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """Lines of which something is left."""
        lines = OrderLine.objects.filter(order=thing).order_by("position")
        line = self.fields["line_id"]
        assert isinstance(line, forms.ChoiceField)
        line.choices = [
            (each.pk, f"{each} · {display.yuan(each.refundable_fen)}")
            for each in lines
            if each.refundable_fen
        ]


class DecideRefundForm(ActForm):
    """Yes, with the units that can be sold again."""

    restock = fields.whole(
        _("units put back"),
        required=False,
        high=10**6,
        help_text=_("Left empty: all of a line refunded in full before it was shipped."),
    )
    reason = fields.text(_("reason of the decision"), required=False)


class RefuseForm(ActForm):
    """No, and why."""

    reason = fields.text(_("reason of the decision"))


def _ship(deed: Deed) -> Any:
    ship_order(by=deed.user, order_id=deed.thing.pk, now=clock.now(), **deed.values)
    return _("The order is shipped.")


def _receive(deed: Deed) -> Any:
    receive_order(by=deed.user, order_id=deed.thing.pk, now=clock.now())
    return _("The order is received; the return window begins.")


def _complete(*, skip: bool) -> Any:
    def run(deed: Deed) -> Any:
        complete_order(by=deed.user, order_id=deed.thing.pk, now=clock.now(), skip_window=skip)
        return _("The order is completed and on its way to the settler.")

    return run


def _cancel(deed: Deed) -> Any:
    cancel_order(by=deed.user, order_id=deed.thing.pk, now=clock.now())
    return _("The order is cancelled.")


def _ask_refund(deed: Deed) -> Any:
    ask_refund(
        by=deed.user,
        order_id=deed.thing.pk,
        line_id=int(deed.values["line_id"]),
        amount_fen=deed.values["amount_fen"],
        reason=deed.values["reason"],
        idempotency_key=deed.values["once"],
        now=clock.now(),
    )
    return _("The refund is asked; somebody else decides.")


def _decide(*, approve: bool) -> Any:
    def run(deed: Deed) -> Any:
        decide_refund(
            by=deed.user,
            refund_id=deed.thing.pk,
            approve=approve,
            now=clock.now(),
            reason=deed.values["reason"],
            restock=deed.values.get("restock"),
        )
        return _("The refund is approved.") if approve else _("The refund is refused.")

    return run


def _in(*states: Order.State) -> Any:
    return lambda order: order.state in states


def _at_the_door(order: Order) -> bool:
    cash = order.payment_method == Order.PaymentMethod.COD
    return bool(cash and order.state == State.CREATED)


def _may_skip(order: Order) -> bool:
    return not settings.LIVE and order.state == State.RECEIVED


ACTS = (
    Act(
        name="ship",
        label=_("Ship"),
        right="order.ship",
        form=ShipForm,
        run=_ship,
        shown=lambda order: order.state == State.PAID or _at_the_door(order),
        icon="local_shipping",
        variant=ActionVariant.PRIMARY,
        explain=_("Does all that the order's flow asks of the warehouse, to the carrier's door."),
    ),
    Act(
        name="receive",
        label=_("Mark as received"),
        right="order.receive",
        run=_receive,
        shown=_in(State.SHIPPED),
        icon="inventory",
        variant=ActionVariant.PRIMARY,
        explain=_("The return window begins. Only on proof of delivery."),
    ),
    Act(
        name="complete",
        label=_("Complete"),
        right="order.complete",
        run=_complete(skip=False),
        shown=lambda order: order.state == State.RECEIVED and order.complete_due_at <= clock.now(),
        icon="done_all",
        variant=ActionVariant.PRIMARY,
        explain=_("The order enters settlement: the pool, the awards and the points."),
    ),
    Act(
        name="skip",
        label=_("Skip the return window (sandbox)"),
        right="order.complete",
        run=_complete(skip=True),
        shown=_may_skip,
        icon="fast_forward",
        explain=_(
            "The return window is over at once, and the order's flow completes it. In the sandbox "
            "only; on record."
        ),
    ),
    Act(
        name="refund",
        label=_("Ask for a refund"),
        right="refund.ask",
        form=AskRefundForm,
        run=_ask_refund,
        shown=_in(*REFUNDABLE),
        icon="assignment_return",
        explain=_("Somebody else decides it: who asks never approves."),
        panels=lambda request, order: [order_panels.lines(order)],
    ),
    Act(
        name="cancel",
        label=_("Cancel"),
        right="order.cancel",
        run=_cancel,
        shown=_in(State.CREATED, State.PAID),
        icon="cancel",
        variant=ActionVariant.DANGER,
        explain=_("The stock is free again, and money that is paid, now or later, goes back."),
    ),
)


def _state(label: Any) -> display.Column:
    return display.column(
        label, lambda row: (row.state, row.get_state_display()), order="state", labels=STATE_COLOURS
    )


@admin.register(Order)
class OrderPage(Page):
    """Orders; a merchant's staff see their merchant's."""

    acts = ACTS
    list_display = (
        "number",
        _state(_("state")),
        display.column(_("member"), lambda row: f"m{row.member_id} {row.member.name}"),
        "merchant",
        display.yuan_column("total_fen", _("total (yuan)")),
        "placed_at",
        "completed_at",
    )
    list_select_related = ("member", "merchant", "checkout")
    list_filter = ("state", "payment_method", "merchant", "placed_at", "paid_at")
    search_fields = (
        "number",
        "=checkout__number",
        "member__name",
        "=member__phone",
        "recipient",
        "=recipient_phone",
        "=tracking_number",
    )
    search_help_text = _(
        "number of the order, the checkout or the parcel; member or recipient, by name or whole "
        "phone number"
    )
    fields = (
        ("number", display.column(_("state"), lambda row: row.get_state_display())),
        (display.column(_("member"), lambda row: _member(row)), "merchant"),
        (
            display.yuan_column("goods_fen", _("goods (yuan)")),
            display.yuan_column("shipping_fen", _("shipping (yuan)")),
        ),
        (
            display.yuan_column("total_fen", _("total (yuan)")),
            display.yuan_column("subsidy_fen", _("paid by the platform (yuan)")),
        ),
        (display.column(_("checkout"), lambda row: row.checkout.number), "placed_at"),
        "note",
        ("recipient", display.column(_("recipient's phone"), lambda row: _phone(row))),
        (display.REGION, "address"),
        ("carrier", "tracking_number"),
    )

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Timeline, lines, payments, refunds, and what settlement made of it."""
        return order_panels.all_of(request, thing)


def _member(order: Order) -> Any:
    return display.link(order.member, f"m{order.member_id} {order.member.name}")


def _phone(order: Order) -> str:
    from mingchi.foundation import masking

    return masking.phone(order.recipient_phone) if order.recipient_phone else display.NOTHING


def _not_mine(request: HttpRequest, refund: Any) -> bool:
    return bool(refund.asked_by_id != request.user.pk)


def _open(refund: Refund) -> bool:
    return refund.state == Refund.State.REQUESTED


@admin.register(Refund)
class RefundPage(Page):
    """Refunds; who asks never decides."""

    empty = _("A refund is asked for on the page of its order, or by the member.")
    acts = (
        Act(
            name="approve",
            label=_("Approve the refund"),
            right="refund.decide",
            form=DecideRefundForm,
            run=_decide(approve=True),
            shown=_open,
            mine=_not_mine,
            icon="check",
            variant=ActionVariant.PRIMARY,
            explain=_(
                "Before settlement the money goes back at once. After it, points and awards are "
                "taken back first, and the money follows when that is settled."
            ),
        ),
        Act(
            name="refuse",
            label=_("Refuse the refund"),
            right="refund.decide",
            form=RefuseForm,
            run=_decide(approve=False),
            shown=_open,
            mine=_not_mine,
            icon="close",
            variant=ActionVariant.DANGER,
        ),
    )
    list_display = (
        display.column(_("refund"), lambda row: row.key, order="pk"),
        display.column(_("order"), lambda row: row.order.number, order="order__number"),
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=REFUND_COLOURS),
        display.yuan_column("amount_fen", _("amount (yuan)")),
        "reason",
        display.column(_("asked by"), lambda row: _asker(row)),
        "asked_at",
    )  # fmt: skip
    list_select_related = ("order__merchant", "order__member", "asked_by")
    list_filter = ("state", "order__merchant", "before_settlement", "asked_at")
    search_fields = ("order__number", "order__member__name", "=order__member__phone", "reason")
    search_help_text = _("number of the order, member's name or whole phone number, reason")
    fields = (
        (display.column(_("order"), lambda row: display.link(row.order)),
         display.column(_("state"), lambda row: row.get_state_display())),
        (display.column(_("order line"), lambda row: str(row.line)),
         display.yuan_column("amount_fen", _("amount (yuan)"))),
        ("reason", display.column(_("asked by"), lambda row: _asker(row))),
        (
            "asked_at",
            display.column(
                _("before settlement"), lambda row: display.yes(row.before_settlement)
            ),
        ),
        ("decided_by", "decided_at"),
        ("decision_reason", "restock"),
        "paid_at",
    )  # fmt: skip

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """The order's lines, and what settlement took back."""
        return [order_panels.lines(thing.order), *order_panels.settled(request, "refund", thing)]


def _asker(refund: Refund) -> str:
    if refund.asked_by_member:
        return str(_("the member"))
    return str(refund.asked_by)
