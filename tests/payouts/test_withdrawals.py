"""Money out of the wallet: reserved, decided by staff, paid."""

import itertools
from typing import Any

import pytest
from django.db import transaction
from tests.usecases.shop import NOW, Shop, at_once, member, staff

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.ledger import accounts, cash
from mingchi.ledger.balances import balance
from mingchi.members.models import Member
from mingchi.payouts.models import Withdrawal
from mingchi.usecases.appoint import freeze_member
from mingchi.usecases.withdraw import (
    Asked,
    decide_withdrawal,
    fail_withdrawal,
    pay_withdrawal,
    request_withdrawal,
)

_keys = itertools.count()


def earn(who: Member, amount_fen: int) -> None:
    """Put money into a wallet, or take it back."""
    with transaction.atomic():
        cash.post(
            key=f"earned{next(_keys)}",
            kind="test",
            postings=[(accounts.wallet(who.pk), amount_fen), (accounts.cash("bank"), -amount_fen)],
        )


def ask(who: Member, amount_fen: int, key: str | None = None) -> Asked:
    return request_withdrawal(
        member_id=who.pk,
        amount_fen=amount_fen,
        idempotency_key=key or f"w{next(_keys)}",
        now=NOW,
    )


def wallet(who: Member) -> tuple[int, int]:
    found = balance(accounts.wallet(who.pk))
    return found.balance_fen, found.reserved_fen


def pending() -> int:
    return balance(accounts.withdrawal_pending()).balance_fen


def test_asked_approved_paid(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    asked = ask(who, 600)
    assert wallet(who) == (1_000, 600)
    with pytest.raises(DomainError) as caught:
        ask(who, 401)
    assert (caught.value.code, caught.value.details) == (
        "insufficient_balance",
        {"available_fen": 400},
    )
    paid: dict[str, Any] = {"by": shop.finance, "withdrawal_id": asked.withdrawal_id, "now": NOW}
    with pytest.raises(DomainError, match="impossible_move"):
        pay_withdrawal(**paid)
    assert decide_withdrawal(**paid, approve=True) == "approved"
    assert (wallet(who), pending()) == ((400, 0), 600)
    with pytest.raises(DomainError, match="proposal_decided"):
        decide_withdrawal(**paid, approve=True)
    pay_withdrawal(**paid)
    with pytest.raises(DomainError, match="impossible_move"):
        pay_withdrawal(**paid)
    assert (wallet(who), pending()) == ((400, 0), 0)
    assert Withdrawal.objects.get().state == "paid"
    assert AuditRecord.objects.filter(action="withdrawal.approve").count() == 1


def test_refused_money_is_free_again(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    asked = ask(who, 1_000)
    state = decide_withdrawal(
        by=shop.finance, withdrawal_id=asked.withdrawal_id, approve=False, now=NOW, reason="no"
    )
    assert (state, wallet(who), pending()) == ("refused", (1_000, 0), 0)
    assert Withdrawal.objects.get().proposal.reason == "no"


def test_what_the_bank_sends_back_is_in_the_wallet_again(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    asked = ask(who, 1_000)
    decide_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW)
    fail_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, error="no such account")
    assert (wallet(who), pending()) == ((1_000, 0), 0)
    with pytest.raises(DomainError, match="impossible_move"):
        pay_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, now=NOW)


def test_a_debt_blocks_asking_and_approving(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    asked = ask(who, 800)
    earn(who, -500)
    with pytest.raises(DomainError) as caught:
        decide_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW)
    assert caught.value.code == "wallet_in_debt"
    assert (wallet(who), pending()) == ((500, 800), 0)
    with pytest.raises(DomainError, match="insufficient_balance"):
        ask(who, 1)
    assert Withdrawal.objects.get().state == "asked"


def test_frozen_payouts(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    asked = ask(who, 100)
    freeze_member(by=shop.finance, member_id=who.pk, frozen=True, reason="looked into")
    with pytest.raises(DomainError, match="payouts_frozen"):
        ask(who, 100)
    with pytest.raises(DomainError, match="payouts_frozen"):
        decide_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW)
    assert wallet(who) == (1_000, 100)
    freeze_member(by=shop.finance, member_id=who.pk, frozen=False, reason="all is well")
    decide_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW)
    freeze_member(by=shop.finance, member_id=who.pk, frozen=True, reason="once more")
    with pytest.raises(DomainError, match="payouts_frozen"):
        pay_withdrawal(by=shop.finance, withdrawal_id=asked.withdrawal_id, now=NOW)
    assert pending() == 100


def test_who_may_not(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    asked = ask(who, 100)
    for by in (staff("operator"), staff("auditor"), staff(merchant=shop.merchant)):
        with pytest.raises(DomainError, match="not_allowed"):
            decide_withdrawal(by=by, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW)
    for amount_fen in (0, -5, 10**12 + 1):
        with pytest.raises(DomainError, match="amount_"):
            ask(who, amount_fen)
    with pytest.raises(DomainError, match="insufficient_balance"):
        ask(member(), 1)


def test_one_key_is_one_withdrawal(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    assert ask(who, 100, "k") == ask(who, 100, "k")
    with pytest.raises(DomainError, match="idempotency_conflict"):
        ask(who, 200, "k")
    assert wallet(who) == (1_000, 100)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_both_pass(shop: Shop) -> None:
    who = member()
    earn(who, 1_000)
    answers = at_once([lambda: ask(who, 600)] * 8)
    assert sum(isinstance(answer, Asked) for answer in answers) == 1
    assert wallet(who) == (1_000, 600)
    asked = Withdrawal.objects.get()
    decided = at_once(
        [
            lambda approve=approve: decide_withdrawal(  # type: ignore[misc]
                by=shop.finance, withdrawal_id=asked.pk, approve=approve, now=NOW
            )
            for approve in (True, False, True, False)
        ]
    )
    done = [answer for answer in decided if isinstance(answer, str)]
    assert len(done) == 1
    expected = (400, 0) if done[0] == "approved" else (1_000, 0)
    assert wallet(who) == expected
