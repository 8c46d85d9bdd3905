"""In which order events are taken, and by whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from tests.rebates.online import (
    answer,
    differences,
    in_order,
    keys_in_order,
    member,
    order,
    record,
    redeem,
    refund,
    settle,
    settler,
    until_quiet,
)

from mingchi.ledger.models import Batch
from mingchi.rebates import inbox, queries, results
from mingchi.rebates.models import Event, Pending, PricePoint, Programme, SetAside
from mingchi.rebates.settlement import FenceError, Settler, settle_pending


def elsewhere(call: Callable[[], Any]) -> Any:
    """On a connection of its own."""

    def run() -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        return other.submit(run).result()


def test_numbers_follow_the_order_of_ids_without_a_gap(programme: Programme) -> None:
    record(programme, [member(1), *(order(n, 1) for n in range(1, 8))])
    with settler(programme) as one:
        sizes = [one.settle(limit=3) for _ in range(4)]
    assert sizes == [3, 3, 2, 0]
    entries = in_order(programme)
    assert [entry.number for entry in entries] == list(range(1, 9))
    assert {entry.programme_id for entry in entries} == {programme.pk}
    assert [entry.event_id for entry in entries] == sorted(entry.event_id for entry in entries)
    batches = Batch.objects.filter(programme_id=programme.pk).order_by("number")
    assert [(b.number, b.first_entry, b.last_entry, b.size) for b in batches] == [
        (1, 1, 3, 3),
        (2, 4, 6, 3),
        (3, 7, 8, 2),
    ]


def test_a_refusal_has_a_number_and_an_answer(programme: Programme) -> None:
    settle(programme, [member(1), order(1, 7), refund(1, 9, 5)])
    found = results.result(Event.objects.get(key="o1").pk)
    assert found is not None
    assert (found.status, found.number, found.error) == ("refused", 2, "unknown member")
    assert answer("r1") == {"id": "r1", "error": "unknown order"}
    assert differences(programme) == []


def test_a_late_commit_is_not_skipped(programme: Programme) -> None:
    """Whose id was given first and who committed last still gets a number: the next one."""
    with transaction.atomic():
        inbox.record(programme_id=programme.pk, key="m1", payload=member(1))
        elsewhere(lambda: settle(programme, [member(2)]))
        assert elsewhere(lambda: keys_in_order(programme)) == ["m2"]
    settle(programme)
    assert keys_in_order(programme) == ["m2", "m1"]
    assert differences(programme) == []


def test_a_redemption_overtakes_a_backlog(programme: Programme) -> None:
    settle(programme, [member(1), order(1, 1)])
    record(programme, [*(order(n, 1) for n in range(2, 10)), redeem(1, 1, 5), order(10, 1)])
    with settler(programme) as one:
        one.settle(limit=3)
        assert keys_in_order(programme)[2:] == ["o2", "o3", "d1"]
        until_quiet(one)
    assert keys_in_order(programme)[5:] == [f"o{n}" for n in range(4, 11)]
    assert differences(programme) == []


def test_it_overtakes_nothing_where_all_is_taken_at_once(programme: Programme) -> None:
    settle(programme, [member(1), order(1, 1), redeem(1, 1, 5), order(2, 1)])
    assert keys_in_order(programme) == ["m1", "o1", "d1", "o2"]


def close(number: int) -> dict[str, Any]:
    return {"type": "close", "id": f"c{number}", "period": "x"}


@pytest.mark.parametrize("threaded", [False, True])
def test_a_close_comes_alone(programme: Programme, threaded: bool) -> None:
    record(programme, [member(1), order(1, 1), close(1), close(2), order(2, 1), close(3)])
    with settler(programme, threaded=threaded) as one:
        sizes = [one.settle() for _ in range(6)]
    assert sizes == [2, 1, 1, 1, 1, 0]
    assert keys_in_order(programme) == ["m1", "o1", "c1", "c2", "o2", "c3"]
    assert differences(programme) == []


# --- one settler a programme --------------------------------------------------------------------


def test_a_second_settler_is_kept_out(programme: Programme) -> None:
    with settler(programme):
        assert elsewhere(lambda: Settler(programme.pk).take_over(wait=False)) is False
    assert elsewhere(lambda: Settler(programme.pk).take_over(wait=False)) is True


def test_each_programme_has_its_own(programme: Programme) -> None:
    from tests.rebates.online import found_programme

    other = found_programme(code="other")
    with settler(programme):
        record(other, [member(1), order(1, 1)])
        assert elsewhere(lambda: settle_pending(other.pk)) == 2
    assert keys_in_order(other) == ["m1", "o1"]
    assert keys_in_order(programme) == []


def test_one_whose_fence_was_passed_commits_nothing(programme: Programme) -> None:
    old = Settler(programme.pk)
    assert old.take_over(wait=False)
    record(programme, [member(1), order(1, 1)])
    old.settle(limit=1)  # it has the programme in memory now
    new = Settler(programme.pk)
    assert new.take_over(wait=False)
    with pytest.raises(FenceError):
        old.settle()
    assert keys_in_order(programme) == ["m1"]
    assert Pending.objects.count() == 1
    until_quiet(new)
    record(programme, [order(2, 1)])
    with pytest.raises(FenceError):
        old.settle()
    until_quiet(new)
    old.release()
    new.release()
    assert keys_in_order(programme) == ["m1", "o1", "o2"]
    assert differences(programme) == []


def test_what_somebody_else_settled_is_not_settled_again(programme: Programme) -> None:
    """The fence stands, but the tables went on: memory is not the truth then."""
    record(programme, [member(1), order(1, 1)])
    with settler(programme) as one:
        one.settle(limit=1)
        Programme.objects.filter(pk=programme.pk).update(last_entry=5)
        with pytest.raises(FenceError):
            one.settle()
    assert Pending.objects.count() == 1


# --- what is asked about them -------------------------------------------------------------------


def test_a_result_is_waited_for(programme: Programme) -> None:
    (event,) = record(programme, [member(1)])
    assert results.wait(event.pk, timeout_s=0.05) is None
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(
            lambda: (results.wait(event.pk, timeout_s=20), connections.close_all())[0]
        )
        settle(programme)
        found = waiting.result()
    assert found is not None
    assert (found.status, found.number, found.error) == ("settled", 1, None)
    assert found.answer == {"id": "m1", "pool": 0, "supply": 0, "price": "1.000000"}


def test_figures_of_the_settler(programme: Programme) -> None:
    empty = queries.settler_stats(programme)
    assert (empty["queued"], empty["oldest_at"], empty["last_batch_size"]) == (0, None, 0)
    record(programme, [member(1), order(1, 1)])
    waiting = queries.settler_stats(programme)
    assert waiting["queued"] == 2
    assert waiting["oldest_at"] == Event.objects.get(key="m1").created_at
    settle(programme)
    programme.refresh_from_db()
    done = queries.settler_stats(programme)
    assert (done["queued"], done["last_batch"], done["last_batch_size"]) == (0, 1, 2)
    assert done["set_aside"] == SetAside.objects.count() == 0


def test_the_price_of_each_batch_is_kept(programme: Programme) -> None:
    settle(programme, [member(1), order(1, 1)])
    settle(programme, [order(2, 1)])
    latest, first = queries.price_history(programme)
    assert (first.batch, first.pool_fen, first.supply_upt) == (1, 30_000, 210_000_000)
    assert (latest.batch, latest.pool_fen, latest.supply_upt) == (2, 60_000, 357_000_000)
    assert PricePoint.objects.count() == 2
    assert queries.price_history(programme, limit=1) == [latest]
    assert [event.key for event in queries.events(programme, limit=2)] == ["o2", "o1"]
    before = Event.objects.get(key="o1").pk
    assert [event.key for event in queries.events(programme, before=before)] == ["m1"]


@pytest.mark.parametrize("points", [1, 1_000_000, 123_456_789, "all"])
def test_what_is_quoted_is_paid(programme: Programme, points: Any) -> None:
    settle(programme, [member(1), member(2, 1), order(1, 1), order(2, 2), order(3, 1, 333)])
    quote = queries.quote(1, points)
    settle(programme, [redeem(1, 1, quote.points_upt, min_net=quote.net_fen)])
    assert answer("d1")["redemption"] == {
        "gross": quote.gross_fen,
        "fee": quote.fee_fen,
        "net": quote.net_fen,
    }
    if points == "all":
        assert queries.holding(1) == 0
        (position,) = queries.positions(1)
        assert (position.number, position.paid_fen) == (1, quote.net_fen)


def test_what_cannot_be_quoted(programme: Programme) -> None:
    from mingchi.foundation.errors import DomainError

    settle(programme, [member(1), order(1, 1)])
    for points in (0, -1, 210_000_001):
        with pytest.raises(DomainError) as caught:
            queries.quote(1, points)
        assert (caught.value.code, caught.value.status) == ("insufficient_points", 409)
        assert caught.value.details == {"held_upt": 210_000_000}
    with pytest.raises(DomainError, match="insufficient_points"):
        queries.quote(2, "all")


def test_the_standing_price_outlives_the_supply(programme: Programme) -> None:
    assert queries.standing(programme).price == "1.000000"
    settle(programme, [member(1), order(1, 1), order(2, 1), redeem(1, 1)])
    programme.refresh_from_db()
    standing = queries.standing(programme)
    assert (standing.pool_fen, standing.supply_upt, standing.last_entry) == (0, 0, 4)
    assert standing.price == "1.680672"
