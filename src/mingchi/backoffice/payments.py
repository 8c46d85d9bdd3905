"""Payments, the gateway's notices, and money sent back."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display
from mingchi.backoffice.acts import Act, Deed
from mingchi.backoffice.filters import GatewayFilter, RefundGatewayFilter
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.payments.models import GatewayNotice, Payment, PaymentPart, PaymentRefund
from mingchi.payments.refunding import ABNORMAL
from mingchi.usecases.pay_refunds import confirm_by_hand, retry_money_back

OUTCOME_COLOURS = {
    "applied": "success",
    "duplicate": "info",
    "sent_back": "warning",
    "refused": "danger",
    "nothing": "info",
}
PAYMENT_COLOURS = {"created": "warning", "paid": "success", "closed": "info"}
BACK_COLOURS = {"pending": "warning", "paid": "success", "failed": "danger"}


REASONS = {
    "refund": _("refund"),
    "order_cancelled": _("paid after the order was cancelled"),
    "price_changed": _("paid at a price that changed since"),
    "out_of_stock": _("paid for goods that are gone"),
}


def _why(row: PaymentRefund) -> Any:
    """A refund, or money that nobody owed: late, or paid twice."""
    return REASONS.get(row.reason, _("paid twice"))


# Why a notice was not believed; anything else is the gateway's own code.
DOUBTS = {
    "bad_signature": _("Not signed by the gateway, or our keys are not those it has."),
    "stale_notice": _("Older than five minutes, or ahead of our clock."),
    "malformed_notice": _("Not to be read as a notice of this gateway."),
    "unknown_serial": _("Signed with a certificate that we do not know. Renew ours."),
    "not_ours": _("For another shop's account."),
    "unknown_payment": _("No attempt to pay of ours has this number."),
    "unknown_refund": _("No refund of ours has this number."),
    "unknown_transfer": _("No transfer of ours has this number."),
    "wrong_amount": _("Another amount than we asked for. Ask the gateway before anything is sent."),
}
# Why money did not go back, and what to do.
HINDRANCES = {
    "by_hand": _("Cash: hand it back, then note it here."),
    ABNORMAL: _("The buyer's account takes nothing. Send it at the gateway's desk, then note it."),
    "NOT_ENOUGH": _("Too little money at the gateway. Pay in there, then try again."),
}
WHY = display.column(_("reason"), _why, order="reason")
RECEIVED = display.column(
    _("came in at"), lambda row: display.moment(row.received_at), order="received_at"
)
DOUBT = display.column(
    _("error"), lambda row: DOUBTS.get(row.error, row.error) or display.NOTHING, order="error"
)
HINDRANCE = display.column(
    _("error"), lambda row: HINDRANCES.get(row.error, row.error) or display.NOTHING, order="error"
)


def _retry(deed: Deed) -> Any:
    sent = retry_money_back(by=deed.user, payment_refund_id=deed.thing.pk, now=clock.now())
    return _("The money is sent back.") if sent else _("The gateway refused again.")


def _by_hand(deed: Deed) -> Any:
    confirm_by_hand(by=deed.user, payment_refund_id=deed.thing.pk, now=clock.now())
    return _("It is noted as given back by hand.")


@admin.register(Payment)
class PaymentPage(Page):
    """Attempts to pay."""

    list_display = (
        "out_trade_no",
        display.column(_("checkout"), lambda row: row.checkout.number, order="checkout__number"),
        display.GATEWAY,
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=PAYMENT_COLOURS),
        display.yuan_column("amount_fen", _("amount (yuan)")),
        display.yuan_column("refunded_fen", _("sent back (yuan)")),
        "paid_at",
    )  # fmt: skip
    list_select_related = ("checkout",)
    list_filter = ("state", GatewayFilter, "paid_at")
    search_help_text = _("our number, the gateway's, or that of the checkout or the order")
    search_fields = (
        "out_trade_no",
        "gateway_no",
        "checkout__number",
        "checkout__orders__number",
    )
    fields = (
        (
            display.column(_("checkout"), lambda row: row.checkout.number),
            display.column(_("state"), lambda row: row.get_state_display()),
        ),
        (display.GATEWAY, "out_trade_no"),
        ("channel", "gateway_no"),
        (
            display.yuan_column("amount_fen", _("amount (yuan)")),
            display.yuan_column("refunded_fen", _("sent back (yuan)")),
        ),
        ("created_at", "paid_at"),
        ("expires_at", "gateway_at"),
    )

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Its part for each order, notices, and money sent back."""
        parts = PaymentPart.objects.filter(payment=thing).select_related("order__merchant")
        notices = GatewayNotice.objects.filter(payment=thing).order_by("-id")[:20]
        back = PaymentRefund.objects.filter(payment=thing).order_by("-id")[:20]
        return [
            Panel(
                title=_("parts of payments"),
                headers=[_("order"), _("merchant"), _("amount (yuan)"), _("state")],
                rows=[
                    [display.link(part.order), part.order.merchant, display.yuan(part.amount_fen),
                     part.get_state_display()]
                    for part in parts
                ],
                right=frozenset({2}),
            ),
            Panel(
                title=_("gateway notices"),
                headers=[_("came in at"), _("signature holds"), _("outcome")],
                rows=[
                    [display.moment(row.received_at), _("yes") if row.verified else _("no"),
                     row.get_outcome_display()]
                    for row in notices
                ],
            ),
            Panel(
                title=_("money sent back"),
                headers=[_("our number"), _("state"), _("amount (yuan)"), _("reason")],
                rows=[
                    [display.link(row), row.get_state_display(), display.yuan(row.amount_fen),
                     _why(row)]
                    for row in back
                ],
                right=frozenset({2}),
            ),
        ]  # fmt: skip


@admin.register(GatewayNotice)
class GatewayNoticePage(Page):
    """What came in, believed or not."""

    empty = _(
        "Gateways tell here what was paid. Where payments wait and nothing comes, look at the "
        "address that the gateway was given."
    )
    list_display = (
        display.column(_("number"), lambda row: row.pk, order="pk"),
        display.GATEWAY,
        RECEIVED,
        "verified",
        display.column(_("outcome"), lambda row: (row.outcome, row.get_outcome_display()),
                       order="outcome", labels=OUTCOME_COLOURS),
        DOUBT,
        display.column(_("payment"), lambda row: display.link(row.payment)),
    )  # fmt: skip
    list_select_related = ("payment",)
    list_filter = ("outcome", "verified", GatewayFilter, "received_at")
    search_fields = ("payment__out_trade_no", "number")
    search_help_text = _("our number of the payment, the refund or the transfer")
    fields = (
        (display.GATEWAY, RECEIVED),
        "number",
        ("verified", display.column(_("outcome"), lambda row: row.get_outcome_display())),
        (DOUBT, display.column(_("payment"), lambda row: display.link(row.payment))),
        display.column(_("body"), lambda row: display.pretty(row.body)),
        display.column(_("headers"), lambda row: display.pretty(row.headers)),
    )


@admin.register(PaymentRefund)
class PaymentRefundPage(Page):
    """Money on its way back."""

    empty = _(
        "What goes back to buyers stands here once a refund is approved or money came that "
        "nobody owed."
    )
    acts = (
        Act(
            name="retry",
            label=_("Try again"),
            right="refund.send",
            run=_retry,
            shown=lambda row: row.state == PaymentRefund.State.FAILED,
            icon="replay",
            variant=ActionVariant.PRIMARY,
        ),
        Act(
            name="by-hand",
            label=_("Given back by hand"),
            right="refund.send",
            run=_by_hand,
            shown=lambda row: (
                row.state == PaymentRefund.State.FAILED and row.error in ("by_hand", ABNORMAL)
            ),
            icon="front_hand",
            explain=_(
                "Only once the money is with the buyer: cash that was handed back, or what staff "
                "sent off at the gateway's own desk because the buyer's account is closed."
            ),
        ),
    )
    list_display = (
        "out_refund_no",
        display.column(_("payment"), lambda row: row.payment.out_trade_no),
        display.column(_("order"), lambda row: display.link(row.order)),
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=BACK_COLOURS),
        display.yuan_column("amount_fen", _("amount (yuan)")),
        WHY,
        "paid_at",
    )  # fmt: skip
    list_select_related = ("payment", "order__merchant")
    list_filter = ("state", RefundGatewayFilter, "order__merchant", "created_at")
    search_fields = ("out_refund_no", "payment__out_trade_no", "order__number")
    search_help_text = _("our number of the refund or the payment, or number of the order")
    fields = (
        ("out_refund_no", display.column(_("state"), lambda row: row.get_state_display())),
        (
            display.column(_("payment"), lambda row: row.payment.out_trade_no),
            display.column(_("order"), lambda row: display.link(row.order)),
        ),
        (display.column(_("refund"), lambda row: display.link(row.refund)), WHY),
        (display.yuan_column("amount_fen", _("amount (yuan)")), HINDRANCE),
        ("created_at", "paid_at"),
        ("gateway_no", "gateway_at"),
        ("tries", "try_at"),
    )
