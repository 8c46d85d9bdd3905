"""Who is calling, and whether they may."""

from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from mingchi.api import permissions
from mingchi.foundation import clock, context, roles
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.members import services
from mingchi.members.models import Member
from mingchi.merchants import scope
from mingchi.merchants.models import MerchantStaff

KEY_HEADER = "Idempotency-Key"
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

    Nobody signed in: 401. Signed in without such a role: 403. A route that moves money without
    an idempotency key: 400.
    """

    def __init__(self, access: permissions.Access) -> None:
        self.access = access
        super().__init__()

    def __call__(self, request: HttpRequest) -> Principal | None:
        principal = _bearer(request) if bearer_token(request) else _session(request)
        if principal is None:
            return None
        context.set_actor(principal.actor)
        if not principal.roles & self.access.roles:
            raise DomainError("forbidden", _("Your role does not allow this."), status=403)
        if principal.is_read_only and request.method not in SAFE_METHODS:
            raise DomainError("read_only", _("This account may only look."), status=403)
        if self.access.moves_money and not request.headers.get(KEY_HEADER):
            raise DomainError(
                "idempotency_key_required",
                _("This request needs an Idempotency-Key, a new one for each wish."),
                field=KEY_HEADER,
            )
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


def guard(route: str) -> Guard | None:
    """The guard of a route after the table of permissions, None for one open to everybody."""
    access = permissions.of(route)
    if access == permissions.ANYBODY:
        return None
    kind = MemberBearer if access.roles == permissions.MEMBERS.roles else StaffSession
    return kind(access)


def idempotency_key(request: HttpRequest) -> str:
    """The key of a request that moves money; the guard saw that there is one."""
    return request.headers[KEY_HEADER]


def _bearer(request: HttpRequest) -> Principal | None:
    token = bearer_token(request)
    if not token:
        return None
    member = services.of_token(token, now=clock.now())
    if member is None:
        return None
    return Principal(
        actor=f"member:{member.pk}",
        roles=permissions.MEMBERS.roles,
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
        raise csrf_failed()
    return Principal(
        actor=f"user:{user.pk}",
        roles=staff_roles(user),
        is_read_only=user.is_read_only,
        user=user,
    )


def csrf_failed() -> DomainError:
    """The refusal of a change that may come from somebody else's page."""
    return DomainError(
        "csrf_failed", _("The CSRF token is missing or wrong. Load the page anew."), status=403
    )


def staff_roles(user: User) -> frozenset[str]:
    """Roles at the platform, and `merchant.ROLE` for what one is at any merchant."""
    at_merchants = MerchantStaff.objects.filter(user=user).values_list("role", flat=True)
    own = {permissions.STAFF, *scope.platform_roles(user)}
    own |= {f"merchant.{role}" for role in at_merchants}
    if user.is_superuser:
        own.add(roles.OWNER)
    return frozenset(own)
