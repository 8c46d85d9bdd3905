"""What a line may be exchanged for: the article bought, or another variant of its product at the
price that was paid for it. It is kept for the case from the day it is asked for, and given free
again where the case ends without it (`cases.ended`)."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.orders import reservations
from mingchi.orders.models import AfterSalesCase, OrderLine


def offered(line: OrderLine) -> QuerySet[Sku]:
    """With their product; also those of which none are left."""
    others = Q(retired_at=None, price_fen=line.price_fen)
    found = Sku.objects.filter(Q(pk=line.sku_id) | others, product=line.sku.product_id)
    return found.select_related("product").order_by("pk")


def refuse_unfitting(line: OrderLine, wanted: Sku) -> None:
    """`replacement_invalid` for another product, and what is not sold any more;
    `replacement_price_differs` 409 for what costs more or less."""
    if wanted.pk == line.sku_id:
        return
    if wanted.product_id != line.sku.product_id or wanted.retired_at is not None:
        raise DomainError(
            "replacement_invalid",
            _("Goods are exchanged for the same product only, in a variant that is still sold."),
            field="replacement_id",
        )
    if wanted.price_fen != line.price_fen:
        raise ConflictError(
            "replacement_price_differs",
            _(
                "This variant costs more or less than yours. Send the goods back for your money, "
                "and buy it anew."
            ),
            field="replacement_id",
            details={"price_fen": wanted.price_fen, "paid_fen": line.price_fen},
        )


def keep(case: AfterSalesCase) -> None:
    """Reserve it for an exchange. `replacement_sold_out` 409."""
    if case.kind != AfterSalesCase.Kind.EXCHANGE:
        return
    try:
        reservations.hold_replacement(case)
    except ConflictError as error:
        raise ConflictError(
            "replacement_sold_out",
            _("So many of this variant are not left. Choose another, or ask for your money back."),
            field="replacement_id",
            details={"sku_id": of_case(case).pk},
        ) from error


def of_case(case: AfterSalesCase) -> Sku:
    """What the buyer gets in exchange."""
    return case.replacement or case.line.sku


def give_free(case: AfterSalesCase) -> None:
    """The case ends without it."""
    reservations.release(case.reservations.select_related("line"))


def article(case: AfterSalesCase) -> str:
    """The same in words; empty where the buyer wants money."""
    if case.kind != AfterSalesCase.Kind.EXCHANGE:
        return ""
    return case.replacement.article if case.replacement else case.line.title
