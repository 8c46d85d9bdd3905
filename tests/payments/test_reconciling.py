"""The comparison itself: whatever is changed on one side is found, and nothing else is."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.alipay import FakeAlipay
from tests.fakes.wechat import FakeWechat

from mingchi.payments import alipay_bills, bills, wechat_bills
from mingchi.payments.bills import Bill, BillError, Kind, Line
from mingchi.payments.reconciling import REMEDIES, Ours, What, compare, is_balanced

NOW = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)


def line(number: str, amount_fen: int = 100, kind: Kind = Kind.PAYMENT, fee_fen: int = 1) -> Line:
    return Line(
        kind=kind, number=number, gateway_no="G" + number, amount_fen=amount_fen, fee_fen=fee_fen
    )


def ours(each: Line, **change: object) -> Ours:
    values: dict[str, object] = {
        "kind": each.kind,
        "number": each.number,
        "row": f"{each.kind}:1",
        "amount_fen": each.amount_fen,
        "done": True,
        "of_day": True,
    }
    return Ours(**(values | change))  # type: ignore[arg-type]


A, B = line("a"), line("b", kind=Kind.REFUND)
TABLE = {
    "the same on both sides": ([A, B], [ours(A), ours(B)], []),
    "nothing at all": ([], [], []),
    "not in our books": ([A], [], [(What.MISSING_HERE, "a", 100, None)]),
    "not in the bill": ([], [ours(A)], [(What.MISSING_THERE, "a", None, 100)]),
    "not in the bill, and not done": ([], [ours(A, done=False)], []),
    "not in the bill, of another day": ([], [ours(A, of_day=False)], []),
    "another amount": ([A], [ours(A, amount_fen=99)], [(What.AMOUNT, "a", 100, 99)]),
    "done there only": ([A], [ours(A, done=False)], [(What.UNBOOKED, "a", 100, 100)]),
    "of another day here": ([A], [ours(A, of_day=False)], []),
    "nobody owed it": ([A], [ours(A, unowed_fen=100)], [(What.UNOWED, "a", 100, 0)]),
    "a part was not owed": ([A], [ours(A, unowed_fen=30)], [(What.UNOWED, "a", 100, 70)]),
    "twice": ([A, A], [ours(A)], [(What.TWICE, "a", 100, 100)]),
    "the same number, another kind": (
        [line("a", kind=Kind.REFUND)],
        [ours(A)],
        [(What.MISSING_HERE, "a", 100, None), (What.MISSING_THERE, "a", None, 100)],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_table(name: str) -> None:
    lines, books, expected = TABLE[name]
    found = compare(Bill(lines=lines), books)
    shown = [(each.kind, each.number, each.gateway_fen, each.our_fen) for each in found]
    assert shown == expected
    assert is_balanced(found) == all(kind == What.UNOWED for kind, *_ in expected)


def test_what_a_neighbours_bill_has_is_not_missing() -> None:
    assert compare(Bill(lines=[]), [ours(A)], elsewhere={(Kind.PAYMENT, "a")}) == []
    assert compare(Bill(lines=[]), [ours(A)], elsewhere={(Kind.REFUND, "a")}) != []


def test_the_bills_own_sums() -> None:
    bill = Bill(lines=[A, B], claims={"payment": 100, "refund": 99, "fee": 3})
    found = compare(bill, [ours(A), ours(B)])
    assert [(each.about, each.gateway_fen, each.our_fen) for each in found] == [
        ("refund", 99, 100),
        ("fee", 3, 2),
    ]


def test_each_kind_has_a_remedy() -> None:
    assert set(REMEDIES) == set(What)


CHANGES = ("drop", "lose", "amount", "undone", "twice", "none")


@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from([*Kind])), max_size=12),
    st.data(),
)
def test_every_change_is_found_and_nothing_else(
    rows: list[tuple[int, Kind]], data: st.DataObject
) -> None:
    lines = [line(str(place), amount, kind) for place, (amount, kind) in enumerate(rows)]
    told, books, expected = [], [], []
    for each in lines:
        change = data.draw(st.sampled_from(CHANGES))
        mine = ours(each)
        if change == "drop":
            expected.append((What.MISSING_THERE, each.number))
        elif change == "lose":
            expected.append((What.MISSING_HERE, each.number))
        elif change == "amount":
            mine = ours(each, amount_fen=each.amount_fen + 1)
            expected.append((What.AMOUNT, each.number))
        elif change == "undone":
            mine = ours(each, done=False)
            expected.append((What.UNBOOKED, each.number))
        elif change == "twice":
            expected.append((What.TWICE, each.number))
        told += [] if change == "drop" else [each] * (2 if change == "twice" else 1)
        books += [] if change == "lose" else [mine]
    shuffled = data.draw(st.permutations(told))
    found = compare(Bill(lines=shuffled), data.draw(st.permutations(books)))
    assert sorted((each.kind, each.number) for each in found) == sorted(expected)
    assert len({each.key for each in found}) == len(found)


class TestFiles:
    """Bills as gateways write them."""

    def test_wechat(self) -> None:
        fake = FakeWechat(clock=lambda: NOW)
        way = _wechat(fake)
        fake.close()
        day = date(2026, 10, 1)
        read = wechat_bills.read_trades(fake.trade_bill(day))
        assert [(each.kind, each.number, each.amount_fen, each.fee_fen) for each in read.lines] == [
            ("payment", "number_1", 12_345, 74),
            ("payment", "number_2", 5, 0),
            ("refund", "r1_a", 345, -2),
        ]
        assert read.lines[0].at == NOW
        assert read.claims == {"payment": 12_350, "refund": 345, "fee": 72}
        assert compare(read, [ours(each) for each in read.lines]) == []
        (moved,) = wechat_bills.read_transfers(fake.fund_bill(day))
        assert (moved.kind, moved.number, moved.amount_fen) == ("transfer", "w1t1", 500)
        assert wechat_bills.read_trades("") == Bill(lines=[])
        del way

    def test_columns_are_found_by_name(self) -> None:
        text = "手续费,交易时间,订单金额,商户订单号,微信订单号\n`0.00600,`-,`1.00,`n,`g\n"
        (only,) = wechat_bills.read_trades(text).lines
        assert (only.number, only.amount_fen, only.fee_fen, only.at) == ("n", 100, 1, None)

    @pytest.mark.parametrize(
        "text",
        [
            "手续费,交易时间\n`0,`-\n",
            "手续费,交易时间,订单金额,商户订单号,微信订单号\n`0,`-,`1.005,`n,`g\n",
            "手续费,交易时间,订单金额,商户订单号,微信订单号\n`much,`-,`1,`n,`g\n",
            "手续费,交易时间,订单金额,商户订单号,微信订单号\n`0,`-,`NaN,`n,`g\n",
        ],
    )
    def test_what_is_no_bill_says_where(self, text: str) -> None:
        with pytest.raises(BillError, match="line 2"):
            wechat_bills.read_trades(text)

    def test_alipay(self) -> None:
        fake = FakeAlipay(clock=lambda: NOW)
        _alipay(fake)
        rows = fake.trade_rows(date(2026, 10, 1))
        from tests.fakes.alipay import TRADE_HEAD, _zip

        text = alipay_bills.unpack(_zip(date(2026, 10, 1), "业务明细", TRADE_HEAD, rows))
        fake.close()
        read = list(alipay_bills.read_trades(text))
        assert [(each.kind, each.number, each.amount_fen, each.fee_fen) for each in read] == [
            ("payment", "n1", 12_345, 74),
            ("refund", "r1_a", 345, -2),
        ]
        with pytest.raises(BillError, match="archive"):
            alipay_bills.unpack(b"no zip")

    def test_amounts(self) -> None:
        assert [bills.fen(each, where="-") for each in ("1", "-0.5", "", "12.30", "0.07")] == [
            100, -50, 0, 1230, 7,
        ]  # fmt: skip
        assert [bills.fee_fen(each, where="-") for each in ("0.00499", "0.005", "-0.005")] == [
            0, 1, -1,
        ]  # fmt: skip


def _wechat(fake: FakeWechat) -> None:
    from mingchi.payments.gateways import Request
    from mingchi.payments.wechat import WechatGateway

    way = WechatGateway(fake.config())
    fake.refunds_at_once = True
    for number, amount_fen in (("number_1", 12_345), ("number_2", 5)):
        way.pay_data(
            Request(out_trade_no=number, amount_fen=amount_fen, subject="-", channel="native")
        )
        fake.pay(number)
    way.send_back(out_trade_no="number_1", out_refund_no="r1_a", amount_fen=345, total_fen=12_345)
    way.transfer(out_transfer_no="w1t1", amount_fen=500, payee="o", payee_name="", remark="-")
    fake.end_transfer("w1t1", "SUCCESS")


def _alipay(fake: FakeAlipay) -> None:
    from mingchi.payments.alipay import AlipayGateway
    from mingchi.payments.gateways import Request

    way = AlipayGateway(fake.config())
    url = way.pay_data(Request(out_trade_no="n1", amount_fen=12_345, subject="-", channel="wap"))
    fake.open(url["url"])
    fake.pay("n1")
    way.send_back(out_trade_no="n1", out_refund_no="r1_a", amount_fen=345, total_fen=12_345)
