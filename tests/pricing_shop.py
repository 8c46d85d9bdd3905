"""Coupons and templates in a small shop, made by the real use cases."""

from datetime import timedelta
from itertools import count
from typing import Any

from tests.pricing_baskets import fee
from tests.usecases.shop import NOW, Shop, staff

from mingchi.merchants.models import Merchant
from mingchi.pricing.models import Coupon
from mingchi.usecases.edit_coupons import CouponData, add_coupon, open_coupon
from mingchi.usecases.edit_shipping import TemplateData, add_template

_numbers = count(1)
ENDS = NOW + timedelta(days=30)


def stated(**more: Any) -> CouponData:
    """10 yuan off, a hundred of them."""
    given = {"name": f"c{next(_numbers)}", "kind": "fixed", "off_fen": 1_000, "total": 100}
    if more.get("kind") in ("percentage", "free_shipping"):
        given["off_fen"] = 0
    return CouponData(**{**given, "starts_at": NOW, "ends_at": ENDS, **more})


def offered(shop: Shop, *, merchant: Merchant | None = None, **more: Any) -> Coupon:
    """A coupon that is given out; the platform's unless a merchant pays."""
    key = add_coupon(
        by=shop.owner, merchant_id=merchant.pk if merchant else None, data=stated(**more)
    )
    by = shop.owner if merchant is None else staff(merchant=merchant)
    assert open_coupon(by=by, coupon_id=key, now=NOW) == "open"
    return Coupon.objects.get(pk=key)


def template(shop: Shop, merchant: Merchant, **more: Any) -> int:
    """10 yuan for the first piece, 2 for each further one."""
    data = TemplateData(**{"name": f"t{next(_numbers)}", "unit": "piece", "default": fee(), **more})
    return add_template(by=shop.owner, merchant_id=merchant.pk, data=data)
