"""A member who buys of two merchants, with a coupon of each payer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.pricing_shop import offered, template
from tests.usecases.shop import NOW, Shop, forward, member, sku

from mingchi.catalogue.models import Sku
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.members.addresses import Place
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, OrderLine
from mingchi.usecases import keep_cart
from mingchi.usecases.check_out import CheckedOut, check_out
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.keep_addresses import add_address
from mingchi.usecases.pay_order import PayData, pay_checkout
from mingchi.usecases.preview_checkout import Preview, Wish, preview
from mingchi.usecases.refund_order import ask_refund, decide_refund
from mingchi.usecases.sandbox_pay import sandbox_pay
from mingchi.usecases.take_payment import Taken

HOME = Place(name="Li", phone="13912345678", region="330106", detail="1 West Lake")
_numbers = count(1)


@dataclass
class Buying:
    """Tea of the shop for 1 000 yuan, 10 for sending it, 5 off by the shop's coupon; oil of another
    merchant for 500, sent for nothing; 30 off by the platform's coupon.

    Of that the tea bears `995 / 1 495`: it costs the member 975.03, the oil 489.97.
    """

    shop: Shop
    other: Merchant = field(init=False)
    buyer: Member = field(init=False)
    tea: Sku = field(init=False)
    oil: Sku = field(init=False)
    shops_coupon: int = field(init=False)
    platforms_coupon: int = field(init=False)
    address_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.other = Merchant.objects.create(name=f"Other {next(_numbers)}")
        self.buyer = member()
        self.tea = sku(self.shop.merchant)
        self.oil = sku(self.other, price_fen=50_000, cost_fen=10_000)
        template(self.shop, self.shop.merchant)
        own = offered(self.shop, merchant=self.shop.merchant, off_fen=500)
        platforms = offered(self.shop, off_fen=3_000)
        self.shops_coupon, self.platforms_coupon = (
            claim_coupon(member_id=self.buyer.pk, coupon_id=coupon.pk, now=NOW)
            for coupon in (own, platforms)
        )
        self.address_id = add_address(member_id=self.buyer.pk, place=HOME)

    def wish(self, **more: Any) -> Wish:
        """What is in the cart, with the coupons that save most."""
        return Wish(**{"address_id": self.address_id, **more})

    def fill(self, *articles: Sku) -> None:
        """One of each into the cart; tea and oil unless others are named."""
        for article in articles or (self.tea, self.oil):
            keep_cart.add_item(member_id=self.buyer.pk, sku_id=article.pk, qty=1, now=NOW)

    def seen(self, wish: Wish | None = None) -> Preview:
        return preview(member_id=self.buyer.pk, wish=wish or self.wish(), now=NOW)

    def buy(
        self, wish: Wish | None = None, *, digest: str = "", key: str = "", note: str = ""
    ) -> CheckedOut:
        """The checkout of what is seen now, or was under this digest."""
        wish = wish or self.wish()
        return check_out(
            member_id=self.buyer.pk,
            wish=wish,
            digest=digest or self.seen(wish).digest,
            idempotency_key=key or f"buy{next(_numbers)}",
            note=note,
            now=NOW,
        )

    def bought(self) -> list[Order]:
        """Tea and oil, not paid."""
        self.fill()
        return orders(self.buy())

    def attempt(self, checkout_id: int) -> PayData:
        return pay_checkout(
            member_id=self.buyer.pk,
            checkout_id=checkout_id,
            idempotency_key=f"pay{next(_numbers)}",
            now=NOW,
        )

    def pay(self, data: PayData) -> Taken:
        return sandbox_pay(member_id=self.buyer.pk, out_trade_no=data.out_trade_no, now=NOW)

    def paid(self) -> list[Order]:
        """Tea and oil, paid at once."""
        tea, oil = self.bought()
        self.pay(self.attempt(tea.checkout_id))
        for order in (tea, oil):
            forward(order, NOW)
        return again(tea, oil)

    def refund(self, line: OrderLine, amount_fen: int) -> str:
        """Asked by the member, approved by the owner."""
        asked = ask_refund(
            order_id=line.order_id,
            line_id=line.pk,
            amount_fen=amount_fen,
            reason="",
            idempotency_key=f"refund{next(_numbers)}",
            now=NOW,
            member_id=self.buyer.pk,
        )
        decided = decide_refund(
            by=self.shop.owner, refund_id=asked.refund_id, approve=True, now=NOW
        )
        return decided.state


def orders(done: CheckedOut) -> list[Order]:
    """The orders of a checkout, the shop's first."""
    return list(Order.objects.filter(checkout=done.checkout_id).order_by("merchant"))


def again(*them: Order) -> list[Order]:
    """As they stand."""
    return [Order.objects.get(pk=order.pk) for order in them]


def states(them: Sequence[Order]) -> list[str]:
    return [str(order.state) for order in again(*them)]


def earned_fen(order: Order) -> int:
    """What the order's merchant is owed."""
    return balance(accounts.merchant(order.merchant_id)).balance_fen


def held() -> dict[str, int]:
    """What the house's accounts of orders hold, those that hold nothing left out."""
    named = {
        "order_held": accounts.order_held(),
        "refund_pending": accounts.refund_pending(),
        "shipping": accounts.shipping(),
        "coupon_cost": accounts.coupon_cost(),
        "sandbox": accounts.cash("sandbox"),
    }
    found = {name: balance(account).balance_fen for name, account in named.items()}
    return {name: fen for name, fen in found.items() if fen}
