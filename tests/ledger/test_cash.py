"""The cash journal and its balances."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.ledger.conftest import AtOnce

from mingchi.foundation import context
from mingchi.foundation.errors import DomainError
from mingchi.ledger import accounts, cash, sealing, verify
from mingchi.ledger.balances import add, balance, release, reserve
from mingchi.ledger.models import AccountBalance, CashEntry, UnsealedCash

BANK, HELD, PENDING = accounts.cash("bank"), accounts.order_held(), accounts.withdrawal_pending()
WALLET = accounts.wallet(7)


def post(key: str, *postings: tuple[int, int], kind: str = "payment", **more: Any) -> CashEntry:
    with transaction.atomic():
        return cash.post(key=key, kind=kind, postings=postings, **more)


def fen(account: int) -> int:
    return balance(account).balance_fen


def all_differences() -> list[Any]:
    return [*verify.cash_differences(), *verify.balance_differences({})]


# --- posting ----------------------------------------------------------------------------------


def test_an_entry_and_its_balances(db: None) -> None:
    with context.bound(request_id="request-7"):
        entry = post("w1", (WALLET, -500), (PENDING, 500), memo="Li", kind="withdrawal_approved")
    assert (entry.key, entry.kind, entry.memo) == ("w1", "withdrawal_approved", "Li")
    assert (entry.accounts, entry.amounts) == ([WALLET, PENDING], [-500, 500])
    assert entry.request_id == "request-7"
    # A wallet is its owner's alone and changes at once; the house's accounts follow at sealing.
    rows = dict(AccountBalance.objects.values_list("account", "balance_fen"))
    assert rows == {WALLET: -500}
    assert (fen(WALLET), fen(PENDING)) == (-500, 500)
    assert all_differences() == []


def test_the_same_again_is_booked_once(db: None) -> None:
    first = post("p1", (HELD, 500), (BANK, -500))
    assert post("p1", (HELD, 500), (BANK, -500), memo="another memo") == first
    sealing.seal_cash()
    assert post("p1", (HELD, 500), (BANK, -500)) == first
    assert CashEntry.objects.count() == 1
    assert not UnsealedCash.objects.exists()
    assert fen(HELD) == 500


@pytest.mark.parametrize(
    ("kind", "postings"),
    [
        ("payment", [(HELD, 501), (BANK, -501)]),
        ("payment", [(BANK, -500), (HELD, 500)]),
        ("payment", [(HELD, 500), (BANK, -500), (WALLET, 0)]),
        ("refund", [(HELD, 500), (BANK, -500)]),
    ],
)
def test_other_content_is_a_conflict(db: None, kind: str, postings: list[tuple[int, int]]) -> None:
    post("p1", (HELD, 500), (BANK, -500))
    with pytest.raises(DomainError) as caught:
        post("p1", *postings, kind=kind)
    assert (caught.value.code, caught.value.status) == ("entry_conflict", 409)
    assert (fen(HELD), fen(BANK)) == (500, -500)
    assert CashEntry.objects.count() == 1


def test_what_does_not_balance_is_refused_and_leaves_nothing(db: None) -> None:
    with pytest.raises(IntegrityError, match="does not sum to zero"):
        post("p1", (WALLET, 500), (BANK, -499))
    assert not CashEntry.objects.exists()
    assert not AccountBalance.objects.exists()
    assert not UnsealedCash.objects.exists()


def test_points_are_no_cash(db: None) -> None:
    with pytest.raises(AssertionError):
        post("p1", (accounts.points(1), 5), (accounts.points_issued(1), -5))


@pytest.mark.django_db(transaction=True)
def test_it_belongs_to_the_transaction_of_its_cause() -> None:
    with pytest.raises(AssertionError):
        cash.post(key="p1", kind="payment", postings=[(HELD, 500), (BANK, -500)])
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 - both belong to it
        cash.post(key="p1", kind="payment", postings=[(WALLET, 500), (BANK, -500)])
        raise RuntimeError
    assert not CashEntry.objects.exists()
    assert fen(WALLET) == 0


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_book_once(at_once: AtOnce) -> None:
    entries = at_once([lambda: post("p1", (WALLET, 500), (BANK, -500)).pk] * 8)
    assert len(set(entries)) == 1
    assert fen(WALLET) == 500
    assert UnsealedCash.objects.count() == 1


# --- balances ---------------------------------------------------------------------------------


def test_money_set_aside(db: None) -> None:
    post("p1", (WALLET, 500), (BANK, -500))
    reserve(WALLET, 300)
    found = balance(WALLET)
    assert (found.balance_fen, found.reserved_fen, found.available_fen) == (500, 300, 200)
    with pytest.raises(DomainError) as caught:
        reserve(WALLET, 201)
    assert (caught.value.code, caught.value.status) == ("insufficient_balance", 409)
    assert (caught.value.field, caught.value.details) == ("amount_fen", {"available_fen": 200})
    reserve(WALLET, 200)
    release(WALLET, 500)
    assert balance(WALLET).available_fen == 500
    assert all_differences() == []


def test_no_more_is_released_than_was_reserved(db: None) -> None:
    post("p1", (WALLET, 500), (BANK, -500))
    reserve(WALLET, 300)
    with pytest.raises(IntegrityError), transaction.atomic():
        release(WALLET, 301)
    with pytest.raises(AssertionError):
        release(accounts.wallet(8), 1)
    assert balance(WALLET).reserved_fen == 300


@pytest.mark.parametrize("amount_fen", [0, -5])
def test_nothing_cannot_be_reserved(db: None, amount_fen: int) -> None:
    with pytest.raises(AssertionError):
        reserve(WALLET, amount_fen)


def test_an_empty_wallet(db: None) -> None:
    found = balance(WALLET)
    assert (found.balance_fen, found.reserved_fen, found.available_fen) == (0, 0, 0)
    with pytest.raises(DomainError) as caught:
        reserve(WALLET, 1)
    assert caught.value.details == {"available_fen": 0}


def test_a_debt_shows_and_blocks(db: None) -> None:
    """An award taken back after it was withdrawn: never clipped, set off against what comes."""
    add([(WALLET, -700)])
    assert balance(WALLET).available_fen == -700
    with pytest.raises(DomainError) as caught:
        reserve(WALLET, 1)
    assert caught.value.details == {"available_fen": -700}
    add([(WALLET, 1_000)])
    reserve(WALLET, 300)
    assert balance(WALLET).available_fen == 0


def test_a_debt_may_come_under_a_reserve(db: None) -> None:
    add([(WALLET, 500)])
    reserve(WALLET, 500)
    add([(WALLET, -200)])
    assert balance(WALLET).available_fen == -200
    release(WALLET, 500)
    assert balance(WALLET).available_fen == 300


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_may_withdraw(at_once: AtOnce) -> None:
    add([(WALLET, 500)])
    found = at_once([lambda: reserve(WALLET, 300)] * 2)
    assert sorted(found, key=str) == [None, "insufficient_balance"]
    assert balance(WALLET).reserved_fen == 300


@pytest.mark.django_db(transaction=True)
def test_opposite_entries_at_once_do_not_wait_for_each_other(at_once: AtOnce) -> None:
    """Rows are locked in order of account, whatever the order of the postings."""
    one, other = accounts.wallet(1), accounts.wallet(2)
    calls = [
        lambda n=n: post(f"p{n}", *((one, 5), (other, -5))[:: 1 if n % 2 else -1])
        for n in range(16)
    ]
    at_once(calls)
    assert (fen(one), fen(other)) == (80, -80)
    assert all_differences() == []
