"""After-sales cases: who, when, in what order, and what is owed."""

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings
from tests.usecases.shop import (
    NOW,
    Shop,
    completed,
    lines,
    member,
    open_case,
    paid,
    place,
    received,
    sku,
    staff,
)

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant
from mingchi.orders import arguing, cases, moves, replacements
from mingchi.orders.models import AfterSalesCase, Order, OrderLine
from mingchi.orders.transitions import CASE_MOVES
from mingchi.usecases import after_sales
from mingchi.usecases.after_sales import Wish
from mingchi.usecases.templates import returns

State = AfterSalesCase.State
CLERK, MANAGER = "user:1", "user:2"


def line_of(order: Order) -> OrderLine:
    line = lines(order)[0]
    line.order = order
    return line


@pytest.fixture
def order(shop: Shop) -> Order:
    return received(shop, member(), sku(shop.merchant), qty=3)


@pytest.fixture
def case(order: Order) -> AfterSalesCase:
    return open_case(line_of(order), units=2, amount_fen=150_000)


def refuses(code: str) -> AbstractContextManager[object]:
    return pytest.raises(DomainError, match=code)


def test_no_drawing_shortens_the_days_to_send_goods_back(case: AfterSalesCase) -> None:
    cases.authorise(case, approve=True, actor=MANAGER, now=NOW)
    assert case.return_by is not None
    with refuses("return_not_over"):
        cases.expire(case, now=case.return_by - timedelta(seconds=1))
    assert cases.expire(case, now=case.return_by) == "withdrawn"


def test_the_drawn_time_is_the_one_the_buyer_is_told(settings: Settings) -> None:
    assert f"P{settings.SEND_BACK_WITHIN_DAYS}D" == returns.SEND_BACK


def test_a_return_step_by_step(shop: Shop, case: AfterSalesCase) -> None:
    assert line_of(case.order).refunding_fen == 150_000
    for _ in range(2):
        cases.authorise(case, approve=True, actor=MANAGER, now=NOW)
    assert case.return_by == NOW + timedelta(days=7)
    with refuses("impossible_move"):
        cases.inspect(case, passed=True, actor=CLERK, now=NOW)
    for _ in range(2):
        cases.goods_back(case, now=NOW)
    with refuses("impossible_move"):
        cases.put_back(case)
    for _ in range(2):
        cases.inspect(case, passed=True, actor=CLERK, now=NOW)
    with refuses("impossible_move"):
        cases.inspect(case, passed=False, actor=CLERK, now=NOW)
    with refuses("impossible_move"):
        arguing.let_stand(case, now=NOW)  # there is no no
    tea = Sku.objects.get()
    assert [cases.put_back(case), cases.put_back(case), cases.scrap(case)] == [2, 0, 0]
    assert (Sku.objects.get().on_hand, tea.on_hand) == (99, 97)
    with refuses("impossible_move"):
        cases.close(case, now=NOW)


def test_scrapped_goods_are_not_sold_again(case: AfterSalesCase) -> None:
    cases.authorise(case, approve=True, actor=MANAGER, now=NOW)
    cases.goods_back(case, now=NOW)
    cases.inspect(case, passed=True, actor=CLERK, now=NOW)
    assert [cases.scrap(case), cases.put_back(case)] == [2, 0]
    case.refresh_from_db()
    assert (Sku.objects.get().on_hand, case.scrapped, case.restocked) == (97, 2, 0)


def test_who_opens_does_not_decide(case: AfterSalesCase) -> None:
    with refuses("own_proposal"):
        cases.authorise(case, approve=True, actor=case.opened_by, now=NOW)
    assert AfterSalesCase.objects.get().state == "opened"
    with pytest.raises(IntegrityError), transaction.atomic():
        AfterSalesCase.objects.update(decided_by=case.opened_by)


def test_one_open_case_a_line(order: Order, case: AfterSalesCase) -> None:
    with refuses("case_open"):
        open_case(line_of(order), kind="refund_only", amount_fen=1)
    cases.withdraw(case, now=NOW)
    again = open_case(line_of(order), kind="refund_only", amount_fen=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        AfterSalesCase.objects.filter(pk=case.pk).update(state="opened")
    assert again.state == "opened"


def test_no_more_is_asked_than_the_line_is_worth(order: Order) -> None:
    with refuses("refund_exceeds_line"), transaction.atomic():
        open_case(line_of(order), amount_fen=300_001)
    assert not AfterSalesCase.objects.exists()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"kind": "gift", "amount_fen": 1}, "case_kind_invalid"),
        ({"units": 0, "amount_fen": 1}, "qty_invalid"),
        ({"units": 4, "amount_fen": 1}, "qty_invalid"),
        ({"kind": "return"}, "amount_invalid"),
        ({"kind": "exchange", "amount_fen": 1}, "amount_invalid"),
    ],
)
def test_bad_wishes(order: Order, wish: dict[str, object], code: str) -> None:
    with refuses(code):
        open_case(line_of(order), **wish)  # type: ignore[arg-type]


def variant(order: Order, code: str = "B", **more: object) -> Sku:
    """Another variant of what was bought, two of them at the same price unless told."""
    given = {"price_fen": 100_000, "cost_fen": 1, "on_hand": 2, **more}
    return Sku.objects.create(product=lines(order)[0].sku.product, code=code, title=code, **given)


def kept(sku: Sku) -> int:
    sku.refresh_from_db()
    return sku.reserved


class TestReplacements:
    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"price_fen": 100_001}, "replacement_price_differs"),
            ({"price_fen": 99_999}, "replacement_price_differs"),
            ({"retired_at": NOW}, "replacement_invalid"),
            ({"on_hand": 0}, "replacement_sold_out"),
            ({"on_hand": 5, "reserved": 4}, "replacement_sold_out"),
        ],
    )
    def test_what_does_not_fit(self, order: Order, more: dict[str, object], code: str) -> None:
        wrong = variant(order, **more)
        with refuses(code), transaction.atomic():
            open_case(line_of(order), kind="exchange", units=2, replacement=wrong)
        assert not AfterSalesCase.objects.exists()
        assert kept(wrong) == more.get("reserved", 0)

    def test_another_product_is_none_and_money_names_none(self, shop: Shop, order: Order) -> None:
        with refuses("replacement_invalid"):
            open_case(line_of(order), kind="exchange", replacement=sku(shop.merchant))
        with refuses("replacement_invalid"):
            open_case(line_of(order), amount_fen=1, replacement=variant(order))

    def test_what_is_offered(self, order: Order) -> None:
        same, gone = variant(order), variant(order, "C", on_hand=0)
        variant(order, "D", price_fen=90_000)
        variant(order, "E", retired_at=NOW)
        offered = list(replacements.offered(line_of(order)))
        assert offered == [lines(order)[0].sku, same, gone]

    @pytest.mark.parametrize("end", ["withdrawn", "refused", "not sent back"])
    def test_it_is_kept_from_the_first_day_and_given_free_at_the_end(
        self, order: Order, end: str
    ) -> None:
        chosen, bought = variant(order), lines(order)[0].sku
        case = open_case(line_of(order), kind="exchange", units=2, replacement=chosen)
        assert (kept(chosen), kept(bought)) == (2, 0)
        told = case.entries.values_list("act", "words")
        assert list(told) == [("opened", "broken"), ("chose", chosen.article)]
        if end == "withdrawn":
            cases.withdraw(case, now=NOW)
        else:
            cases.authorise(case, approve=end != "refused", actor=MANAGER, now=NOW)
        if end == "not sent back":
            assert kept(chosen) == 2
            cases.expire(case, now=NOW + timedelta(days=15))
        assert kept(chosen) == 0

    def test_goods_that_fail_the_inspection_are_not_exchanged(self, order: Order) -> None:
        chosen = variant(order)
        case = open_case(line_of(order), kind="exchange", replacement=chosen)
        cases.authorise(case, approve=True, actor=MANAGER, now=NOW)
        cases.goods_back(case, now=NOW)
        cases.inspect(case, passed=False, actor=CLERK, now=NOW)
        assert kept(chosen) == 1
        cases.close(case, now=NOW)
        assert (case.state, kept(chosen)) == ("refused", 0)

    def test_the_same_article_is_kept_too(self, order: Order) -> None:
        bought = lines(order)[0].sku
        case = open_case(line_of(order), kind="exchange")
        assert kept(bought) == 1
        cases.withdraw(case, now=NOW)
        assert kept(bought) == 0


def test_time_limits(shop: Shop, order: Order) -> None:
    over = NOW + timedelta(days=15, seconds=1)
    with refuses("after_sales_over"):
        open_case(line_of(order), amount_fen=1, now=over)
    case = open_case(line_of(order), amount_fen=1, now=NOW + timedelta(days=15))
    cases.authorise(case, approve=True, actor=MANAGER, now=NOW)
    late = NOW + timedelta(days=7)
    assert after_sales.withdraw_late_cases(now=late - timedelta(seconds=1)) == 0
    assert after_sales.withdraw_late_cases(now=late) == 1
    case.refresh_from_db()
    assert (case.state, line_of(order).refunding_fen) == ("withdrawn", 0)


def test_goods_under_way_are_waited_for(case: AfterSalesCase) -> None:
    cases.authorise(case, approve=True, actor=MANAGER, now=NOW)
    after_sales.send_back(
        member_id=case.order.member_id, case_id=case.pk, carrier="SF", tracking_number="1", now=NOW
    )
    assert after_sales.withdraw_late_cases(now=NOW + timedelta(days=30)) == 0
    assert AfterSalesCase.objects.get().state == "authorised"


def test_nothing_comes_back_that_did_not_go_out(shop: Shop) -> None:
    unpaid = Order.objects.get(pk=place(member(), sku(shop.merchant)).order_id)
    order = paid(member(), sku(shop.merchant))
    for which, kind in ((unpaid, "refund_only"), (order, "return")):
        with refuses("not_returnable"):
            open_case(line_of(which), kind=kind, amount_fen=1)
    assert open_case(line_of(order), kind="refund_only", amount_fen=1).state == "opened"


def test_an_open_case_keeps_the_order_from_completing(order: Order, case: AfterSalesCase) -> None:
    later = NOW + timedelta(days=30)
    with refuses("case_open"), transaction.atomic():
        moves.complete(order, now=later)
    assert Order.objects.get().state == "received"
    cases.withdraw(case, now=NOW)
    assert moves.complete(order, now=later)


def test_a_settled_order_can_still_be_complained_about(shop: Shop) -> None:
    order = completed(shop, member(), sku(shop.merchant))
    assert open_case(line_of(order), amount_fen=1).state == "opened"


def test_every_move_of_the_table(case: AfterSalesCase) -> None:
    """Nothing leaves an end, and each way is of the table."""
    ends = {State.CLOSED, State.REFUSED, State.WITHDRAWN}
    assert not ends & {source for sources in CASE_MOVES.values() for source in sources}
    for source in State:
        for target in CASE_MOVES:
            AfterSalesCase.objects.filter(pk=case.pk).update(state=source)
            case.refresh_from_db()
            if source in CASE_MOVES[target]:
                cases.moved(case, target)
                assert AfterSalesCase.objects.get().state == target
            else:
                with refuses("impossible_move"):
                    cases.moved(case, target)
                assert AfterSalesCase.objects.get().state == source


class TestUseCases:
    """Through the doors of member and staff."""

    def test_opened_once_by_the_buyer(self, order: Order) -> None:
        wish = Wish(
            line_id=lines(order)[0].pk, kind="return", units=1, reason="x", amount_fen=1_000
        )
        first, again = (
            after_sales.open_case(
                order_id=order.pk,
                wish=wish,
                idempotency_key="k",
                now=NOW,
                member_id=order.member_id,
            )
            for _ in range(2)
        )
        assert first == again
        assert AfterSalesCase.objects.get().opened_by == f"member:{order.member_id}"

    def test_nobody_opens_withdraws_or_ships_for_another(
        self, shop: Shop, order: Order, case: AfterSalesCase
    ) -> None:
        wish = Wish(line_id=lines(order)[0].pk, kind="refund_only", units=1, reason="x")
        stranger = member().pk
        theirs = staff(merchant=Merchant.objects.create(name="Another"))
        calls = [
            lambda: after_sales.open_case(
                order_id=order.pk, wish=wish, idempotency_key="k", now=NOW, member_id=stranger
            ),
            lambda: after_sales.open_case(
                order_id=order.pk, wish=wish, idempotency_key="k", now=NOW, by=theirs
            ),
            lambda: after_sales.withdraw_case(member_id=stranger, case_id=case.pk, now=NOW),
            lambda: after_sales.send_back(
                member_id=stranger, case_id=case.pk, carrier="a", tracking_number="1", now=NOW
            ),
        ]
        for call in calls:
            with pytest.raises(DomainError) as caught:
                call()
            assert caught.value.status == 404
        assert AfterSalesCase.objects.get().state == "opened"

    def test_another_merchants_article_is_no_replacement(self, shop: Shop, order: Order) -> None:
        other = sku(Merchant.objects.create(name="Another"))
        wish = Wish(
            line_id=lines(order)[0].pk,
            kind="exchange",
            units=1,
            reason="x",
            replacement_id=other.pk,
        )
        with pytest.raises(DomainError) as caught:
            after_sales.open_case(
                order_id=order.pk, wish=wish, idempotency_key="k", now=NOW, by=shop.owner
            )
        assert caught.value.status == 404
