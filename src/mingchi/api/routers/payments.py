"""What payment gateways call, and the sandbox's button that pays."""

from django.http import HttpRequest
from ninja import Field, Schema

from mingchi.api.fields import Input
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.usecases import sandbox_pay as use_sandbox_pay
from mingchi.usecases.take_payment import Taken, take_payment

router = GuardedRouter(tags=["payments"])


class TakenOut(Schema):
    outcome: str = Field(description="applied, duplicate or sent_back")
    order_id: int


class SandboxPayIn(Input):
    out_trade_no: str = Field(pattern="^[0-9A-Za-z-]{1,40}$")


@router.post("/{gateway}/notice", response=TakenOut, summary="A gateway's signed notice")
def gateway_notice(request: HttpRequest, gateway: str) -> TakenOut:
    """Believed by its signature and time alone; kept as it came; applied once."""
    taken = take_payment(
        gateway=gateway, body=request.body, headers=dict(request.headers), now=clock.now()
    )
    return _taken(taken)


@router.post("/sandbox/pay", response=TakenOut, summary="Pay in the sandbox")
def sandbox_pay(request: HttpRequest, data: SandboxPayIn) -> TakenOut:
    """Press "pay" on an attempt of one's own; the sandbox gateway sends its notice. Not in live
    mode. The same attempt is booked once, whatever the key."""
    taken = use_sandbox_pay.sandbox_pay(
        member_id=member_of(request).pk, out_trade_no=data.out_trade_no, now=clock.now()
    )
    return _taken(taken)


def _taken(taken: Taken) -> TakenOut:
    return TakenOut(outcome=taken.outcome, order_id=taken.order_id)
