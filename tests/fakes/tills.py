"""A shop with both fake gateways: what tests of payments act with."""

from dataclasses import dataclass
from datetime import datetime

from tests.fakes.alipay import FakeAlipay
from tests.fakes.wechat import FakeWechat
from tests.usecases.shop import NOW, Shop, member, place, sku
from tests.usecases.test_refunds import ask

from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.orders.models import Order
from mingchi.payments.models import PaymentRefund
from mingchi.usecases.pay_order import PayData, pay_order
from mingchi.usecases.refund_order import decide_refund
from mingchi.usecases.take_payment import take_payment


@dataclass
class Tills:
    """A shop with both gateways."""

    shop: Shop
    wechat: FakeWechat
    alipay: FakeAlipay

    def order(self) -> int:
        return place(member(), sku(self.shop.merchant)).order_id

    def attempt(self, order_id: int, gateway: str, key: str = "pay") -> PayData:
        """The buyer opens the gateway's page."""
        data = pay_order(
            member_id=Order.objects.get(pk=order_id).member_id,
            order_id=order_id,
            idempotency_key=f"{key}{gateway}",
            now=NOW,
            gateway=gateway,
            client="browser",
            client_ip="203.0.113.7",
        )
        if gateway == "alipay":
            self.alipay.open(data.data["url"])
        return data

    def fake(self, gateway: str) -> FakeWechat | FakeAlipay:
        return self.wechat if gateway == "wechat" else self.alipay

    def pay(self, gateway: str, data: PayData, at: datetime = NOW) -> None:
        self.fake(gateway).pay(data.out_trade_no, at=at)

    def tell(self, gateway: str, number: str, *, at: datetime = NOW, **change: str) -> str:
        body, headers = self.fake(gateway).notice(number, at=at, **change)
        return take_payment(gateway=gateway, body=body, headers=headers, now=at).outcome

    def paid(self, gateway: str) -> tuple[int, PayData]:
        """An order that was paid and told of."""
        order_id = self.order()
        data = self.attempt(order_id, gateway)
        self.pay(gateway, data)
        assert self.tell(gateway, data.out_trade_no) == "applied"
        return order_id, data

    def refund(self, order_id: int, amount_fen: int = 30_000) -> PaymentRefund:
        """A refund that staff approved: the gateway was asked."""
        asked = ask(Order.objects.get(pk=order_id), amount_fen)
        decide_refund(by=self.shop.finance, refund_id=asked.refund_id, approve=True, now=NOW)
        return PaymentRefund.objects.get(refund_id=asked.refund_id)

    def agree(self) -> None:
        """What each gateway holds for us is what our books say it holds."""
        for code in ("wechat", "alipay"):
            fake = self.fake(code)
            taken = sum(each.amount_fen for each in fake.trades.values() if each.paid_at)
            if isinstance(fake, FakeWechat):
                gone = [each for each in fake.refunds.values() if each.state == "SUCCESS"]
            else:
                gone = list(fake.refunds.values())  # type: ignore[arg-type]
            back = sum(each.amount_fen for each in gone)
            assert balance(accounts.cash(code)).balance_fen == back - taken, code
