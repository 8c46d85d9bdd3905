"""A member keeps delivery addresses."""

from dataclasses import replace

from django.db import transaction

from mingchi.members import addresses
from mingchi.members import services as members
from mingchi.members.addresses import Place
from mingchi.usecases import checks


def add_address(*, member_id: int, place: Place, is_default: bool = False) -> int:
    """A new address; returns its key. Errors: `addresses_full` 409, `phone_invalid`,
    `area_invalid`, `area_mismatch`, `text_invalid`."""
    place = _checked(place)
    with transaction.atomic():
        member = members.acting(member_id)
        return addresses.create(member_id=member.pk, place=place, is_default=is_default).pk


def edit_address(*, member_id: int, address_id: int, place: Place) -> None:
    """State an address anew. Errors as `add_address`, `not_found` 404."""
    place = _checked(place)
    with transaction.atomic():
        member = members.acting(member_id)
        addresses.change(member_id=member.pk, address_id=address_id, place=place)


def remove_address(*, member_id: int, address_id: int) -> None:
    """Delete it; orders keep what they were sent to. Errors: `not_found` 404."""
    with transaction.atomic():
        addresses.remove(member_id=members.acting(member_id).pk, address_id=address_id)


def set_default_address(*, member_id: int, address_id: int) -> None:
    """Make it the default. Errors: `not_found` 404."""
    with transaction.atomic():
        addresses.make_default(member_id=members.acting(member_id).pk, address_id=address_id)


def _checked(place: Place) -> Place:
    return replace(
        place,
        name=checks.text(place.name, field="name", longest=60, needed=True),
        detail=checks.text(place.detail, field="detail", longest=120, needed=True),
        label=checks.text(place.label, field="label", longest=20),
    )
