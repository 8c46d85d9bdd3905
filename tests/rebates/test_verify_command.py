"""`mingchi verify` as it is called, what only hashes can tell, and the heads outside."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from django.db import connections
from tests.rebates.online import (
    change,
    differences,
    member,
    order,
    record,
    refund,
    settle,
    settler,
)

from mingchi.cli import main as mingchi
from mingchi.ledger.verify import Difference
from mingchi.rebates import heads, verify
from mingchi.rebates.models import Event, Programme
from mingchi.rebates.recompute import Recomputation
from mingchi.rebates.settlement import Settler


@pytest.fixture
def settled(programme: Programme) -> Programme:
    """Two batches."""
    settle(programme, [member(1), member(2, 1), order(1, 2)])
    settle(programme, [order(2, 2), refund(1, 2, 500)])
    return programme


def rewrite(key: str, old: str, new: str) -> None:
    """Change a payload and make its hash right again."""
    payload = Event.objects.get(key=key).payload.replace(old, new)
    digest = sha256(payload.encode()).digest()
    sql = "UPDATE rebates_event SET payload = %s, digest = %s WHERE key = %s"
    assert change(sql, payload, digest, key)


def test_a_payload_with_its_hash_shows_in_the_postings(settled: Programme) -> None:
    rewrite("o1", "100000", "100001")
    (found,) = verify.differences(settled)
    assert (found.event, found.account) == ("o1", "order_held")
    assert (found.expected, found.found) == ("-100001 on order_held", "-100000 on order_held")


def test_a_payload_with_its_hash_and_no_effect_shows_in_the_batch(settled: Programme) -> None:
    rewrite("o1", '"id"', '"note":"gift","id"')
    (found,) = verify.differences(settled)
    assert (found.event, found.account) == ("batch 1", "hash")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"lines"', '"line"'), ("{", "("), ('"merchant":"1"', '"merchant":"one"'), ("o1", "o8")],
)
def test_a_payload_with_its_hash_that_is_no_event(settled: Programme, old: str, new: str) -> None:
    rewrite("o1", old, new)
    (found,) = verify.differences(settled)
    assert (found.event, found.account.split("'")[0]) == ("o1", "event")


def test_events_under_way_and_set_aside_are_no_difference(settled: Programme) -> None:
    record(settled, [order(7, 2), order(8, 2)])
    change("UPDATE rebates_event SET payload = '{' WHERE key = 'o7'")
    assert differences(settled) == []
    with settler(settled) as one:
        one.settle()
    assert differences(settled) == []


def test_the_command(settled: Programme, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([]) == 0
    assert capsys.readouterr().out.startswith("5 events recomputed; every balance, posting")
    assert verify.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"events": 5, "difference": None}

    change("UPDATE ledger_accountbalance SET balance_fen = 1 WHERE account = 111")
    assert verify.main(["--programme", "main"]) == 1
    said = capsys.readouterr().out
    assert said == "First difference: event -, wallet:1: expected 19950 fen, found 1 fen\n"
    assert verify.main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "events": 5,
        "difference": {
            "event": "",
            "account": "wallet:1",
            "expected": "19950 fen",
            "found": "1 fen",
        },
    }


def test_the_command_called_wrongly(
    settled: Programme, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verify.main(["--programme", "other"]) == 2
    assert capsys.readouterr().err == "verify: there is no programme 'other'\n"
    # The database is there already: the command line must not start another.
    monkeypatch.setattr("mingchi.cli._wire", lambda: None)
    with pytest.raises(SystemExit) as caught:
        mingchi(["verify", "--nonsense"])
    assert caught.value.code == 2


def test_it_reads_one_snapshot(settled: Programme) -> None:
    """Batches that come in while it works are not half of what it sees."""
    checking = verify.differences(settled)
    change("UPDATE ledger_accountbalance SET balance_fen = 1 WHERE account = 111")
    plain = Recomputation.differences
    mend = "UPDATE ledger_accountbalance SET balance_fen = 19950 WHERE account = 111"

    def meanwhile(self: Recomputation) -> Iterator[Difference]:
        yield from plain(self)
        in_a_thread(lambda: change(mend))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recomputation, "differences", meanwhile)
        assert [found.account for found in checking] == ["wallet:1"]
    assert differences(settled) == []


def test_a_head_published_while_it_works_is_no_difference(
    settled: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads.publish(settled)
    plain = Recomputation.differences

    def meanwhile(self: Recomputation) -> Iterator[Difference]:
        yield from plain(self)
        in_a_thread(lambda: (settle(settled, [member(3)]), heads.publish(settled)))

    monkeypatch.setattr(Recomputation, "differences", meanwhile)
    assert differences(settled) == []
    assert published(settled) == [1, 2, 3]


def in_a_thread(call: Callable[[], object]) -> None:
    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        other.submit(run).result()


# --- heads ------------------------------------------------------------------------------------


def published(programme: Programme) -> list[int]:
    lines = heads.path(programme).read_text().splitlines()
    return [json.loads(line)["batch"] for line in lines if line]


def test_heads_are_published_once(settled: Programme) -> None:
    assert heads.publish(settled) == 2
    assert heads.publish(settled) == 0
    settle(settled, [member(3)])
    assert heads.publish(settled) == 1
    assert published(settled) == [1, 2, 3]
    assert differences(settled) == []


def test_a_chain_rewritten_from_the_start_differs_from_what_was_published(
    settled: Programme,
) -> None:
    """Whoever owns the database can make every hash right again; not those that others keep."""
    heads.publish(settled)
    payloads = [json.loads(event.payload) for event in Event.objects.order_by("id")]
    payloads[2]["lines"][0]["cost"] += 1
    from tests.rebates.online import found_programme, wipe

    wipe()
    forged = found_programme(settled.opening_plan)
    settle(forged, payloads[:3])
    settle(forged, payloads[3:])
    found = list(verify.differences(forged))
    assert [(one.event, one.account) for one in found] == [("batch 1", "published hash")]

    heads.path(forged).unlink()
    assert differences(forged) == []


def test_a_batch_that_was_published_and_is_gone(settled: Programme) -> None:
    heads.publish(settled)
    lines = heads.path(settled).read_text()
    with heads.path(settled).open("a") as out:
        out.write(lines.splitlines()[-1].replace('"batch": 2', '"batch": 3') + "\n")
    (found,) = verify.differences(settled)
    assert (found.event, found.found) == ("batch 3", "no such batch")


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_line_cut_short_by_a_crash_is_written_again(settled: Programme, kept: int) -> None:
    heads.publish(settled)
    file = heads.path(settled)
    whole, last = file.read_text().splitlines()
    file.write_text(f"{whole}\n{last[:kept]}")
    settle(settled, [member(3)])
    settle(settled, [member(4)])
    heads.publish(settled)
    heads.publish(settled)
    readable = []
    for line in file.read_text().splitlines():
        try:
            readable.append(json.loads(line)["batch"])
        except ValueError:
            continue
    assert readable == [1, 2, 3, 4]
    assert differences(settled) == []


def test_many_heads(settled: Programme) -> None:
    """More than the end of the file that is looked at."""
    one = Settler(settled.pk)
    one.take_over(wait=True)
    for number in range(10, 22):
        record(settled, [member(number)])
        one.settle()
    one.release()
    assert heads.publish(settled) == 14
    settle(settled, [member(30)])
    assert heads.publish(settled) == 1
    assert published(settled) == list(range(1, 16))
