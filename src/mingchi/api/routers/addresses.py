"""A member's delivery addresses, and the areas they stand in."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Done, Id, Input, Made, Name, Region
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import masking
from mingchi.foundation.errors import NotFoundError
from mingchi.members import address_text, addresses, areas
from mingchi.members.addresses import Place
from mingchi.members.areas import Area
from mingchi.members.models import Address
from mingchi.usecases import keep_addresses as use_addresses

router = GuardedRouter(tags=["addresses"])
areas_router = GuardedRouter(tags=["addresses"])
A_DAY_S = 86_400
Detail = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=PRINTABLE),
]


class AddressIn(Input):
    name: Name
    phone: str = Field(min_length=6, max_length=24, pattern=PRINTABLE)
    region: Region
    detail: Detail
    label: str = Field(default="", max_length=20, pattern=PRINTABLE)
    area_names: list[Annotated[str, StringConstraints(max_length=40)]] = Field(
        default=[], max_length=3, description="as the picker showed them; checked against `region`"
    )


class NewAddressIn(AddressIn):
    is_default: bool = False


class AddressOut(Schema):
    id: int
    name: str
    phone: str = Field(description="masked in lists")
    region: str
    area: str = Field(description="province, city and district by name")
    detail: str
    label: str
    is_default: bool
    is_current: bool = Field(description="false: the area has ceased to exist; choose another")


class PastedIn(Input):
    text: str = Field(min_length=1, max_length=address_text.LONGEST)


class ReadOut(Schema):
    """What was found in a pasted line. `unsure` names what to look at before saving."""

    name: str
    phone: str
    region: str | None
    area: str
    detail: str
    unsure: list[str]


class AreaOut(Schema):
    code: str
    name: str
    level: str
    is_last: bool = Field(description="an address can stand in it; nothing is below")
    children: list["AreaOut"] = Field(default=[], description="with `whole` only")


@router.get("", response=list[AddressOut], summary="My addresses")
def list_addresses(request: HttpRequest) -> list[AddressOut]:
    """The default first, then the newest; at most fifty. Phones are masked."""
    own = Address.objects.filter(member=member_of(request))
    return [_shown(found, masking.phone(found.phone)) for found in own]


@router.post("", response={201: Made}, summary="Add an address")
def add_address(request: HttpRequest, data: NewAddressIn) -> Status[Made]:
    """A new one; the first is the default."""
    made = use_addresses.add_address(
        member_id=member_of(request).pk, place=_place(data), is_default=data.is_default
    )
    return Status(201, Made(id=made))


@router.post("/read", response=ReadOut, summary="Read a pasted line")
def read_address(request: HttpRequest, data: PastedIn) -> ReadOut:
    """Find name, phone and area in a line; nothing is saved."""
    found = address_text.read(data.text)
    return ReadOut(
        name=found.name,
        phone=found.phone,
        region=found.region,
        area=found.area_name,
        detail=found.detail,
        unsure=list(found.unsure),
    )


@router.get("/{address_id}", response=AddressOut, summary="An address of mine")
def get_address(request: HttpRequest, address_id: Id) -> AddressOut:
    """One address, its phone in full, to be changed."""
    found = addresses.get(member_id=member_of(request).pk, address_id=address_id)
    return _shown(found, found.phone)


@router.put("/{address_id}", response=Done, summary="Change an address")
def edit_address(request: HttpRequest, address_id: Id, data: AddressIn) -> Done:
    """State it anew."""
    use_addresses.edit_address(
        member_id=member_of(request).pk, address_id=address_id, place=_place(data)
    )
    return Done()


@router.delete("/{address_id}", response=Done, summary="Delete an address")
def remove_address(request: HttpRequest, address_id: Id) -> Done:
    """Orders keep what they were sent to."""
    use_addresses.remove_address(member_id=member_of(request).pk, address_id=address_id)
    return Done()


@router.post("/{address_id}/default", response=Done, summary="Make it the default")
def set_default_address(request: HttpRequest, address_id: Id) -> Done:
    """The one that checkout proposes."""
    use_addresses.set_default_address(member_id=member_of(request).pk, address_id=address_id)
    return Done()


@areas_router.get("", response=list[AreaOut], summary="Provinces, cities, districts")
def list_areas(
    request: HttpRequest, within: Region | None = None, whole: bool = False
) -> HttpResponse:
    """One level, provinces unless `within` names an area; with `whole` everything below it too.
    It changes with a release of ours only: keep it, and ask with its ETag."""
    etag = f'"{areas.version()}-{within or ""}-{int(whole)}"'
    fresh = get_conditional_response(request, etag=etag)
    answer = fresh or JsonResponse(
        [_area(found, whole) for found in _level(within)],
        safe=False,
        json_dumps_params={"ensure_ascii": False, "separators": (",", ":")},
    )
    answer["ETag"] = etag
    answer["Cache-Control"] = f"public, max-age={A_DAY_S}"
    return answer


def _level(within: str | None) -> tuple[Area, ...]:
    if within is None:
        return areas.provinces()
    found = areas.find(within)
    if found is None:
        raise NotFoundError(field="within")
    return found.children


def _area(area: Area, whole: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "code": area.code,
        "name": area.name,
        "level": area.level,
        "is_last": area.is_last,
    }
    if whole:
        shown["children"] = [_area(child, whole) for child in area.children]
    return shown


def _place(data: AddressIn) -> Place:
    return Place(
        name=data.name,
        phone=data.phone,
        region=data.region,
        detail=data.detail,
        label=data.label,
        area_names=tuple(data.area_names),
    )


def _shown(found: Address, phone: str) -> AddressOut:
    return AddressOut(
        id=found.pk,
        name=found.name,
        phone=phone,
        region=found.region,
        area=addresses.area_name(found),
        detail=found.detail,
        label=found.label,
        is_default=found.is_default,
        is_current=addresses.area_of(found) is not None,
    )
