"""Statements follow the journals; they say as of when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from tests.rebates.online import found_programme, member, order, record, redeem, settler

from mingchi.ledger import accounts, cash, rules, sealing, statements
from mingchi.ledger.models import Batch, StatementLine
from mingchi.rebates.models import Programme

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
WALLET, MERCHANT, POINTS = accounts.wallet(1), accounts.merchant(1), accounts.points(2)


@pytest.fixture
def programme() -> Programme:
    """Three batches, an hour apart: who joins, an order, another order."""
    programme = found_programme()
    with settler(programme) as one:
        for hour, payloads in enumerate(
            ([member(1), member(2, 1)], [order(1, 2)], [order(2, 2, 50_000), redeem(1, 2)])
        ):
            record(programme, payloads)
            one.settle(now=NOON + timedelta(hours=hour))
    return programme


def seen(account: int, **which: int) -> list[tuple[str, int]]:
    return [
        (rules.name(line.rule) if line.entry_id else "cash", line.amount)
        for line in statements.statement(account, **which).lines
    ]


def test_they_lag_until_they_are_brought_up_to_date(programme: Programme) -> None:
    before = statements.statement(WALLET)
    assert (before.lines, before.as_of) == ([], None)
    assert statements.bring_up_to_date(journal=programme.pk) == 5
    assert statements.bring_up_to_date(journal=programme.pk) == 0
    after = statements.statement(WALLET)
    assert after.as_of == NOON + timedelta(hours=2)
    assert [(line.amount, line.at.hour) for line in after.lines] == [(5_000, 14), (10_000, 13)]
    assert seen(WALLET) == [("direct", 5_000), ("direct", 10_000)]
    assert seen(MERCHANT) == [("cost", 15_000), ("cost", 30_000)]
    assert seen(POINTS) == [
        ("redeem", -283_500_000),
        ("grant", 73_500_000),
        ("grant", 210_000_000),
    ]


def test_in_small_steps_nothing_is_twice_and_as_of_tells_whole_batches(
    programme: Programme,
) -> None:
    told = []
    while statements.bring_up_to_date(journal=programme.pk, entries=1):
        told.append(statements.statement(WALLET).as_of)
    hours = [moment and moment.hour for moment in told]
    assert hours == [None, 12, 13, 13, 14]
    assert seen(WALLET) == [("direct", 5_000), ("direct", 10_000)]
    assert StatementLine.objects.values("entry_id", "account", "rule").distinct().count() == (
        StatementLine.objects.count()
    )


def test_page_by_page(programme: Programme) -> None:
    statements.bring_up_to_date(journal=programme.pk)
    first = statements.statement(POINTS, limit=2).lines
    assert [line.amount for line in first] == [-283_500_000, 73_500_000]
    rest = statements.statement(POINTS, limit=2, before=first[-1].pk).lines
    assert [line.amount for line in rest] == [210_000_000]
    assert statements.statement(POINTS, before=rest[-1].pk).lines == []


def test_cash_comes_in_when_it_is_sealed(programme: Programme) -> None:
    statements.bring_up_to_date(journal=programme.pk)
    with transaction.atomic():
        postings = [(WALLET, -3_000), (accounts.withdrawal_pending(), 3_000)]
        entry = cash.post(key="w1", kind="withdrawal_approved", postings=postings)
    assert statements.bring_up_to_date(journal=Batch.CASH) == 0
    sealing.seal_cash()
    assert statements.bring_up_to_date(journal=Batch.CASH) == 1
    assert seen(WALLET) == [("cash", -3_000), ("direct", 5_000), ("direct", 10_000)]
    line = statements.statement(WALLET, limit=1).lines[0]
    assert (line.cash_entry_id, line.entry_id, line.at) == (entry.pk, None, entry.created_at)
    # Complete only as far as the journal that lags most.
    assert statements.statement(WALLET).as_of == NOON + timedelta(hours=2)


def test_accounts_of_the_house_have_no_statement(programme: Programme) -> None:
    statements.bring_up_to_date(journal=programme.pk)
    kinds = {accounts.kind_of(a) for a in StatementLine.objects.values_list("account", flat=True)}
    assert kinds == {accounts.MERCHANT, accounts.WALLET, accounts.POINTS}


def test_of_another_programme_only_what_is_asked_for(programme: Programme) -> None:
    other = found_programme(code="other")
    assert statements.bring_up_to_date(journal=other.pk) == 0
    assert not StatementLine.objects.exists()
