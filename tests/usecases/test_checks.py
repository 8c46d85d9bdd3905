"""What is refused at the door, before the database could choke on it."""

import pytest
from tests.usecases.shop import NOW, Shop, member

from mingchi.catalogue import finding
from mingchi.foundation.errors import DomainError
from mingchi.members import services as members
from mingchi.usecases import checks
from mingchi.usecases.publish_plan import draft_plan
from mingchi.usecases.sandbox_pay import sandbox_pay


@pytest.mark.parametrize("value", ["x" * 11, "a\x00b", "\ud800", "\x1b[0m", ""])
def test_texts(value: str) -> None:
    with pytest.raises(DomainError) as caught:
        checks.text(value, field="name", longest=10, needed=True)
    assert (caught.value.code, caught.value.field) == ("text_invalid", "name")


def test_texts_that_are_well() -> None:
    assert checks.text(" 李\n雷 ", field="name", longest=10) == "李\n雷"
    assert checks.text("", field="name", longest=10) == ""


@pytest.mark.parametrize("value", [0, -1, True, 10**12 + 1, 10**30])
def test_amounts(value: int) -> None:
    with pytest.raises(DomainError, match="amount_"):
        checks.amount(value)


@pytest.mark.parametrize("value", ["44030", "4403055", "４４０３０５", "44030a", "44"])
def test_regions(value: str) -> None:
    with pytest.raises(DomainError, match="region_invalid"):
        checks.region(value)


def test_bytes_that_postgresql_does_not_take(shop: Shop) -> None:
    with pytest.raises(DomainError, match="invitation_unknown"):
        members.by_invitation("\x00BCDEFGH")
    with pytest.raises(DomainError, match="not_found"):
        sandbox_pay(member_id=member().pk, out_trade_no="\x00", now=NOW)
    with pytest.raises(DomainError, match="text_invalid"):
        draft_plan(by=shop.owner, toml="\x00")
    assert finding.find(finding.Wanted(search="\x00"), limit=1).cards == []
