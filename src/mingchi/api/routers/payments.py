"""Which ways to pay there are, and the sandbox's button that pays."""

from django.http import HttpRequest
from ninja import Field, Schema

from mingchi.api.fields import Input
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.payments import gateways
from mingchi.payments.gateways import Client
from mingchi.usecases import sandbox_pay as use_sandbox_pay

router = GuardedRouter(tags=["payments"])
# Ways for which the buyer's id at the gateway must be known.
NEEDS_PAYER = frozenset({"jsapi", "mini"})


class WayOut(Schema):
    gateway: str
    channel: str = Field(
        description="jsapi, mini, h5, native (WeChat); wap, app, mini (Alipay); page (sandbox)"
    )
    name: str
    needs_payer: bool = Field(
        description="whether it must be known who pays: at WeChat by a binding or by "
        "`POST /api/payments/payer`, at Alipay by `payer`"
    )


class PaymentTakenOut(Schema):
    outcome: str = Field(description="applied, duplicate or sent_back")
    order_ids: list[int]


class SandboxPayIn(Input):
    out_trade_no: str = Field(pattern="^[0-9A-Za-z_-]{1,40}$")


@router.get("/ways", response=list[WayOut], summary="Ways to pay")
def list_payment_ways(request: HttpRequest, client: Client = Client.BROWSER) -> list[WayOut]:
    """What one can pay with from where one is: a phone's browser, a desktop, an app, inside WeChat
    or a mini-program. Cash on delivery is chosen as an order is placed."""
    return [
        WayOut(
            gateway=code,
            channel=channel,
            name=str(gateways.NAMES[code]),
            needs_payer=channel in NEEDS_PAYER,
        )
        for code in gateways.codes()
        for channel in gateways.get(code).channels(client)
    ]


@router.post("/sandbox/pay", response=PaymentTakenOut, summary="Pay in the sandbox")
def sandbox_pay(request: HttpRequest, data: SandboxPayIn) -> PaymentTakenOut:
    """Press "pay" on an attempt of one's own; the sandbox gateway sends its notice. Not in live
    mode. The same attempt is booked once, whatever the key."""
    taken = use_sandbox_pay.sandbox_pay(
        member_id=member_of(request).pk, out_trade_no=data.out_trade_no, now=clock.now()
    )
    return PaymentTakenOut(outcome=taken.outcome, order_ids=list(taken.order_ids))
