"""A member's delivery addresses: at most fifty, one of them the default."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import rows
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.members import areas, services
from mingchi.members.models import Address, Member

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Who gets it where. `area_names`, where given, are the names that the picker showed; they must
    be those of the code."""

    name: str
    phone: str
    region: str
    detail: str
    label: str = ""
    area_names: tuple[str, ...] = ()


def create(*, member_id: int, place: Place, is_default: bool = False) -> Address:
    """A new address; a member's first is the default.

    Errors: `addresses_full` 409, `phone_invalid`, `area_invalid`, `area_mismatch`.
    """
    values = _values(place)
    _lock(member_id)
    own = Address.objects.filter(member_id=member_id)
    count = own.count()
    if count >= MOST:
        raise ConflictError(
            "addresses_full",
            _("At most %(most)s addresses; delete one you don't need.") % {"most": MOST},
        )
    if is_default:
        own.update(is_default=False)
    return Address.objects.create(member_id=member_id, is_default=is_default or not count, **values)


def change(*, member_id: int, address_id: int, place: Place) -> None:
    """State an address anew. Errors as `create`, `not_found` 404."""
    values = _values(place)
    _lock(member_id)
    if not Address.objects.filter(pk=address_id, member_id=member_id).update(**values):
        raise NotFoundError()


def remove(*, member_id: int, address_id: int) -> None:
    """Delete it; where it was the default, the newest that is left becomes it."""
    _lock(member_id)
    address = get(member_id=member_id, address_id=address_id)
    address.delete()
    newest = Address.objects.filter(member_id=member_id).order_by("-pk").first()
    if address.is_default and newest is not None:
        Address.objects.filter(pk=newest.pk).update(is_default=True)


def make_default(*, member_id: int, address_id: int) -> None:
    """From now on this one is the default."""
    _lock(member_id)
    get(member_id=member_id, address_id=address_id)
    own = Address.objects.filter(member_id=member_id)
    own.filter(is_default=True).update(is_default=False)
    own.filter(pk=address_id).update(is_default=True)


def get(*, member_id: int, address_id: int) -> Address:
    """A member's own address, or `not_found` 404."""
    found = rows.find(Address, "id = %s AND member_id = %s", [address_id, member_id])
    if not found:
        raise NotFoundError()
    return found[0]


def area_of(address: Address) -> areas.Area | None:
    """The area as it is called now; None where it has ceased to exist, so that the member has to
    choose another before anything is sent there."""
    return areas.find(address.region)


def area_name(address: Address) -> str:
    """`浙江省 杭州市 西湖区`, as it is called now or was when it was chosen."""
    area = area_of(address)
    return address.area_name if area is None else areas.full_name(area)


def _values(place: Place) -> dict[str, str]:
    area = areas.find(place.region)
    if area is None or not area.is_last:
        raise DomainError(
            "area_invalid",
            _("There is no such district (any more). Choose the area again."),
            field="region",
        )
    names = tuple(found.name for found in areas.path(area))
    if place.area_names and _without_repeats(place.area_names) != names:
        raise DomainError(
            "area_mismatch",
            _("The code is that of %(area)s. Choose the area again.")
            % {"area": areas.full_name(area)},
            field="region",
            details={"area_names": list(names)},
        )
    return {
        "name": place.name,
        "phone": services.normalise_phone(place.phone),
        "region": area.code,
        "area_name": areas.full_name(area),
        "detail": place.detail,
        "label": place.label,
    }


def _without_repeats(names: tuple[str, ...]) -> tuple[str, ...]:
    """Pickers name a municipality twice: 北京市, 北京市, 朝阳区."""
    return tuple(dict.fromkeys(name for name in names if name))


def _lock(member_id: int) -> None:
    """One change of a member's addresses at a time."""
    assert connection.in_atomic_block
    Member.objects.select_for_update().only("pk").get(pk=member_id)
