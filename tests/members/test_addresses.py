"""A member's addresses: fifty at most, one default, in areas that there are."""

from dataclasses import replace
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from tests.usecases.shop import Shop, at_once, member

from mingchi.foundation.errors import DomainError
from mingchi.members import addresses
from mingchi.members.addresses import Place
from mingchi.members.models import Address, Member
from mingchi.usecases.keep_addresses import (
    add_address,
    edit_address,
    remove_address,
    set_default_address,
)

HOME = Place(name="张三", phone="138 0013 8000", region="330106", detail="文三路 1 号", label="家")


def defaults(of: Member) -> list[int]:
    own = Address.objects.filter(member=of, is_default=True)
    return list(own.values_list("pk", flat=True))


def test_the_first_is_the_default_and_there_is_one_only(shop: Shop) -> None:
    buyer = member()
    first = add_address(member_id=buyer.pk, place=HOME)
    second = add_address(member_id=buyer.pk, place=HOME)
    assert defaults(buyer) == [first]
    third = add_address(member_id=buyer.pk, place=HOME, is_default=True)
    assert defaults(buyer) == [third]
    set_default_address(member_id=buyer.pk, address_id=first)
    assert defaults(buyer) == [first]
    remove_address(member_id=buyer.pk, address_id=first)
    assert defaults(buyer) == [third]  # the newest of those left
    remove_address(member_id=buyer.pk, address_id=second)
    assert defaults(buyer) == [third]
    with pytest.raises(IntegrityError), transaction.atomic():
        Address.objects.create(member=buyer, phone="13800138000", region="330106", is_default=True)


def test_it_is_kept_as_it_should_be_spelt(shop: Shop) -> None:
    made = Address.objects.get(pk=add_address(member_id=member().pk, place=HOME))
    assert (made.phone, made.area_name) == ("13800138000", "浙江省 杭州市 西湖区")
    assert "13800138000" not in str(made)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"region": "330103"}, "area_invalid", "region"),  # ceased to exist
        ({"region": "330100"}, "area_invalid", "region"),  # a city that has districts
        ({"region": "999999"}, "area_invalid", "region"),
        ({"area_names": ("浙江省", "杭州市", "滨江区")}, "area_mismatch", "region"),
        ({"area_names": ("浙江省", "西湖区")}, "area_mismatch", "region"),
        ({"phone": "1380013"}, None, ""),
        ({"phone": "none"}, "phone_invalid", "phone"),
        ({"name": " "}, "text_invalid", "name"),
        ({"detail": "x" * 121}, "text_invalid", "detail"),
        ({"detail": "a\x00b"}, "text_invalid", "detail"),
    ],
)
def test_what_is_refused(
    shop: Shop, wrong: dict[str, object], code: str | None, field: str
) -> None:
    buyer = member()
    place = replace(HOME, **wrong)  # type: ignore[arg-type]
    kept = add_address(member_id=buyer.pk, place=HOME)
    for run in (
        partial(add_address, member_id=buyer.pk, place=place),
        partial(edit_address, member_id=buyer.pk, address_id=kept, place=place),
    ):
        if code is None:
            run()
            continue
        with pytest.raises(DomainError) as caught:
            run()
        assert (caught.value.code, caught.value.field) == (code, field)
    if code is not None:
        assert Address.objects.get(member=buyer).detail == HOME.detail


def test_names_of_a_municipality_may_be_given_twice(shop: Shop) -> None:
    names = ("北京市", "北京市", "朝阳区")
    place = replace(HOME, region="110105", area_names=names)
    add_address(member_id=member().pk, place=place)


def test_an_area_that_ceased_to_exist_stays_readable(shop: Shop) -> None:
    buyer = member()
    old = Address.objects.get(pk=add_address(member_id=buyer.pk, place=HOME))
    Address.objects.filter(pk=old.pk).update(region="330103", area_name="浙江省 杭州市 下城区")
    old.refresh_from_db()
    assert addresses.area_of(old) is None
    assert addresses.area_name(old) == "浙江省 杭州市 下城区"
    set_default_address(member_id=buyer.pk, address_id=old.pk)
    with pytest.raises(DomainError, match="area_invalid"):
        edit_address(member_id=buyer.pk, address_id=old.pk, place=replace(HOME, region="330103"))
    edit_address(member_id=buyer.pk, address_id=old.pk, place=HOME)
    old.refresh_from_db()
    assert addresses.area_name(old) == "浙江省 杭州市 西湖区"


def test_a_name_that_changed_is_shown_as_it_is_now(shop: Shop) -> None:
    address = Address.objects.get(pk=add_address(member_id=member().pk, place=HOME))
    address.area_name = "浙江省 杭州市 旧名"
    assert addresses.area_name(address) == "浙江省 杭州市 西湖区"


def test_anothers_address_is_not_there(shop: Shop) -> None:
    buyer, stranger = member(), member()
    mine = add_address(member_id=buyer.pk, place=HOME)
    words = {"member_id": stranger.pk, "address_id": mine}
    for run in (
        partial(addresses.get, **words),
        partial(edit_address, place=HOME, **words),
        partial(remove_address, **words),
        partial(set_default_address, **words),
    ):
        with pytest.raises(DomainError) as caught:
            run()
        assert caught.value.status == 404
    assert defaults(buyer) == [mine]


@pytest.mark.django_db(transaction=True)
def test_at_most_fifty_whoever_asks_at_once(shop: Shop) -> None:
    buyer = member()
    Address.objects.bulk_create(
        Address(member=buyer, phone="13800138000", region="330106") for _ in range(48)
    )
    answers = at_once([partial(add_address, member_id=buyer.pk, place=HOME)] * 6)
    full = [found for found in answers if isinstance(found, DomainError)]
    assert [error.code for error in full] == ["addresses_full"] * 4
    assert Address.objects.filter(member=buyer).count() == addresses.MOST
