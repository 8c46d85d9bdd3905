"""Rows read and written by hand are what the ORM would have read and written."""

from datetime import timedelta

import pytest
from tests.usecases.shop import NOW, member

from mingchi.foundation import rows
from mingchi.foundation.models import Proposal
from mingchi.members.models import Member
from mingchi.usecases.open_platform import open_platform

pytestmark = pytest.mark.django_db


def plain(one: object) -> dict[str, object]:
    return {name: value for name, value in vars(one).items() if name != "_state"}


def test_what_is_read_is_what_the_orm_reads() -> None:
    open_platform()
    first, second = member(), member()
    found = rows.find(Member, "id = ANY (%s) ORDER BY id", [[second.pk, first.pk]])
    kept = [Member.objects.get(pk=one.pk) for one in (first, second)]
    assert [plain(one) for one in found] == [plain(one) for one in kept]
    assert rows.by_key(Member, second.pk + 1) is None
    assert not found[0]._state.adding


def proposal(n: int) -> Proposal:
    return Proposal(
        kind="plan",
        payload={"name": "é\n\"'%s", "n": [n]},
        asked_by=f"user:{n}",
        asked_at=NOW + timedelta(microseconds=n),
    )


def test_json_is_parsed() -> None:
    made = proposal(1)
    made.save()
    read = rows.by_key(Proposal, made.pk)
    assert read is not None
    assert read.payload == made.payload


def test_what_is_written_gets_keys_in_its_order() -> None:
    made = [proposal(n) for n in range(5)]
    rows.insert(made)
    assert [plain(Proposal.objects.get(pk=one.pk)) for one in made] == [plain(one) for one in made]
    again = Proposal.objects.get(pk=made[0].pk)
    again.pk = made[-1].pk + 1
    rows.insert([again])
    assert Proposal.objects.filter(pk=made[-1].pk + 1).exists()


def test_nothing_is_written_for_nothing() -> None:
    rows.insert([])
