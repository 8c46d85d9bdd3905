"""Whether an order's shares fit into its price, by the engine's own split."""

from collections.abc import Sequence
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from mingchi.engine.events import Line
from mingchi.engine.rules import Plan
from mingchi.engine.split import split_order
from mingchi.engine.state import Refused
from mingchi.foundation.errors import ConflictError
from mingchi.orders.models import OrderLine
from mingchi.rebates import plans, queries


def plan_in_force() -> Plan:
    """The active plan; its text is read once."""
    return _read(plans.active_toml(queries.MAIN))


def refuse_excess(lines: Sequence[OrderLine]) -> None:
    """Raise `split_exceeds_price` 409 where cost, distribution and pool are more than a line's
    price: before anybody pays, not at settlement."""
    plan = plan_in_force()
    for line in lines:
        try:
            split_order(plan=plan, lines=[_engine_line(line)])
        except Refused as refused:
            raise ConflictError(
                "split_exceeds_price",
                _("The shares of this article exceed its price; the shop has to correct it."),
                field="items",
                details={"sku_id": line.sku_id},
            ) from refused


def _engine_line(line: OrderLine) -> Line:
    return Line(
        price_fen=line.amount_fen,
        qty=1,
        cost_fen=line.cost_fen,
        distribution_fen=line.distribution_fen,
        pool_fen=line.pool_fen,
        merchant="",
    )


@lru_cache(maxsize=8)
def _read(toml: str) -> Plan:
    return plans.read(toml)
