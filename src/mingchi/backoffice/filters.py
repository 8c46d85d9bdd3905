"""Filters of lists whose columns hold codes: what people call them stands there."""

from typing import Any, Final

from django.contrib.admin import SimpleListFilter
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import display

LOW_UNITS: Final = 10


class GatewayFilter(SimpleListFilter):
    """By the gateway's name."""

    title = _("gateway")
    parameter_name = "gateway"
    column = "gateway"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All there are, whichever are set up now: rows of former ones stay."""
        return list(display.GATEWAYS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of one."""
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class BillGatewayFilter(GatewayFilter):
    """By the gateway whose bill it is."""

    column = "bill__gateway"


class RefundGatewayFilter(GatewayFilter):
    """By the gateway of the payment that goes back."""

    column = "payment__gateway"


class StockFilter(SimpleListFilter):
    """What is to be ordered anew."""

    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """None, few, and those nobody sells any more."""
        return [
            ("out", _("nothing left to sell")),
            ("low", _("less than %(units)s left to sell") % {"units": LOW_UNITS}),
            ("retired", _("retired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of what is sold; the units that orders hold are not left."""
        if self.value() == "retired":
            return queryset.filter(retired_at__isnull=False)
        most = {"out": 1, "low": LOW_UNITS}.get(self.value() or "")
        if most is None:
            return queryset
        return queryset.filter(retired_at=None, on_hand__lt=F("reserved") + most)
