"""Small builders and Hypothesis strategies of what pricing works on."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from mingchi.engine.rules import Plan
from mingchi.pricing.basket import Line
from mingchi.pricing.coupons import Kind, Scope, Terms
from mingchi.pricing.shipping import Fee, Rule, Template, Unit
from mingchi.rebates import plans
from mingchi.usecases.open_platform import baseline

PLAN: Plan = plans.read(baseline())
REGIONS = ("330106", "110105", "540102", "659001", None)


def fee(first: tuple[int, int] = (1, 1000), more: tuple[int, int] = (1, 200), **free: int) -> Fee:
    """`first` and `more` are (units, fen)."""
    return Fee(
        first_units=first[0],
        first_fen=first[1],
        additional_units=more[0],
        additional_fen=more[1],
        **free,
    )


def template(
    id: int = 1, *rules: Rule, default: Fee | None = None, unit: Unit = Unit.PIECE
) -> Template:
    """A template; `default` None here: the usual fee."""
    return Template(id=id, name=f"t{id}", unit=unit, default=default or fee(), rules=rules)


def line(sku_id: int = 1, price_fen: int = 10_000, **more: Any) -> Line:
    """One unit of a SKU of merchant 1 whose shares fit into its price."""
    given = {"product_id": sku_id, "merchant_id": 1, "qty": 1, "distribution_fen": 0, "pool_fen": 0}
    return Line(sku_id=sku_id, price_fen=price_fen, **{**given, **more})


def coupon(key: int = 1, kind: Kind = Kind.FIXED, **more: Any) -> Terms:
    """A coupon of the platform, unless `merchant_id` says otherwise."""
    return Terms(key=key, name=f"c{key}", kind=kind, **more)


amounts = st.integers(0, 5_000)
fees = st.builds(
    Fee,
    first_units=st.integers(1, 3_000),
    first_fen=amounts,
    additional_units=st.integers(1, 2_000),
    additional_fen=amounts,
    free_from_fen=st.none() | st.integers(1, 30_000),
    free_from_pieces=st.none() | st.integers(1, 9),
)
rules = st.builds(
    Rule,
    prefixes=st.lists(st.sampled_from(("33", "3301", "330106", "11", "54", "65")), max_size=3).map(
        tuple
    ),
    fee=st.none() | fees,
)
CHARGED = ("free_from_fen", "free_from_pieces")


@st.composite
def templates(draw: st.DrawFn) -> list[Template]:
    """Three templates, of which the second one is never sent anywhere unless a rule says so."""
    return [
        Template(
            id=id,
            name=f"t{id}",
            unit=draw(st.sampled_from(Unit)),
            default=draw(fees) if id != 2 else draw(st.none() | fees),
            rules=tuple(draw(st.lists(rules, max_size=2))),
        )
        for id in (1, 2, 3)
    ]


@st.composite
def baskets(draw: st.DrawFn, *, most: int = 6) -> list[Line]:
    """Lines of up to three merchants, each SKU once, in any order."""
    offered: Sequence[Template | None] = [None, *draw(templates())]
    skus = draw(st.lists(st.integers(1, 40), min_size=1, max_size=most, unique=True))
    found = []
    for sku_id in skus:
        price_fen = draw(st.integers(1, 20_000))
        found.append(
            Line(
                sku_id=sku_id,
                product_id=draw(st.integers(1, 4)),
                merchant_id=draw(st.integers(1, 3)),
                qty=draw(st.integers(1, 5)),
                price_fen=price_fen,
                list_price_fen=draw(st.none() | st.integers(1, 30_000)),
                cost_fen=draw(st.integers(0, price_fen)) // 3,
                distribution_fen=draw(st.none() | st.just(0)),
                pool_fen=draw(st.none() | st.just(0)),
                category_path=draw(st.frozensets(st.integers(1, 4), max_size=2)),
                weight_g=draw(st.integers(0, 3_000)),
                template=draw(st.sampled_from(offered)),
            )
        )
    return found


@st.composite
def coupons(draw: st.DrawFn, *, payers: Sequence[int | None] = (None, 1, 2, 3)) -> Terms:
    """Any coupon; its key is drawn too, so give it another where it must be alone."""
    kind = draw(st.sampled_from(Kind))
    off_fen = draw(st.integers(1, 15_000)) if kind in (Kind.FIXED, Kind.THRESHOLD) else 0
    return Terms(
        key=draw(st.integers(1, 10**6)),
        name="any",
        kind=kind,
        merchant_id=draw(st.sampled_from(payers)),
        off_fen=off_fen,
        off_ppm=draw(st.integers(1, 999_999)) if kind is Kind.PERCENTAGE else 0,
        cap_fen=draw(st.integers(1, 9_000))
        if kind in (Kind.PERCENTAGE, Kind.FREE_SHIPPING)
        else None,
        min_spend_fen=0 if kind is Kind.FIXED else draw(st.integers(0, 30_000)),
        scope=draw(st.sampled_from(Scope)),
        targets=draw(st.frozensets(st.integers(1, 4), max_size=3)),
    )


@st.composite
def held(draw: st.DrawFn, *, most: int = 5) -> list[Terms]:
    """Coupons of all payers with keys of their own."""
    found = draw(st.lists(coupons(), max_size=most, unique_by=lambda terms: terms.key))
    return sorted(found, key=lambda terms: terms.key)
