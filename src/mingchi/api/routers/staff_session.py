"""Staff sign in and out: a session cookie, and a CSRF token for every change."""

from django.contrib import auth
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.translation import gettext_lazy as _
from ninja import Field, Schema
from ninja.utils import check_csrf

from mingchi.api import principals
from mingchi.api.auth_shapes import limit_tries
from mingchi.api.fields import PRINTABLE, Done, Input
from mingchi.api.principals import principal_of, staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import context
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.merchants.models import MerchantStaff

router = GuardedRouter(tags=["staff: session"])


class CsrfOut(Schema):
    csrf_token: str = Field(description="send it as X-CSRFToken with every change")


class StaffSignInIn(Input):
    username: str = Field(min_length=1, max_length=150, pattern=PRINTABLE)
    password: str = Field(min_length=1, max_length=128, pattern=PRINTABLE)


class AtMerchant(Schema):
    merchant_id: int
    role: str


class StaffOut(Schema):
    id: int
    username: str
    roles: list[str]
    merchants: list[AtMerchant]
    is_read_only: bool


@router.get("/csrf", response=CsrfOut, summary="A CSRF token")
def staff_csrf(request: HttpRequest) -> CsrfOut:
    """Sets the cookie, and says the token that goes with it."""
    return CsrfOut(csrf_token=get_token(request))


@router.post("/sign-in", response=StaffOut, summary="Staff sign in")
def staff_sign_in(request: HttpRequest, data: StaffSignInIn) -> StaffOut:
    """Needs the CSRF token, as every change. Ten tries a quarter of an hour."""
    if check_csrf(request):
        raise principals.csrf_failed()
    limit_tries(request, name="staff_sign_in", person=data.username)
    user = auth.authenticate(request, username=data.username, password=data.password)
    if not isinstance(user, User) or not user.is_staff:
        raise DomainError("login_failed", _("Name or password is wrong."), status=401)
    auth.login(request, user)
    context.set_actor(f"user:{user.pk}")
    return _staff(user, principals.staff_roles(user))


@router.post("/sign-out", response=Done, summary="Staff sign out")
def staff_sign_out(request: HttpRequest) -> Done:
    """The session is over."""
    auth.logout(request)
    return Done()


@router.get("", response=StaffOut, summary="Who I am, as staff")
def staff_me(request: HttpRequest) -> StaffOut:
    """The account with its roles."""
    return _staff(staff_of(request), principal_of(request).roles)


def _staff(user: User, roles: frozenset[str]) -> StaffOut:
    at = MerchantStaff.objects.filter(user=user).order_by("id")
    return StaffOut(
        id=user.pk,
        username=user.username,
        roles=sorted(roles),
        merchants=[AtMerchant(merchant_id=each.merchant_id, role=each.role) for each in at],
        is_read_only=user.is_read_only,
    )
