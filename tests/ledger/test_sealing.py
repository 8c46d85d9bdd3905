"""Cash entries get their numbers afterwards; the house's balances follow them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from tests.ledger.conftest import AtOnce
from tests.ledger.test_cash import BANK, HELD, WALLET, all_differences, fen, post

from mingchi.ledger import cash, sealing
from mingchi.ledger.models import AccountBalance, Batch, CashSeal, UnsealedCash


def sealed() -> list[tuple[int, str]]:
    return list(CashSeal.objects.order_by("number").values_list("number", "entry__key"))


def pay(key: str, amount_fen: int = 500) -> None:
    post(key, (HELD, amount_fen), (BANK, -amount_fen))


def rows() -> dict[int, int]:
    return dict(AccountBalance.objects.values_list("account", "balance_fen"))


def test_numbers_without_a_gap_and_a_chain_of_hashes(db: None) -> None:
    assert sealing.seal_cash() == 0
    assert not Batch.objects.exists()
    for number in range(1, 6):
        pay(f"p{number}", number)
    assert [sealing.seal_cash(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert sealed() == [(n, f"p{n}") for n in range(1, 6)]
    batches = list(Batch.objects.filter(programme_id=Batch.CASH).order_by("number"))
    assert [(b.number, b.first_entry, b.last_entry) for b in batches] == [
        (1, 1, 2),
        (2, 3, 4),
        (3, 5, 5),
    ]
    before = sealing.GENESIS
    for batch in batches:
        assert bytes(batch.previous_digest) == before
        before = bytes(batch.digest)
    assert sealing.head(Batch.CASH) == (3, 5, before)
    assert all_differences() == []


def test_the_hash_covers_what_was_booked(db: None) -> None:
    entry = post("p1", (HELD, 5), (BANK, -5))
    assert sealing.cash_text(9, entry) == f"9\tp1\tpayment\t{{{HELD},{BANK}}}\t{{5,-5}}\n".encode()


def test_balances_of_the_house_follow_and_are_told_before(db: None) -> None:
    pay("p1", 500)
    post("w1", (WALLET, 200), (HELD, -200))
    assert (rows().get(HELD), rows().get(BANK), rows()[WALLET]) == (None, None, 200)
    assert (fen(HELD), fen(BANK), fen(WALLET)) == (300, -500, 200)
    assert all_differences() == []
    sealing.seal_cash()
    assert rows() == {HELD: 300, BANK: -500, WALLET: 200}
    assert (fen(HELD), fen(BANK), fen(WALLET)) == (300, -500, 200)
    pay("p2", 7)
    assert (fen(HELD), rows()[HELD]) == (307, 300)
    assert all_differences() == []


@pytest.mark.django_db(transaction=True)
def test_a_late_commit_gets_the_next_number(at_once: AtOnce) -> None:
    def elsewhere() -> Any:
        pay("second")
        return sealing.seal_cash()

    with transaction.atomic():
        cash.post(key="first", kind="payment", postings=[(HELD, 5), (BANK, -5)])
        assert at_once([elsewhere]) == [1]
    assert sealing.seal_cash() == 1
    assert sealed() == [(1, "second"), (2, "first")]
    assert all_differences() == []


@pytest.mark.django_db(transaction=True)
def test_two_settlers_take_turns() -> None:
    for number in range(12):
        pay(f"p{number}")

    def other() -> int:
        try:
            return sealing.seal_cash(limit=5)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            assert sealing.seal_cash(limit=5) == 5
            waiting = thread.submit(other)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        assert waiting.result() == 5
    assert sealing.seal_cash() == 2
    assert [number for number, _key in sealed()] == list(range(1, 13))
    assert all_differences() == []


def test_no_more_than_the_limit_however_it_is_planned(db: None) -> None:
    for number in range(12):
        pay(f"p{number}")
    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert [sealing.seal_cash(limit=5) for _ in range(4)] == [5, 5, 2, 0]


@pytest.mark.django_db(transaction=True)
def test_what_is_undone_stays_unsealed() -> None:
    pay("p1")
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - both belong to it
        sealing.seal_cash()
        raise RuntimeError
    assert sealed() == []
    assert UnsealedCash.objects.count() == 1
    assert HELD not in rows()
    connections.close_all()
    assert sealing.seal_cash() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_sealed_meanwhile_is_counted_once(at_once: AtOnce) -> None:
    pay("p1", 500)
    sealed_meanwhile = []

    def seal_after(execute: Any, *query: Any) -> Any:
        answer = execute(*query)
        if not sealed_meanwhile:
            sealed_meanwhile.extend(at_once([sealing.seal_cash]))
        return answer

    with connection.execute_wrapper(seal_after):
        assert fen(HELD) == 500
    assert sealed_meanwhile == [1]
    assert fen(HELD) == 500
