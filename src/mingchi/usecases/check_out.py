"""A member buys what they were shown: an order of each merchant under one checkout."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.members import addresses
from mingchi.members import services as members
from mingchi.members.models import Address
from mingchi.orders import carts
from mingchi.usecases import placing
from mingchi.usecases.once import once
from mingchi.usecases.placing import Delivery, Terms
from mingchi.usecases.preview_checkout import Preview, Wish, preview

# What may happen between looking and buying: somebody else was quicker.
OUTRUN = frozenset({"out_of_stock", "coupon_not_usable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """One merchant's order of a checkout."""

    order_id: int
    number: str
    merchant_id: int
    total_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut:
    """The checkout, to be paid until `pay_by` (ISO 8601)."""

    checkout_id: int
    number: str
    total_fen: int
    pay_by: str
    orders: tuple[PlacedOrder, ...]


class PreviewChangedError(ConflictError):
    """What the member was shown does not hold any more; `shown` is what does."""

    def __init__(self, shown: Preview) -> None:
        super().__init__(
            "preview_changed",
            _("Something has changed since you looked. Please look again before you buy."),
            field="digest",
        )
        self.shown = shown


def check_out(
    *,
    member_id: int,
    wish: Wish,
    digest: str,
    idempotency_key: str,
    now: datetime,
    note: str = "",
    channel: str = "web",
    is_demo: bool = False,
) -> CheckedOut:
    """Buy it, if all is as in the preview with this digest; out of the cart where it came from
    there.

    Price, coupons and stock are asked anew under the idempotency key. Where anything differs, or
    somebody else was quicker, nothing is written and `preview_changed` 409 holds the new preview.
    Errors: those of `preview` and `placing.place`.
    """
    body = {"wish": asdict(wish), "digest": digest, "note": note, "channel": channel}
    terms = Terms(channel=channel, note=note, is_demo=is_demo)
    try:
        with transaction.atomic():
            return once(
                action="check_out",
                actor=f"member:{member_id}",
                key=idempotency_key,
                body=body,
                run=lambda: _check_out(member_id, wish, digest, terms, now),
                result=_read,
            )
    except DomainError as error:
        if error.code not in OUTRUN:
            raise
        shown = _looked_again(member_id, wish, error, now)
        if shown.digest == digest:  # it was shown with what stands in the way
            raise
        raise PreviewChangedError(shown) from error


def _check_out(member_id: int, wish: Wish, digest: str, terms: Terms, now: datetime) -> CheckedOut:
    member = members.acting(member_id, held=True)
    shown = preview(member_id=member_id, wish=wish, now=now)
    if shown.digest != digest:
        raise PreviewChangedError(shown)
    for problem in shown.problems:
        raise problem.refusal()
    placed = placing.place(
        member=member,
        offer=shown.offer,
        delivery=_delivery(shown.address),
        terms=terms,
        now=now,
    )
    if wish.items is None:
        carts.take_out(member_id=member_id, sku_ids=list(shown.offer.qty))
    return CheckedOut(
        checkout_id=placed.checkout.pk,
        number=placed.checkout.number,
        total_fen=sum(order.total_fen for order in placed.orders),
        pay_by=min(order.pay_by for order in placed.orders).isoformat(),
        orders=tuple(
            PlacedOrder(
                order_id=order.pk,
                number=order.number,
                merchant_id=order.merchant_id,
                total_fen=order.total_fen,
            )
            for order in placed.orders
        ),
    )


def _looked_again(member_id: int, wish: Wish, error: DomainError, now: datetime) -> Preview:
    """The preview as it is now; without the coupons that are gone."""
    if error.code == "coupon_not_usable" and wish.coupon_ids is not None:
        gone = set(error.details.get("coupon_ids", ()))
        left = tuple(key for key in wish.coupon_ids if key not in gone)
        wish = replace(wish, coupon_ids=left)
    return preview(member_id=member_id, wish=wish, now=now)


def _delivery(address: Address | None) -> Delivery:
    if address is None:
        return Delivery()
    return Delivery(
        region=address.region,
        recipient=address.name,
        phone=address.phone,
        address=f"{addresses.area_name(address)} {address.detail}",
    )


def _read(*, orders: tuple[Any, ...], **rest: Any) -> CheckedOut:
    """The answer as it was kept, or as it is given the first time."""
    return CheckedOut(orders=tuple(PlacedOrder(**order) for order in orders), **rest)
