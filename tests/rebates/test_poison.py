"""An event that cannot be taken is found, set aside and shown; the rest goes on."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from django.db import DatabaseError, connection
from tests.rebates.online import (
    Payload,
    answer,
    change,
    differences,
    keys_in_order,
    member,
    order,
    record,
    redeem,
    refund,
    settle,
    settler,
    until_quiet,
    wallet,
)

from mingchi.rebates import inbox, results, settlement
from mingchi.rebates.models import Event, Pending, Programme, SetAside
from mingchi.rebates.settlement import FenceError, Settler

# 10^15 fen a million times: more than a bigint holds, though each number is a lawful amount.
TOO_MUCH = {"price_fen": 10**15, "qty": 10**6, "cost": 0}


def shelf() -> dict[str, str]:
    """The keys set aside, with what each was set aside for."""
    return dict(SetAside.objects.order_by("event_id").values_list("event__key", "depends_on"))


def overwrite(key: str, payload: str) -> None:
    """Tamper with an event in the table, past its guard."""
    change("UPDATE rebates_event SET payload = %s WHERE key = %s", payload, key)


def some(*, bad: int, count: int = 9) -> list[Payload]:
    return [member(1), member(2, 1)] + [
        order(n, 2, **TOO_MUCH) if n == bad else order(n, 2) for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("threaded", [False, True])
@pytest.mark.parametrize("bad", [1, 5, 9])
def test_one_order_too_many_for_a_column(programme: Programme, bad: int, threaded: bool) -> None:
    record(programme, some(bad=bad))
    with settler(programme, threaded=threaded) as one:
        until_quiet(one)
    assert shelf() == {f"o{bad}": ""}
    assert "bigint" in SetAside.objects.get().error
    settled = [f"o{n}" for n in range(1, 10) if n != bad]
    assert keys_in_order(programme) == ["m1", "m2", *settled]
    assert wallet(1) == 8 * 10_000
    assert not Pending.objects.exists()
    assert differences(programme) == []


def test_two_among_many(programme: Programme) -> None:
    payloads = some(bad=3, count=20)
    payloads[15] = order(14, 2, **TOO_MUCH)
    settle(programme, payloads)
    assert set(shelf()) == {"o3", "o14"}
    assert len(keys_in_order(programme)) == 20
    assert differences(programme) == []


def test_large_batches_come_back_afterwards(programme: Programme) -> None:
    record(programme, some(bad=5))
    with settler(programme) as one:
        until_quiet(one)
        sizes = []
        for first in range(100, 200, 20):
            record(programme, [order(first + n, 2) for n in range(20)])
            sizes.append(one.settle())
            until_quiet(one)
    assert sizes[0] < 20
    assert sizes[-1] == 20


def test_settle_pending_leaves_nothing_behind_a_poisoned_one(programme: Programme) -> None:
    record(programme, some(bad=1))
    assert settlement.settle_pending(programme.pk) == 11
    assert not Pending.objects.exists()
    assert set(shelf()) == {"o1"}


def test_its_refund_is_set_aside_with_it_and_put_back_after_it(programme: Programme) -> None:
    settle(programme, [*some(bad=5), refund(1, 5, 100), refund(2, 4, 100)])
    assert shelf() == {"o5": "", "r1": "o5"}
    found = results.result(Event.objects.get(key="r1").pk)
    assert found is not None
    assert (found.status, found.error) == ("set_aside", "o5 was set aside")
    assert answer("r2")["refund"]["pool"] > 0
    # A refund that comes later, too.
    settle(programme, [refund(3, 5, 100)])
    assert shelf() == {"o5": "", "r1": "o5", "r3": "o5"}
    # Put back before what it depends on, it comes back to the shelf.
    inbox.put_back(Event.objects.get(key="r3"))
    settle(programme)
    assert shelf() == {"o5": "", "r1": "o5", "r3": "o5"}
    assert differences(programme) == []


def test_what_depends_on_a_member(programme: Programme) -> None:
    record(programme, [member(1), member(2, 1), member(3, 2), order(1, 3), refund(1, 1, 5)])
    readable = Event.objects.get(key="m2").payload
    overwrite("m2", "{")
    settle(programme, [order(2, 1), redeem(1, 3)])
    assert shelf() == {"m2": "", "m3": "m2", "o1": "m3", "r1": "o1", "d1": "m3"}
    assert keys_in_order(programme) == ["m1", "o2"]
    assert "not readable" in SetAside.objects.get(event__key="m2").error
    assert differences(programme) == []

    overwrite("m2", readable)
    for key in ("m2", "m3", "o1", "r1", "d1"):
        inbox.put_back(Event.objects.get(key=key))
    assert results.result(Event.objects.get(key="d1").pk) is None
    settle(programme)
    assert shelf() == {}
    assert keys_in_order(programme) == ["m1", "o2", "m2", "m3", "o1", "r1", "d1"]
    assert answer("d1")["redemption"]["net"] > 0
    assert differences(programme) == []


SPOILT: dict[str, str] = {
    "cut short": '{"id":"o1","lines":[',
    "no object": "[1]",
    "nested beyond reading": "[" * 100_000,
    "of no kind": '{"id":"o1","type":"ordre"}',
    "of a member by name": '{"id":"o1","lines":[{"price":5,"qty":1,"merchant":"1"}],'
    '"member":"x y","type":"order"}',
    "of no merchant": '{"id":"o1","lines":[{"price":5,"qty":1,"cost":1}],"member":"m1",'
    '"type":"order"}',
}


@pytest.mark.parametrize("case", SPOILT)
def test_an_event_that_was_spoilt_in_the_table(programme: Programme, case: str) -> None:
    """However it came to that: it stops nobody else, and the settler does not die of it."""
    record(programme, [member(1), order(1, 1), order(2, 1)])
    overwrite("o1", SPOILT[case])
    settle(programme, [order(3, 1)])
    assert shelf() == {"o1": ""}
    assert keys_in_order(programme) == ["m1", "o2", "o3"]
    assert differences(programme) == []


def test_a_newcomer_is_not_taken_for_the_one_at_fault(programme: Programme) -> None:
    """A redemption that comes in while a batch of one fails would be first in the queue."""
    settle(programme, [member(1), order(1, 1)])
    record(programme, [order(2, 1, **TOO_MUCH), order(3, 1)])
    failures = []

    def fail_and_overtake(work: Callable[[], None]) -> "Future[None]":
        done = settlement.at_once(work)
        if done.exception():
            failures.append(str(done.exception()))
            if len(failures) == 2:  # of the two orders, then of the one alone
                record(programme, [redeem(1, 1)])
        return done

    one = Settler(programme.pk, submit=fail_and_overtake)
    one.take_over(wait=True)
    until_quiet(one)
    one.release()
    assert len(failures) == 2
    assert shelf() == {"o2": ""}
    assert keys_in_order(programme) == ["m1", "o1", "d1", "o3"]


def test_what_depends_on_an_event_whose_setting_aside_is_on_its_way(programme: Programme) -> None:
    """The next batch is worked out while this one is written: it must not be worked out without
    knowing what this one sets aside."""
    record(programme, [member(1), order(1, 1)])
    overwrite("m1", "{")
    settle(programme)
    assert set(shelf()) == {"m1", "o1"}
    waiting: list[Any] = []

    def later(work: Callable[[], None]) -> "Future[None]":
        waiting.append(work)
        return Late(work)

    one = Settler(programme.pk, submit=later)
    one.take_over(wait=True)
    record(programme, [member(2, 1)])
    one.settle()
    record(programme, [order(2, 2)])
    until_quiet(one)
    one.release()
    assert len(waiting) == 2
    assert shelf() == {"m1": "", "o1": "m1", "m2": "m1", "o2": "m2"}
    assert keys_in_order(programme) == []


class Late(Future[None]):
    """Work that is only done when somebody waits for it: the latest that any thread may be."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work: Callable[[], None] | None = work

    def result(self, timeout: float | None = None) -> None:
        self.exception()
        super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        work, self._work = self._work, None
        if work is not None:
            done = settlement.at_once(work)
            error = done.exception()
            self.set_exception(error) if error else self.set_result(None)
        return super().exception(0)


@pytest.mark.parametrize("spoil", ["{", ""])
def test_a_settler_that_was_replaced_sets_nothing_aside(programme: Programme, spoil: str) -> None:
    old, new = Settler(programme.pk), Settler(programme.pk)
    assert old.take_over(wait=False)
    assert new.take_over(wait=False)  # on the same connection, as after a lock lost unnoticed
    record(programme, [order(1, 1, **({} if spoil else TOO_MUCH))])
    if spoil:
        overwrite("o1", spoil)
    with pytest.raises(FenceError):
        until_quiet(old)
    assert shelf() == {}
    until_quiet(new)
    assert (shelf() == {"o1": ""}) or keys_in_order(programme) == ["o1"]
    old.release()
    new.release()


def test_a_fault_of_the_database_is_nobodys(programme: Programme) -> None:
    """Where nothing can be written, nothing is set aside either."""
    record(programme, [member(1), order(1, 1)])
    with settler(programme) as one:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        try:
            with pytest.raises(DatabaseError):
                until_quiet(one)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = off")
        assert shelf() == {}
        assert Pending.objects.count() == 2
        until_quiet(one)
    assert keys_in_order(programme) == ["m1", "o1"]
