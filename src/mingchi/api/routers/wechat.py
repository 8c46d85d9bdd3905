"""Signing in by WeChat, and whose WeChat is whose."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api.auth_shapes import SignedInOut, limit_tries, signed_in
from mingchi.api.fields import Done, Id, Input
from mingchi.api.principals import bearer_token, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock, context
from mingchi.members import wechat_client
from mingchi.members.models import WechatBinding
from mingchi.members.wechat_client import App
from mingchi.usecases import bind_wechat as use
from mingchi.usecases import sign_in as use_sign_in

router = GuardedRouter(tags=["members"])
payer_router = GuardedRouter(tags=["payments"])
Code = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern="^[!-~]+$")]


class WechatCodeIn(Input):
    client: App = Field(
        description="whose code it is: `wechat_mini` of wx.login in the mini-program, `wechat` of "
        "the redirect in the browser inside WeChat, `sandbox` any word"
    )
    code: Code


class WechatWaysOut(Schema):
    clients: list[App] = Field(description="where one may sign in by WeChat; empty: nowhere")
    authorize_url: str | None = Field(
        description="where the browser inside WeChat goes for a code, `{redirect_uri}` and "
        "`{state}` filled in; null: not offered"
    )


class TicketOut(Schema):
    ticket: str = Field(description="`wechat_ticket` of joining or signing in; good once")
    valid_minutes: int


class WechatSignInOut(Schema):
    """One of the two; the other is null."""

    signed_in: SignedInOut | None = Field(description="the member whose WeChat it is")
    ticket: TicketOut | None = Field(description="of a WeChat that is nobody's yet")


class WechatBindingOut(Schema):
    id: int
    client: App | None = Field(description="where it is used; null: an app that was ours once")
    openid: str = Field(description="masked")
    bound_at: datetime


@router.get("", response=WechatWaysOut, summary="Where one may sign in by WeChat")
def get_wechat_ways(request: HttpRequest) -> WechatWaysOut:
    """Depends on what the platform was told of WeChat; live mode has none so far."""
    return WechatWaysOut(
        clients=wechat_client.offered(), authorize_url=wechat_client.authorize_url()
    )


@router.post("/sign-in", response=WechatSignInOut, summary="Sign in by WeChat")
def sign_in_by_wechat(request: HttpRequest, data: WechatCodeIn) -> WechatSignInOut:
    """A token for whose WeChat it is. Nobody joins by this: who is not known gets a ticket, good
    for ten minutes, that binds their WeChat as they join or sign in by phone."""
    limit_tries(request, name="wechat", person=data.code)
    found = use_sign_in.sign_in_by_wechat(app=data.client, code=data.code, now=clock.now())
    if isinstance(found, use_sign_in.Unknown):
        ticket = TicketOut(ticket=found.ticket, valid_minutes=found.valid_minutes)
        return WechatSignInOut(signed_in=None, ticket=ticket)
    context.set_actor(f"member:{found.member_id}")
    return WechatSignInOut(signed_in=signed_in(found), ticket=None)


@router.get("/bindings", response=list[WechatBindingOut], summary="WeChats of mine")
def list_wechat_bindings(request: HttpRequest) -> list[WechatBindingOut]:
    """Those that sign in as me, at most one for each client."""
    rows = WechatBinding.objects.filter(member=member_of(request))
    return [
        WechatBindingOut(
            id=row.pk,
            client=wechat_client.app_of(row.app_id),
            openid=row.masked_openid,
            bound_at=row.bound_at,
        )
        for row in rows
    ]


@router.post("/bindings", response=Done, summary="Bind my WeChat")
def bind_wechat(request: HttpRequest, data: WechatCodeIn) -> Done:
    """The WeChat of this device signs in as me from now on. 409 `wechat_bound_elsewhere` where it
    is another member's, `wechat_bound` where I have another one there."""
    member_id = member_of(request).pk
    limit_tries(request, name="wechat", person=f"member:{member_id}")
    use.bind_wechat(member_id=member_id, app=data.client, code=data.code, now=clock.now())
    return Done()


@router.delete("/bindings/{binding_id}", response=Done, summary="Unbind a WeChat of mine")
def unbind_wechat(request: HttpRequest, binding_id: Id) -> Done:
    """It signs nobody in any more; who is signed in stays so."""
    use.unbind_wechat(member_id=member_of(request).pk, binding_id=binding_id)
    return Done()


@payer_router.post("/payer", response=Done, summary="Say who pays on this device")
def prove_payer(request: HttpRequest, data: WechatCodeIn) -> Done:
    """For ways that need to know, where no WeChat of mine is bound, or another one pays: by
    WeChat's word, and until I sign out. It binds nothing."""
    member_id = member_of(request).pk
    limit_tries(request, name="wechat", person=f"member:{member_id}")
    use.prove_payer(
        member_id=member_id, token=bearer_token(request), app=data.client, code=data.code
    )
    return Done()
