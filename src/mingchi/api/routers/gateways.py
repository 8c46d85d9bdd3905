"""What payment gateways call: each is answered in its own words, or it would call again all day."""

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field
from ninja.errors import HttpError

from mingchi.api.client import address
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock, rate_limit
from mingchi.foundation.errors import DomainError
from mingchi.usecases.take_payment import LONGEST_BODY, Taken, take_payment

router = GuardedRouter(tags=["payments"])
# Gateways send from a few addresses, a notice a payment; a flood of anything else stops here.
PER_ADDRESS, WINDOW_S = 3000, 60


@router.post("/{gateway}/notice", summary="A gateway's signed notice")
def gateway_notice(
    request: HttpRequest, gateway: Annotated[str, Field(pattern="^[a-z]{1,20}$")]
) -> HttpResponse:
    """Believed by its signature and time alone; kept as it came; applied once. WeChat gets 204 or
    JSON with `code`, Alipay `success` or `fail` as plain text, the sandbox JSON."""
    rate_limit.hit(name="notice", key=address(request), limit=PER_ADDRESS, window_s=WINDOW_S)
    if int(request.headers.get("Content-Length") or 0) > 4 * LONGEST_BODY:
        raise HttpError(413, "too large")
    agree, refuse = ANSWERS.get(gateway, (_agree, None))
    try:
        taken = take_payment(
            gateway=gateway, body=request.body, headers=dict(request.headers), now=clock.now()
        )
    except DomainError as error:
        if refuse is None or error.code != "notice_refused":
            raise
        return refuse(error)
    return agree(taken)


def _agree(taken: Taken) -> HttpResponse:
    return JsonResponse({"outcome": taken.outcome, "order_ids": list(taken.order_ids)})


def _agree_wechat(_taken: Taken) -> HttpResponse:
    return HttpResponse(status=204)


def _refuse_wechat(error: DomainError) -> HttpResponse:
    reason = str(error.details["reason"])
    return JsonResponse({"code": "FAIL", "message": reason}, status=error.status)


def _agree_alipay(_taken: Taken) -> HttpResponse:
    return HttpResponse("success", content_type="text/plain")


def _refuse_alipay(error: DomainError) -> HttpResponse:
    return HttpResponse("fail", content_type="text/plain", status=error.status)


Agree = Callable[[Taken], HttpResponse]
Refuse = Callable[[DomainError], HttpResponse]
ANSWERS: dict[str, tuple[Agree, Refuse | None]] = {
    "wechat": (_agree_wechat, _refuse_wechat),
    "alipay": (_agree_alipay, _refuse_alipay),
}
