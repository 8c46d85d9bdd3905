"""The door for events: each once, readable, with names that the settler can rely on."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction
from tests.rebates.online import member, order, record, redeem, refund, settle

from mingchi.engine.events import EventError
from mingchi.foundation import context
from mingchi.foundation.errors import DomainError
from mingchi.rebates import inbox, results
from mingchi.rebates.models import Event, Pending, Programme


def test_an_event_is_there_once(programme: Programme) -> None:
    (first,) = record(programme, [member(1)])
    (again,) = record(programme, [dict(reversed(member(1).items()))])  # in another order of keys
    assert again == first
    assert (Event.objects.count(), Pending.objects.count()) == (1, 1)
    settle(programme)
    assert record(programme, [member(1)]) == [first]
    assert (Event.objects.count(), Pending.objects.count()) == (1, 0)


def test_another_payload_under_the_same_key_is_a_conflict(programme: Programme) -> None:
    (first,) = record(programme, [order(1, 1, 500)])
    with pytest.raises(DomainError) as caught:
        record(programme, [order(1, 1, 501)])
    assert (caught.value.code, caught.value.status) == ("event_conflict", 409)
    assert caught.value.details == {"key": "o1"}
    assert Event.objects.get() == first
    assert '"price":500' in first.payload


def test_two_programmes_have_keys_of_their_own(programme: Programme) -> None:
    from tests.rebates.online import PLAN, found_programme

    other = found_programme(PLAN, code="other")
    assert record(programme, [member(1)]) != record(other, [member(1)])
    assert Pending.objects.filter(programme_id=other.pk).count() == 1


def test_eight_at_once_make_one_event(programme: Programme) -> None:
    barrier = Barrier(8)

    def call(_number: int) -> int:
        try:
            barrier.wait()
            return record(programme, [order(1, 1)])[0].pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(call, range(8)))
    assert found == {Event.objects.get().pk}
    assert Pending.objects.count() == 1


def test_what_is_undone_is_not_there(programme: Programme) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - both belong to it
        inbox.record(programme_id=programme.pk, key="m1", payload=member(1))
        raise RuntimeError
    assert not Event.objects.exists()
    assert not Pending.objects.exists()


def test_the_cause_is_kept(programme: Programme) -> None:
    with context.bound(request_id="request-7", actor="member:1"):
        (event,) = record(programme, [member(1)])
    assert (event.request_id, event.kind) == ("request-7", "member")
    assert event.payload == '{"id":"m1","sponsor":null,"type":"member"}'


def line(**changed: Any) -> dict[str, Any]:
    return order(1, 1, **changed)


UNREADABLE: dict[str, tuple[str, Any]] = {
    "no type": ("type", {"id": "m1"}),
    "unknown type": ("type", {"id": "m1", "type": "join"}),
    "a float": ("lines[0].price", line(price=1.0)),
    "0 pieces": ("lines[0].qty", line(qty=0)),
    "too much": ("lines[0].price", line(price=10**15 + 1)),
    "no sponsor stated": ("sponsor", {"id": "m1", "type": "member"}),
    "a region of three digits": ("region", {**order(1, 1), "region": "440"}),
    "a plan without a name": ("plan", {"id": "p1", "type": "plan", "plan": {}}),
    # Names that are not ours: the settler makes account numbers of them.
    "a member by name": ("member", redeem(1, 1) | {"member": "x y"}),
    "a member with a zero in front": ("member", redeem(1, 1) | {"member": "m01"}),
    "a member 0": ("member", redeem(1, 0)),
    "a member in other digits": ("member", redeem(1, 1) | {"member": "m١"}),
    "a member beyond the keys": ("member", redeem(1, 10**12)),
    "a member's line": ("member", redeem(1, 1) | {"member": "m1\n"}),
    "an order's key for a member": ("member", redeem(1, 1) | {"member": "o1"}),
    "a sponsor by name": ("sponsor", member(1) | {"sponsor": "boss"}),
    "a refund of a member": ("order", refund(1, 1, 5) | {"order": "m1"}),
    "a key of another kind": ("id", order(1, 1) | {"id": "c1"}),
    "a member of another key": ("id", member(1) | {"id": "x y"}),
    "no merchant": ("lines[0].merchant", line(merchant=None)),
    "a merchant by name": ("lines[0].merchant", line(merchant="self")),
    "a merchant with a minus": ("lines[0].merchant", line(merchant="-1")),
    "half a character": ("", {"id": "c1", "type": "close", "period": "\ud800"}),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_is_no_event_of_ours_is_refused(db: None, case: str) -> None:
    field, payload = UNREADABLE[case]
    with transaction.atomic(), pytest.raises(EventError) as caught:
        inbox.record(programme_id=1, key=payload["id"], payload=payload)
    assert caught.value.field == field
    assert not Event.objects.exists()
    assert not Pending.objects.exists()


def test_the_largest_keys_and_any_text_are_taken(programme: Programme) -> None:
    biggest = 10**12 - 1
    period = '\\"\t\u0000中'
    settle(
        programme,
        [
            member(biggest),
            order(biggest, biggest, merchant=str(biggest)),
            {"type": "close", "id": "c1", "period": period},
        ],
    )
    assert not Pending.objects.exists()
    found = results.result(Event.objects.get(kind="order").pk)
    assert found is not None
    assert found.answer["grants"] == [{"member": f"m{biggest}", "points": 210_000_000}]


def test_it_belongs_to_a_transaction(transactional_db: None) -> None:
    assert not connection.in_atomic_block
    with pytest.raises(AssertionError):
        inbox.record(programme_id=1, key="m1", payload=member(1))
