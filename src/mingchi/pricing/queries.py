"""What is asked of coupons, and lines as the stages of a price take them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from mingchi.catalogue.models import Category, Product, Sku
from mingchi.foundation import rows
from mingchi.merchants.models import Merchant
from mingchi.pricing import templates
from mingchi.pricing.basket import Line
from mingchi.pricing.coupons import Kind, Scope, Terms
from mingchi.pricing.models import Coupon, MemberCoupon

State = MemberCoupon.State
# By hand: each preview and checkout asks this.
_HELD: Final = f"""
SELECT {rows.columns(MemberCoupon, "h")}, {rows.columns(Coupon, "c")},
    {rows.columns(Merchant, "m")}
FROM pricing_membercoupon h JOIN pricing_coupon c ON c.id = h.coupon_id
LEFT JOIN merchants_merchant m ON m.id = c.merchant_id
WHERE h.member_id = %s AND h.state = 'claimed' AND h.good_until > %s
ORDER BY h.good_until, h.id
"""  # noqa: S608 - put together of constants


def lines(skus: Mapping[int, Sku], qty: Mapping[int, int], *, now: datetime) -> list[Line]:
    """A basket of these SKUs (with their products loaded), so many of each, at today's prices."""
    products = {sku.product_id: sku.product for sku in skus.values()}
    paths = category_paths(product.category_id for product in products.values())
    carried = {
        key: product.merchant_id
        for key, product in products.items()
        if product.goods_type != Product.GoodsType.VIRTUAL
    }
    sent_by = templates.of_products(carried) if carried else {}
    return [
        Line(
            sku_id=key,
            product_id=sku.product_id,
            merchant_id=sku.product.merchant_id,
            qty=qty[key],
            price_fen=sku.price_fen,
            list_price_fen=_market_price_fen(sku, now),
            cost_fen=sku.cost_fen,
            distribution_fen=sku.distribution_fen,
            pool_fen=sku.pool_fen,
            category_path=paths[sku.product.category_id],
            weight_g=sku.weight_g,
            template=sent_by.get(sku.product_id),
        )
        for key, sku in skus.items()
    ]


def category_paths(categories: Iterable[int]) -> dict[int, frozenset[int]]:
    """Each category with all above it."""
    parents = dict(Category.objects.order_by().values_list("pk", "parent_id"))

    def up(key: int | None) -> Iterable[int]:
        while key is not None:
            yield key
            key = parents.get(key)

    return {key: frozenset(up(key)) for key in categories}


def terms(claim: MemberCoupon) -> Terms:
    """What stands on a member's coupon (with the coupon loaded); its key is the member's."""
    coupon = claim.coupon
    return Terms(
        key=claim.pk,
        name=coupon.name,
        kind=Kind(coupon.kind),
        merchant_id=coupon.merchant_id,
        off_fen=coupon.off_fen,
        off_ppm=coupon.off_ppm,
        cap_fen=coupon.cap_fen,
        min_spend_fen=coupon.min_spend_fen,
        scope=Scope(coupon.scope),
        targets=frozenset(coupon.targets),
    )


def held(member_id: int, *, now: datetime) -> list[MemberCoupon]:
    """A member's coupons that can be used now, with coupon and merchant, those that end first in
    front."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [member_id, now])
        found = cursor.fetchall()
    coupon_at = rows.width(MemberCoupon)
    merchant_at = coupon_at + rows.width(Coupon)
    claims = []
    for row in found:
        claim = rows.read(MemberCoupon, row[:coupon_at])
        claim.coupon = rows.read(Coupon, row[coupon_at:merchant_at])
        if claim.coupon.merchant_id is not None:
            claim.coupon.merchant = rows.read(Merchant, row[merchant_at:])
        claims.append(claim)
    return claims


def in_centre(member_id: int, *, now: datetime) -> QuerySet[Coupon]:
    """What is given out in the coupon centre now, with `own`: how many the member had of it."""
    shown = Coupon.objects.filter(
        state=Coupon.State.OPEN,
        channel=Coupon.Channel.CENTRE,
        starts_at__lte=now,
        ends_at__gt=now,
        taken__lt=F("total"),
    )
    own = Count("claims", filter=Q(claims__member=member_id))
    return shown.select_related("merchant").annotate(own=own)


def figures(coupon: Coupon) -> dict[str, int]:
    """How many stand where, and what those kept for orders and used take off."""
    found: dict[str, Any] = MemberCoupon.objects.filter(coupon=coupon).aggregate(
        **{state.value: Count("pk", filter=Q(state=state)) for state in State},
        used_fen=Sum("saved_fen", filter=Q(state=State.USED), default=0),
        locked_fen=Sum("saved_fen", filter=Q(state=State.LOCKED), default=0),
    )
    return {name: int(value) for name, value in found.items()}


def target_names(coupon: Coupon) -> list[str]:
    """The categories, products or merchants it is good for."""
    tables: dict[str, QuerySet[Any]] = {
        Coupon.Scope.CATEGORY: Category.objects.order_by("pk"),
        Coupon.Scope.PRODUCT: Product.objects.order_by("pk"),
        Coupon.Scope.MERCHANT: Merchant.objects.order_by("pk"),
    }
    if coupon.scope == Coupon.Scope.ALL:
        return []
    return [str(row) for row in tables[coupon.scope].filter(pk__in=coupon.targets)]


def _market_price_fen(sku: Sku, now: datetime) -> int | None:
    """The struck-out price, as long as it may be shown."""
    if sku.market_until is None or sku.market_until <= now:
        return None
    return sku.market_price_fen
