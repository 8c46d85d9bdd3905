"""The owner and staff accounts: who works in the back office, and as what."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Before, Done, Id, Input, Limit, Page, Password, Reason
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation.models import User
from mingchi.usecases import edit_staff as use_staff

router = GuardedRouter(tags=["staff: accounts"])
Role = Annotated[str, StringConstraints(pattern="^[a-z]{1,20}$")]


class AccountOut(Schema):
    id: int
    username: str
    name: str
    roles: list[str]
    is_active: bool
    is_read_only: bool


class AccountIn(Input):
    username: str = Field(min_length=1, max_length=150, pattern="^[0-9A-Za-z@.+_-]+$")
    password: Password
    name: Annotated[str, StringConstraints(max_length=60, pattern=PRINTABLE)] = ""
    role: Role | None = None


class RolesIn(Input):
    roles: list[Role] = Field(max_length=10)
    reason: Reason


class ActiveIn(Input):
    active: bool
    reason: Reason


class PasswordIn(Input):
    password: Password


class MadeOut(Schema):
    id: int


@router.get("", response=Page[AccountOut], summary="Staff accounts")
def staff_list_accounts(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[AccountOut]:
    """Newest first."""
    rows = User.objects.filter(is_staff=True).prefetch_related("groups")
    return page(rows, _account, limit=limit, before=before)


@router.post("", response={201: MadeOut}, summary="Take somebody on")
def staff_add_account(request: HttpRequest, data: AccountIn) -> Status[MadeOut]:
    """A new account, with a platform role or none (for a merchant's staff)."""
    made = use_staff.add_staff(
        by=staff_of(request),
        username=data.username,
        password=data.password,
        name=data.name,
        role=data.role or "",
    )
    return Status(201, MadeOut(id=made))


@router.put("/{user_id}/roles", response=Done, summary="Give roles")
def staff_set_roles(request: HttpRequest, user_id: Id, data: RolesIn) -> Done:
    """These platform roles and no others; not one's own (403)."""
    use_staff.set_roles(by=staff_of(request), user_id=user_id, roles=data.roles, reason=data.reason)
    return Done()


@router.post("/{user_id}/active", response=Done, summary="Shut or open an account")
def staff_set_active(request: HttpRequest, user_id: Id, data: ActiveIn) -> Done:
    """Not one's own (403)."""
    use_staff.set_active(
        by=staff_of(request), user_id=user_id, active=data.active, reason=data.reason
    )
    return Done()


@router.post("/{user_id}/password", response=Done, summary="A new password")
def staff_set_password(request: HttpRequest, user_id: Id, data: PasswordIn) -> Done:
    """Ends the account's sessions."""
    use_staff.set_password(by=staff_of(request), user_id=user_id, password=data.password)
    return Done()


def _account(user: User) -> AccountOut:
    return AccountOut(
        id=user.pk,
        username=user.username,
        name=user.first_name,
        roles=sorted(group.name for group in user.groups.all()),
        is_active=user.is_active,
        is_read_only=user.is_read_only,
    )
