"""Who is calling, and whether they may."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from mingchi.api import permissions
from mingchi.api.fields import MAX_ID
from mingchi.foundation import clock, context
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.members import services
from mingchi.members.models import Member
from mingchi.merchants import scope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A member or somebody of staff, with the roles they have on this route."""

    actor: str
    roles: frozenset[str]
    is_read_only: bool = False
    member: Member | None = None
    user: User | None = None


def member_of(request: HttpRequest) -> Member:
    """The member who calls a route for members."""
    member = principal_of(request).member
    assert member is not None
    return member


def staff_of(request: HttpRequest) -> User:
    """The staff account that calls a route for staff."""
    user = principal_of(request).user
    assert user is not None
    return user


def principal_of(request: HttpRequest) -> Principal:
    principal: Principal = request.auth  # type: ignore[attr-defined]
    return principal


class Guard(AuthBase):
    """Lets those through who have one of the route's roles.

    Nobody signed in: 401. Signed in without such a role: 403. No staff of the merchant that the
    path names: 404, as if it were not there.
    """

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles
        super().__init__()

    def __call__(self, request: HttpRequest) -> Principal | None:
        principal = _bearer(request) if bearer_token(request) else _session(request)
        if principal is None:
            return None
        context.set_actor(principal.actor)
        if not principal.roles & self.roles:
            raise DomainError("forbidden", _("Your role does not allow this."), status=403)
        if principal.is_read_only and request.method not in SAFE_METHODS:
            raise DomainError("read_only", _("This account may only look."), status=403)
        return principal


class MemberBearer(Guard):
    """A member's token: `Authorization: Bearer …`."""

    openapi_type: ClassVar[str] = "http"
    openapi_scheme: ClassVar[str] = "bearer"


class StaffSession(Guard):
    """Staff's session cookie; changes need the CSRF token in `X-CSRFToken`."""

    openapi_type: ClassVar[str] = "apiKey"
    openapi_in: ClassVar[str] = "cookie"
    openapi_name: ClassVar[str] = "sessionid"


def guard(route: str) -> Any:
    """The guard of a route after the table of permissions, None for one open to everybody."""
    roles = permissions.of(route)
    if roles == permissions.EVERYBODY:
        return None
    return MemberBearer(roles) if roles == permissions.MEMBERS else StaffSession(roles)


def _bearer(request: HttpRequest) -> Principal | None:
    token = bearer_token(request)
    if not token:
        return None
    member = services.of_token(token, now=clock.now())
    if member is None:
        return None
    return Principal(
        actor=f"member:{member.pk}",
        roles=permissions.MEMBERS,
        is_read_only=member.is_read_only,
        member=member,
    )


def bearer_token(request: HttpRequest) -> str:
    """The token of the Authorization header, `""` where there is none we could have given out."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token.isascii() else ""


def _session(request: HttpRequest) -> Principal | None:
    user = request.user
    if not isinstance(user, User) or not user.is_staff:
        return None
    if request.method not in SAFE_METHODS and check_csrf(request):
        raise DomainError(
            "csrf_failed",
            _("The CSRF token is missing or wrong. Load the page anew."),
            status=403,
        )
    return Principal(
        actor=f"user:{user.pk}",
        roles=_staff_roles(request, user),
        is_read_only=user.is_read_only,
        user=user,
    )


def _staff_roles(request: HttpRequest, user: User) -> frozenset[str]:
    own = scope.platform_roles(user) | {permissions.STAFF}
    if user.is_superuser:
        own |= {permissions.OWNER}
    match = request.resolver_match
    merchant_id = match.kwargs.get("merchant_id") if match else None
    if merchant_id is None:
        return own
    if not str(merchant_id).isdecimal() or int(merchant_id) > MAX_ID:
        raise NotFoundError()
    there = scope.merchant_roles(user, int(merchant_id))
    if not there:
        raise NotFoundError()
    return own | {f"merchant.{role}" for role in there}
