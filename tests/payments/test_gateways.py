"""Both gateways against fakes that sign and verify for real, over HTTP on loopback."""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from tests.fakes import serving
from tests.fakes.alipay import FakeAlipay
from tests.fakes.wechat import FakeWechat

from mingchi.payments.alipay import AlipayGateway
from mingchi.payments.gateways import (
    Client,
    Closing,
    Gateway,
    GatewayDownError,
    GatewayError,
    NoNews,
    Notice,
    RefundNotice,
    Request,
    Standing,
    TransferNotice,
)
from mingchi.payments.wechat import WechatGateway

NOW = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
DAY = date(2026, 10, 1)
Fake = FakeWechat | FakeAlipay
WAYS = ["wechat-key", "wechat-certificates", "alipay-key", "alipay-certificates"]


def request(number: str = "20261001_a1", **more: object) -> Request:
    given: dict[str, object] = {
        "out_trade_no": number,
        "amount_fen": 12_345,
        "subject": "2026100100001",
        "expires_at": NOW + timedelta(minutes=30),
    }
    return Request(**(given | more))  # type: ignore[arg-type]


@pytest.fixture(params=WAYS)
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    name, _, by = request.param.partition("-")
    kind = FakeWechat if name == "wechat" else FakeAlipay
    made = kind(by=by, clock=lambda: NOW)
    yield made
    made.close()


@pytest.fixture
def wechat() -> Iterator[FakeWechat]:
    made = FakeWechat(clock=lambda: NOW)
    yield made
    made.close()


@pytest.fixture
def alipay() -> Iterator[FakeAlipay]:
    made = FakeAlipay(clock=lambda: NOW)
    yield made
    made.close()


def gateway(fake: Fake) -> Gateway:
    return WechatGateway(fake.config()) if isinstance(fake, FakeWechat) else AlipayGateway(
        fake.config()
    )  # fmt: skip


def opened(fake: Fake, number: str = "20261001_a1", **more: object) -> Gateway:
    """A gateway with an attempt that the buyer has opened."""
    way = gateway(fake)
    if isinstance(fake, FakeWechat):
        way.pay_data(request(number, channel="native", **more))
    else:
        fake.open(way.pay_data(request(number, channel="wap", **more))["url"])
    return way


def paid(fake: Fake, number: str = "20261001_a1") -> Gateway:
    way = opened(fake, number)
    fake.pay(number)
    return way


def read(way: Gateway, notice: tuple[bytes, dict[str, str]], now: datetime = NOW) -> object:
    body, headers = notice
    return way.read_notice(
        body=body, headers={name.lower(): value for name, value in headers.items()}, now=now
    )


def refusal(way: Gateway, notice: tuple[bytes, dict[str, str]], now: datetime = NOW) -> str:
    with pytest.raises(GatewayError) as caught:
        read(way, notice, now)
    return caught.value.code


class TestPaying:
    """What the buyer's device gets, and what the gateway knows afterwards."""

    def test_wechat_for_each_device(self, wechat: FakeWechat) -> None:
        way = gateway(wechat)
        assert way.pay_data(request("number_1", channel="native")) == {
            "kind": "qr",
            "code_url": "weixin://wxpay/bizpayurl?pr=number_1",
        }
        assert way.pay_data(request("number_2", channel="h5"))["url"].endswith("/pay/number_2")
        for channel, appid in (("jsapi", "wx00000000000000a1"), ("mini", "wx00000000000000b2")):
            data = way.pay_data(request(f"number_{channel}", channel=channel, payer="openid"))
            text = f"{appid}\n{data['timeStamp']}\n{data['nonceStr']}\n{data['package']}\n"
            signature = base64.b64decode(data["paySign"])
            assert serving.is_signed(wechat.merchant, text, signature)
            with pytest.raises(GatewayError, match="payer_needed"):
                way.pay_data(request("number_4", channel=channel))
        assert wechat.trades["number_1"].expires_at == NOW + timedelta(minutes=30)
        assert wechat.trades["number_1"].notify_url.endswith("/api/gateways/wechat/notice")

    def test_alipay_for_each_device(self, alipay: FakeAlipay) -> None:
        way = gateway(alipay)
        alipay.open(way.pay_data(request("n1", channel="wap"))["url"])
        alipay.open(way.pay_data(request("n2", channel="app"))["order_string"])
        data = way.pay_data(request("n3", channel="mini", payer="open-id"))
        assert data["trade_no"] == alipay.trades["n3"].gateway_no
        assert {each.amount_fen for each in alipay.trades.values()} == {12_345}
        assert alipay.trades["n1"].notify_url.endswith("/api/gateways/alipay/notice")
        assert alipay.trades["n1"].expires_at == NOW + timedelta(minutes=30)

    def test_which_channels_there_are(self, wechat: FakeWechat, alipay: FakeAlipay) -> None:
        offered = {
            client: [*gateway(wechat).channels(client), *gateway(alipay).channels(client)]
            for client in Client
        }
        assert offered == {
            Client.BROWSER: ["h5", "wap"],
            Client.DESKTOP: ["native"],
            Client.APP: ["app"],
            Client.WECHAT: ["jsapi"],
            Client.WECHAT_MINI: ["mini"],
            Client.ALIPAY_MINI: ["mini"],
        }
        for each in (wechat, alipay):
            with pytest.raises(GatewayError, match="unknown_channel"):
                gateway(each).pay_data(request(channel="carrier pigeon"))

    def test_asked_of_what_is_open_paid_and_unheard_of(self, fake: Fake) -> None:
        way = opened(fake)
        assert way.find_payment(out_trade_no="20261001_a1") is None
        assert way.find_payment(out_trade_no="20261001_b2") is None
        fake.pay("20261001_a1", at=NOW)
        assert way.find_payment(out_trade_no="20261001_a1") == Notice(
            out_trade_no="20261001_a1",
            gateway_no=fake.trades["20261001_a1"].gateway_no,
            amount_fen=12_345,
            at=NOW,
        )

    def test_closed_nobody_pays_it(self, fake: Fake) -> None:
        way = opened(fake)
        assert way.close(out_trade_no="20261001_a1") == Closing.CLOSED
        with pytest.raises(Exception, match="CLOSE"):
            fake.pay("20261001_a1")
        assert way.close(out_trade_no="20261001_a1") == Closing.CLOSED
        assert way.close(out_trade_no="20261001_b2") == Closing.UNKNOWN
        paid(fake, "20261001_c3")
        assert way.close(out_trade_no="20261001_c3") == Closing.PAID


class TestNotices:
    """Believed only when signed, in time, for us, and right."""

    def test_a_right_one(self, fake: Fake) -> None:
        way = paid(fake)
        told = read(way, fake.notice("20261001_a1", at=NOW))
        assert told == way.find_payment(out_trade_no="20261001_a1")

    def test_a_forged_one(self, fake: Fake) -> None:
        way = paid(fake)
        body, headers = fake.notice("20261001_a1", at=NOW)
        assert refusal(way, fake.notice("20261001_a1", at=NOW, forged=True)) == "bad_signature"
        spoilt = body.replace(b"create_time", b"CREATE_TIME").replace(b"123.45", b"999.45")
        assert spoilt != body
        assert refusal(way, (spoilt, headers)) == "bad_signature"

    def test_late_and_early_ones(self, fake: Fake) -> None:
        way = paid(fake)
        notice = fake.notice("20261001_a1", at=NOW)
        read(way, notice, NOW + timedelta(seconds=299))
        for off in (301, -301, 86_400):
            assert refusal(way, notice, NOW + timedelta(seconds=off)) == "stale_notice"

    def test_one_for_somebody_else(self, wechat: FakeWechat, alipay: FakeAlipay) -> None:
        other = wechat, "20261001_a1", {"mchid": "1900000002"}
        app = alipay, "20261001_a1", {"app_id": "2021000000000002"}
        seller = alipay, "20261001_a1", {"seller_id": "2088000000000002"}
        for fake, number, change in (other, app, seller):
            way = gateway(fake) if number in fake.trades else paid(fake)
            assert refusal(way, fake.notice(number, at=NOW, **change)) == "not_ours"

    def test_an_unknown_serial_is_refused_before_anything_is_asked(self, fake: Fake) -> None:
        if not isinstance(fake, FakeWechat):
            pytest.skip("Alipay's notices name no certificate")
        way = paid(fake)
        body, headers = fake.notice("20261001_a1", at=NOW)
        before = list(fake.calls)
        for serial in ("", "77AB", "PUB_KEY_ID_9", "not hex", "é"):
            strange = {**headers, "Wechatpay-Serial": serial}
            assert refusal(way, (body, strange)) == "unknown_serial"
        assert fake.calls == before

    def test_the_next_certificate_counts_beside_the_present_one(self, wechat: FakeWechat) -> None:
        from dataclasses import replace

        old = serving.certificate(serving.key("old"), "old", days=280)
        wechat.by = "certificates"
        both = serving.certificate_pem(old) + serving.certificate_pem(wechat.certificate)
        way = WechatGateway(replace(wechat.config(), platform_certificates=both))
        way.pay_data(request(channel="native"))
        wechat.pay("20261001_a1")
        read(way, wechat.notice("20261001_a1", at=NOW))
        body, headers = wechat.notice("20261001_a1", at=NOW + timedelta(days=30))
        headers["Wechatpay-Serial"] = f"{old.serial_number:X}"
        # Outlived on that day: what is signed by it then is not believed.
        assert refusal(way, (body, headers), NOW + timedelta(days=30)) == "unknown_serial"

    def test_what_is_no_notice(self, fake: Fake) -> None:
        way = paid(fake)
        _body, headers = fake.notice("20261001_a1", at=NOW)
        for body in (b"", b"{}", b"\xff\xfe", b"a=1&a=2", b"[" * 5000, b"sign_type=RSA2&sign=x"):
            assert refusal(way, (body, headers)) in ("bad_signature", "malformed_notice")

    def test_signed_nonsense(self, wechat: FakeWechat, alipay: FakeAlipay) -> None:
        way = paid(wechat)
        for change in ({"amount": {"total": "1"}}, {"amount": 1}, {"success_time": "soon"}):
            assert refusal(way, wechat.notice("20261001_a1", at=NOW, **change)) == (
                "malformed_notice"
            )
        way = paid(alipay)
        for amount in ("1.234", "much", "NaN", "1e99"):
            notice = alipay.notice("20261001_a1", at=NOW, total_amount=amount)
            assert refusal(way, notice) == "malformed_notice"

    def test_what_tells_of_no_payment(self, wechat: FakeWechat, alipay: FakeAlipay) -> None:
        way = opened(alipay)
        assert read(way, alipay.notice("20261001_a1", at=NOW)) == NoNews(number="20261001_a1")
        way = opened(wechat)
        assert read(way, wechat.notice("20261001_a1", at=NOW)) == NoNews(number="20261001_a1")

    def test_verifying_leaves_the_form_as_it_was(self, alipay: FakeAlipay) -> None:
        from mingchi.payments.alipay_client import AlipayClient, form

        paid(alipay)
        data = form(alipay.notice("20261001_a1", at=NOW)[0])
        before = dict(data)
        assert AlipayClient(alipay.config()).verify(data)
        assert data == before
        assert "sign_type" in data


def refund(way: Gateway, number: str = "r1_a", amount_fen: int = 345, total_fen: int = 12_345):  # type: ignore[no-untyped-def]
    return way.send_back(
        out_trade_no="20261001_a1",
        out_refund_no=number,
        amount_fen=amount_fen,
        total_fen=total_fen,
    )


class TestRefunds:
    """Money back: once a number, never more than was paid."""

    def test_wechat_takes_it_over_then_tells(self, wechat: FakeWechat) -> None:
        way = paid(wechat)
        assert refund(way).standing == Standing.UNDER_WAY
        wechat.end_refund("r1_a", at=NOW)
        told = read(way, wechat.notice("r1_a", at=NOW))
        assert isinstance(told, RefundNotice)
        assert (told.standing, told.amount_fen, told.at) == (Standing.DONE, 345, NOW)
        assert told == way.find_refund(out_trade_no="20261001_a1", out_refund_no="r1_a")
        for state in ("CLOSED", "ABNORMAL"):
            wechat.end_refund("r1_a", state)
            told = read(way, wechat.notice("r1_a", at=NOW))
            assert isinstance(told, RefundNotice)
            assert (told.standing, told.error) == (Standing.FAILED, state.lower())

    def test_alipay_gives_it_at_once(self, alipay: FakeAlipay) -> None:
        way = paid(alipay)
        assert refund(way).standing == Standing.DONE
        # Its notice is the payment's with more in it.
        told = read(way, alipay.notice("r1_a", at=NOW))
        assert told == way.find_payment(out_trade_no="20261001_a1")

    def test_refunded_in_full_was_paid_all_the_same(self, fake: Fake) -> None:
        way = paid(fake)
        refund(way, amount_fen=12_345)
        found = way.find_payment(out_trade_no="20261001_a1")
        assert found is not None
        assert found.amount_fen == 12_345
        if isinstance(fake, FakeAlipay):
            assert read(way, fake.notice("r1_a", at=NOW)) == found

    def test_the_same_number_is_given_once(self, fake: Fake) -> None:
        way = paid(fake)
        refund(way), refund(way)
        assert fake.trades["20261001_a1"].back_fen == 345
        with pytest.raises(GatewayError):
            refund(way, amount_fen=346)

    def test_never_more_than_was_paid(self, fake: Fake) -> None:
        way = paid(fake)
        refund(way, "r1_a", 12_000)
        with pytest.raises(GatewayError):
            refund(way, "r2_b", 346)
        refund(way, "r2_b", 345)
        assert fake.trades["20261001_a1"].back_fen == 12_345

    def test_nothing_of_what_was_not_paid(self, fake: Fake) -> None:
        way = opened(fake)
        with pytest.raises(GatewayError):
            refund(way)
        assert way.find_refund(out_trade_no="20261001_a1", out_refund_no="r1_a") is None

    def test_a_wrong_total(self, wechat: FakeWechat) -> None:
        with pytest.raises(GatewayError, match="PARAM_ERROR"):
            refund(paid(wechat), total_fen=12_346)

    def test_the_answer_is_lost_after_the_money_went(self, fake: Fake) -> None:
        way = paid(fake)
        fake.faults.lose = ["refund", "trade_refund"]
        with pytest.raises(GatewayDownError):
            refund(way)
        assert fake.trades["20261001_a1"].back_fen == 345
        found = way.find_refund(out_trade_no="20261001_a1", out_refund_no="r1_a")
        assert found is not None
        assert found.amount_fen == 345


def transfer(way, number: str = "w1t1", amount_fen: int = 500) -> TransferNotice:  # type: ignore[no-untyped-def]
    told = way.transfer(
        out_transfer_no=number,
        amount_fen=amount_fen,
        payee="2088000000000099",
        payee_name="李雷",
        remark="提现",
    )
    assert isinstance(told, TransferNotice)
    return told


class TestTransfers:
    """Money to people."""

    @pytest.mark.parametrize("by", ["key", "certificates"])
    def test_wechat_waits_for_its_receiver(self, by: str) -> None:
        wechat = FakeWechat(by=by, clock=lambda: NOW)
        way = WechatGateway(wechat.config())
        told = transfer(way)
        assert told.standing == Standing.UNCONFIRMED
        assert told.confirm["package"].endswith("w1t1")
        assert transfer(way).gateway_no == told.gateway_no
        for state, reason, standing in (
            ("SUCCESS", "", Standing.DONE),
            ("FAIL", "OVERDUE_CLOSE", Standing.EXPIRED),
            ("FAIL", "PAYEE_ACCOUNT_ABNORMAL", Standing.FAILED),
            ("CANCELLED", "", Standing.EXPIRED),
        ):
            wechat.end_transfer("w1t1", state, reason)
            found = way.find_transfer(out_transfer_no="w1t1")
            assert found is not None
            assert (found.standing, found.confirm) == (standing, {})
            assert read(way, wechat.notice("w1t1", at=NOW)) == found
        assert way.find_transfer(out_transfer_no="w9t9") is None
        wechat.close()

    def test_alipay_pays_at_once(self, alipay: FakeAlipay) -> None:
        way = AlipayGateway(alipay.config())
        assert transfer(way).standing == Standing.DONE
        alipay.transfer_state = "DEALING"
        assert transfer(way, "w2t2").standing == Standing.UNDER_WAY
        alipay.transfers["w2t2"].state = "FAIL"
        found = way.find_transfer(out_transfer_no="w2t2")
        assert found is not None
        assert (found.standing, found.error) == (Standing.FAILED, "PAYEE_NOT_EXIST")
        assert way.find_transfer(out_transfer_no="w9t9") is None

    def test_names_where_they_are_wanted(self, wechat: FakeWechat, alipay: FakeAlipay) -> None:
        for way, amount_fen in (
            (WechatGateway(wechat.config()), 200_000),
            (AlipayGateway(alipay.config()), 100),
        ):
            with pytest.raises(GatewayError, match="payee_name_needed"):
                way.transfer(
                    out_transfer_no="w1t1",
                    amount_fen=amount_fen,
                    payee="li@example.com",
                    payee_name="",
                    remark="-",
                )
        assert not wechat.transfers
        assert not alipay.transfers


class TestAnswers:
    """An answer that can't be believed is none."""

    OPERATIONS = ("query", "trade_query")

    @pytest.mark.parametrize("fault", ["forge", "down", "break_", "lose"])
    def test_no_answer(self, fake: Fake, fault: str) -> None:
        way = paid(fake)
        setattr(fake.faults, fault, list(self.OPERATIONS))
        with pytest.raises(GatewayDownError):
            way.find_payment(out_trade_no="20261001_a1")
        assert way.find_payment(out_trade_no="20261001_a1") is not None

    def test_a_slow_one(self, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
        way = paid(fake)
        monkeypatch.setattr("mingchi.payments.alipay_client.TIMEOUT_S", (0.2, 0.2))
        if isinstance(fake, FakeWechat):
            way._client._core._timeout = (0.2, 0.2)  # type: ignore[attr-defined]
        fake.faults.slow_s = 0.5
        with pytest.raises(GatewayDownError):
            way.find_payment(out_trade_no="20261001_a1")

    def test_refused_with_the_gateways_own_code(self, fake: Fake) -> None:
        way = paid(fake)
        fake.faults.refuse = {"refund": "NOT_ENOUGH", "trade_refund": "NOT_ENOUGH"}
        with pytest.raises(GatewayError, match="NOT_ENOUGH"):
            refund(way)

    def test_an_address_beyond_this_machine(self, fake: Fake) -> None:
        from dataclasses import replace

        for address in (
            "https://api.mch.weixin.qq.com",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1",
            "http://127.0.0.1\\@example.com",
            "//127.0.0.1",
            "",
        ):
            config = replace(fake.config(), address=address)
            with pytest.raises(ImproperlyConfigured, match="refused"):
                type(gateway(fake))(config)
