"""Staff and the merchants who sell."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Before, Done, Id, Input, Limit, Made, Page
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.usecases import edit_merchants as use_merchants

router = GuardedRouter(tags=["staff: merchants"])


class MerchantOut(Schema):
    id: int
    name: str
    status: str


class MerchantIn(Input):
    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PRINTABLE),
    ]


class MerchantStatusIn(Input):
    status: Merchant.Status


class MerchantStaffIn(Input):
    user_id: Id
    role: MerchantStaff.Role


@router.get("/merchants", response=Page[MerchantOut], summary="Merchants")
def staff_list_merchants(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[MerchantOut]:
    """All, or those one works for."""
    rows = scope.for_user(Merchant.objects.all(), staff_of(request))
    return page(rows, MerchantOut.from_orm, limit=limit, before=before)


@router.post("/merchants", response={201: Made}, summary="Add a merchant")
def staff_add_merchant(request: HttpRequest, data: MerchantIn) -> Status[Made]:
    """A new merchant, open."""
    made = use_merchants.add_merchant(by=staff_of(request), name=data.name)
    return Status(201, Made(id=made))


@router.post("/merchants/{merchant_id}/status", response=Done, summary="Open or close a shop")
def staff_set_merchant_status(
    request: HttpRequest, merchant_id: Id, data: MerchantStatusIn
) -> Done:
    """What is ordered goes on."""
    use_merchants.set_merchant_status(
        by=staff_of(request), merchant_id=merchant_id, status=data.status.value
    )
    return Done()


@router.post("/merchants/{merchant_id}/staff", response={201: Made}, summary="Add its staff")
def staff_add_merchant_staff(
    request: HttpRequest, merchant_id: Id, data: MerchantStaffIn
) -> Status[Made]:
    """Let a staff account work for a merchant."""
    made = use_merchants.add_merchant_staff(
        by=staff_of(request),
        merchant_id=merchant_id,
        user_id=data.user_id,
        role=data.role.value,
    )
    return Status(201, Made(id=made))


@router.delete("/merchant-staff/{staff_id}", response=Done, summary="Remove a merchant's staff")
def staff_remove_merchant_staff(request: HttpRequest, staff_id: Id) -> Done:
    """The account does not work there any more."""
    use_merchants.remove_merchant_staff(by=staff_of(request), staff_id=staff_id)
    return Done()
