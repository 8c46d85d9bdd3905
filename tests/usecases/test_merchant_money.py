"""Merchants' statements and payouts: to the fen with the ledger, never changed, four eyes."""

import csv
import io
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone, translation
from tests.usecases.shop import (
    Shop,
    at_once,
    completed,
    forward,
    lines,
    member,
    received,
    settle,
    sku,
    staff,
)
from tests.usecases.test_refunds import approve, ask

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord, User
from mingchi.ledger import accounts, balances, sealing, statements
from mingchi.ledger.models import Batch
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order
from mingchi.payouts import exporting
from mingchi.payouts.models import (
    MerchantAccount,
    MerchantPayout,
    MerchantStatement,
    MerchantStatementLine,
)
from mingchi.rebates import queries
from mingchi.usecases import export_statement, pay_merchants, state_merchants
from mingchi.usecases.pay_merchants import AskedPayout

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def cashier(shop: Shop) -> User:
    """Finance of the merchant."""
    return staff(merchant=shop.merchant, role="finance")


def refused(code: str) -> "pytest.RaisesExc[DomainError]":
    return pytest.raises(DomainError, match=f"^{code}:")


def booked() -> None:
    """All that was done is settled, sealed and on the accounts' statements."""
    settle()
    while sealing.seal_cash():
        pass
    for journal in (queries.programme().pk, Batch.CASH):
        while statements.bring_up_to_date(journal=journal):
            pass


def balance_fen(shop: Shop) -> int:
    return balances.balance(accounts.merchant(shop.merchant.pk)).balance_fen


def close(shop: Shop, days: int = 0, by: User | None = None) -> MerchantStatement:
    """The statement of today, or a day later."""
    today = timezone.localtime() + days * DAY
    made = state_merchants.close_statement(
        by=by or shop.finance,
        merchant_id=shop.merchant.pk,
        period=today.strftime("%Y-%m-%d"),
        now=today + DAY,
    )
    return MerchantStatement.objects.get(pk=made)


def sold(shop: Shop, *articles: Sku, qty: int = 1) -> Order:
    order = completed(shop, member(), *articles, qty=qty)
    booked()
    return order


def with_account(shop: Shop, number: str = "6222 0000 1234") -> int:
    return pay_merchants.state_account(
        by=shop.finance,
        merchant_id=shop.merchant.pk,
        holder="山间茶事有限公司",
        bank="某银行 杭州分行",
        number=number,
        now=timezone.now(),
    )


def propose(shop: Shop, by: User, amount_fen: int = 30_000, key: str = "p") -> AskedPayout:
    return pay_merchants.ask_payout(
        by=by,
        merchant_id=shop.merchant.pk,
        amount_fen=amount_fen,
        idempotency_key=key,
        now=timezone.now(),
    )


def decide(by: User, asked: AskedPayout, *, yes: bool = True, reason: str = "") -> str:
    return pay_merchants.decide_payout(
        by=by, payout_id=asked.payout_id, approve=yes, reason=reason, now=timezone.now()
    )


def test_a_statement_adds_up_line_by_line_to_the_ledger(shop: Shop) -> None:
    tea, cup = sku(shop.merchant), sku(shop.merchant, price_fen=7_777, cost_fen=2_331)
    order = received(shop, member(), tea, cup, qty=3)
    approve(shop, ask(order, 1_234, line=1))
    forward(order)
    booked()
    statement = close(shop)
    found = {row.order_line_id: row for row in statement.lines.all()}
    first, second = (found[line.pk] for line in lines(order))
    assert (first.goods_fen, first.returned_fen, first.amount_fen) == (300_000, 0, 90_000)
    assert (second.goods_fen, second.returned_fen) == (23_331, 1_234)
    cost_fen = 6_993 - 6_993 * 1_234 // 23_331
    assert (second.amount_fen, second.share_fen) == (cost_fen, 23_331 - 1_234 - cost_fen)
    assert statement.closing_fen == statement.sales_fen == balance_fen(shop) == 90_000 + cost_fen
    with refused("period_stated"):
        close(shop)
    with refused("nothing_to_state"):
        close(shop, days=1)


def test_a_later_refund_stands_in_the_next_one_and_the_first_never_changes(shop: Shop) -> None:
    order = sold(shop, sku(shop.merchant))
    first = close(shop)
    before = MerchantStatement.objects.values().get()
    approve(shop, ask(order, 50_000))
    booked()
    second = close(shop, days=1)
    assert MerchantStatement.objects.filter(pk=first.pk).values().get() == before
    assert (second.number, second.opening_fen, second.refunds_fen) == (2, 30_000, -15_000)
    (line,) = second.lines.all()
    assert (line.kind, line.returned_fen, line.share_fen) == ("refund", 50_000, -35_000)
    assert second.closing_fen == balance_fen(shop) == 15_000
    for rows in (MerchantStatement.objects, MerchantStatementLine.objects):
        with pytest.raises(IntegrityError):
            rows.update(created_at=timezone.now())
    with pytest.raises(IntegrityError, match="merchant_statement_adds_up"):
        MerchantStatement.objects.create(
            merchant=shop.merchant, number=9, period="x", until=timezone.now(), opening_fen=0,
            sales_fen=1, refunds_fen=0, payouts_fen=0, other_fen=0, closing_fen=2,
            closed_by="x", closed_at=timezone.now(),
        )  # fmt: skip


def test_paid_by_one_approved_by_another(shop: Shop, cashier: User) -> None:
    sold(shop, sku(shop.merchant))
    with refused("no_bank_account"):
        propose(shop, cashier)
    with_account(shop)
    asked = propose(shop, cashier)
    assert propose(shop, cashier) == asked
    assert balances.balance(accounts.merchant(shop.merchant.pk)).available_fen == 0
    decide(shop.finance, asked)
    assert pay_merchants.pay_payout(
        by=shop.finance, payout_id=asked.payout_id, now=timezone.now(), transfer_no="B-1"
    ) == "B-1"  # fmt: skip
    for again in (lambda: decide(staff("finance"), asked), lambda: _pay(shop, asked)):
        with refused("impossible_move"):
            again()
    booked()
    statement = close(shop)
    assert (statement.payouts_fen, statement.closing_fen, balance_fen(shop)) == (-30_000, 0, 0)
    assert balances.balance(accounts.withdrawal_pending()).balance_fen == 0
    assert balances.balance(accounts.cash("bank")).balance_fen == 30_000


def _pay(shop: Shop, asked: AskedPayout) -> str:
    return pay_merchants.pay_payout(by=shop.finance, payout_id=asked.payout_id, now=timezone.now())


def test_who_may(shop: Shop, cashier: User) -> None:
    sold(shop, sku(shop.merchant))
    with_account(shop)
    for by, code in (
        (staff(merchant=shop.merchant, role="clerk"), "not_allowed"),
        (staff(merchant=Merchant.objects.create(name="Elsewhere")), "not_found"),
        (staff("operator"), "not_allowed"),
    ):
        with refused(code):
            propose(shop, by)
        with refused(code):
            pay_merchants.state_account(
                by=by, merchant_id=shop.merchant.pk, holder="x", bank="x", number="12345678",
                now=timezone.now(),
            )  # fmt: skip
    asked = propose(shop, shop.finance)
    with refused("own_proposal"):
        decide(shop.finance, asked)
    both = staff("finance", merchant=shop.merchant)
    for by in (cashier, both, staff("operator")):
        with refused("not_allowed"):
            decide(by, asked)
    with refused("text_invalid"):
        decide(staff("finance"), asked, yes=False)
    with refused("not_allowed"):
        close(shop, by=cashier)
    payout = MerchantPayout.objects.get()
    assert payout.state == "asked"
    with pytest.raises(IntegrityError, match="merchant_payout_four_eyes"):
        MerchantPayout.objects.update(decided_by=payout.asked_by, state="approved")


def test_two_at_once_do_not_both_pass(shop: Shop, cashier: User) -> None:
    sold(shop, sku(shop.merchant))
    with_account(shop)
    made = at_once([lambda key=key: propose(shop, cashier, 20_000, key=key) for key in "abcd"])
    assert sum(isinstance(one, AskedPayout) for one in made) == 1
    codes = {one.code for one in made if isinstance(one, DomainError)}
    assert codes == {"insufficient_balance"}


def test_refused_and_failed_it_is_the_merchants_again(shop: Shop, cashier: User) -> None:
    sold(shop, sku(shop.merchant))
    with_account(shop)
    first = propose(shop, cashier)
    assert decide(shop.finance, first, yes=False, reason="wrong month") == "refused"
    second = propose(shop, cashier, key="q")
    decide(shop.finance, second)
    pay_merchants.fail_payout(by=shop.finance, payout_id=second.payout_id, error="closed account")
    found = balances.balance(accounts.merchant(shop.merchant.pk))
    assert (found.balance_fen, found.available_fen) == (30_000, 30_000)


def test_a_debt_is_carried_over(shop: Shop, cashier: User) -> None:
    article = sku(shop.merchant)
    order = sold(shop, article)
    with_account(shop)
    asked = propose(shop, cashier)
    decide(shop.finance, asked)
    _pay(shop, asked)
    approve(shop, ask(order, 100_000))
    booked()
    assert (close(shop).closing_fen, balance_fen(shop)) == (-30_000, -30_000)
    with pytest.raises(DomainError) as caught:
        propose(shop, cashier, 1, key="q")
    assert caught.value.details == {"available_fen": -30_000}
    sold(shop, article, qty=2)
    assert close(shop, days=1).closing_fen == balance_fen(shop) == 30_000


def test_a_refund_between_asking_and_approving_is_seen(shop: Shop, cashier: User) -> None:
    order = sold(shop, sku(shop.merchant))
    with_account(shop)
    asked = propose(shop, cashier)
    approve(shop, ask(order, 10_000))
    booked()
    with refused("merchant_in_debt"):
        decide(shop.finance, asked)
    decide(shop.finance, asked, yes=False, reason="refunded meanwhile")
    found = balances.balance(accounts.merchant(shop.merchant.pk))
    assert (found.available_fen, found.reserved_fen) == (27_000, 0)


def test_accounts_are_masked_and_a_payout_goes_where_it_was_proposed_to(
    shop: Shop, cashier: User
) -> None:
    sold(shop, sku(shop.merchant))
    first = with_account(shop)
    asked = propose(shop, cashier)
    with_account(shop, "9999 0000 5678")
    assert MerchantPayout.objects.get().account_id == first
    assert str(MerchantAccount.objects.get(pk=first)).endswith("**** 1234")
    kept = AuditRecord.objects.filter(action="merchant_account.state")
    assert "622200001234" not in str([(row.before, row.after) for row in kept])
    with refused("not_allowed"):
        pay_merchants.look_at_account(by=cashier, payout_id=asked.payout_id)
    seen = pay_merchants.look_at_account(by=shop.finance, payout_id=asked.payout_id)
    assert seen.number == "622200001234"
    assert AuditRecord.objects.filter(action="payout.look").exists()
    for number in ("1234567", "12a45678", "1" * 33, "１２３４５６７８"):
        with refused("number_invalid"):
            with_account(shop, number)


@pytest.mark.parametrize(
    ("period", "end"),
    [
        ("2026-02", (2026, 3, 1)),
        ("2026-12", (2027, 1, 1)),
        ("2024-02-29", (2024, 3, 1)),
        ("2026-13", None),
        ("2026-02-30", None),
        ("0000-01", None),
        ("9999-12-31", None),
        ("now", None),
    ],
)
def test_periods(period: str, end: tuple[int, int, int] | None) -> None:
    if end is None:
        with refused("period_invalid"):
            state_merchants.end_of(period)
        return
    found = state_merchants.end_of(period)
    assert found == datetime(*end, tzinfo=timezone.get_default_timezone())


def test_a_period_that_runs_is_not_closed_and_the_worker_closes_what_is_over(shop: Shop) -> None:
    sold(shop, sku(shop.merchant))
    now = timezone.now()
    with refused("period_not_over"):
        state_merchants.close_statement(
            by=shop.finance, merchant_id=shop.merchant.pk,
            period=timezone.localtime(now).strftime("%Y-%m"), now=now,
        )  # fmt: skip
    assert state_merchants.close_due_statements(now=now) == 0
    assert state_merchants.close_due_statements(now=now + 32 * DAY) == 1
    assert state_merchants.close_due_statements(now=now + 32 * DAY) == 0
    assert MerchantStatement.objects.get().closing_fen == 30_000


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    sheet: list[list[Any]] = [[text, -150], ["plain", 5]]
    rows = list(csv.reader(io.StringIO(exporting.as_csv(["a", "b"], sheet).decode("utf-8-sig"))))
    assert rows[1:] == [[f"'{text}", "-1.50"], ["plain", "0.05"]]
    book = zipfile.ZipFile(io.BytesIO(exporting.as_xlsx("x", ["a", "b"], sheet)))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert b"<v>-1.5</v>" in book.read("xl/worksheets/sheet1.xml")


def test_the_file_says_what_the_statement_says(shop: Shop) -> None:
    order = sold(shop, sku(shop.merchant))
    statement = close(shop)
    with translation.override("zh-hans"):
        content = export_statement.export(statement, kind="csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0][1] == "类型"
    assert (rows[2][2], rows[2][4:]) == (
        order.number,
        ["1000.00", "0.00", "0.00", "0.00", "-700.00", "300.00"],
    )
    assert rows[-1][-1] == "300.00"
    book = zipfile.ZipFile(io.BytesIO(export_statement.export(statement, kind="xlsx")))
    assert order.number.encode() in book.read("xl/sharedStrings.xml")
