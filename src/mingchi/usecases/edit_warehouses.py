"""Merchants say where their goods lie."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import stock
from mingchi.catalogue.models import Sku, WarehouseStock
from mingchi.catalogue.stock import Quantity
from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant, Warehouse
from mingchi.usecases import checks, rights


def add_warehouse(
    *,
    by: User,
    merchant_id: int,
    code: str,
    name: str,
    region: str | None = None,
    position: int = 0,
) -> int:
    """A new place, open. Errors: `warehouse_taken` 409, `text_invalid`, `region_invalid`."""
    rights.require(by, "warehouse.edit", merchant_id=merchant_id)
    code = checks.text(code, field="code", longest=20, needed=True)
    name = checks.text(name, field="name", longest=60, needed=True)
    region = checks.region(region)
    with transaction.atomic():
        if not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFoundError(field="merchant_id")
        if Warehouse.objects.filter(merchant_id=merchant_id, code=code).exists():
            raise ConflictError("warehouse_taken", _("There is such a warehouse."), field="code")
        made = Warehouse.objects.create(
            merchant_id=merchant_id, code=code, name=name, region=region, position=position
        )
        _audit(by, "warehouse.add", made.pk, {"code": code, "name": name})
    return made.pk


def set_warehouse_status(*, by: User, warehouse_id: int, status: str) -> None:
    """Open or close it: a closed one gets no more orders. Errors: `status_invalid`, `not_found`."""
    if status not in Warehouse.Status.values:
        raise DomainError("status_invalid", _("There is no such status."), field="status")
    with transaction.atomic():
        warehouse = _found(by, warehouse_id, "warehouse.edit")
        Warehouse.objects.filter(pk=warehouse.pk).update(status=status)
        _audit(by, "warehouse.status", warehouse.pk, {"status": status})


def place_stock(*, by: User, warehouse_id: int, sku_id: int, units: int, reason: str) -> int:
    """Units that lay in no warehouse lie in this one now (negative: the other way); returns what
    is on hand there then. Errors: `out_of_stock` 409, `qty_invalid`, `not_found` 404."""
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    if not 1 <= abs(units) <= 10**9:
        raise DomainError("qty_invalid", _("From one to a billion units."), field="units")
    with transaction.atomic():
        warehouse = _found(by, warehouse_id, "stock.change")
        own = Sku.objects.filter(pk=sku_id, product__merchant=warehouse.merchant_id)
        if not own.exists():
            raise NotFoundError(field="sku_id")
        stock.place([Quantity(sku_id, units, warehouse.pk)])
        _audit(by, "stock.place", warehouse.pk, {"sku_id": sku_id, "units": units}, reason)
        return WarehouseStock.objects.get(warehouse=warehouse, sku_id=sku_id).on_hand


def _found(by: User, warehouse_id: int, right: str) -> Warehouse:
    warehouse = Warehouse.objects.filter(pk=warehouse_id).first()
    if warehouse is None:
        raise NotFoundError()
    rights.require(by, right, merchant_id=warehouse.merchant_id)
    return warehouse


def _audit(
    by: User, action: str, warehouse_id: int, after: dict[str, object], reason: str = ""
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"warehouse:{warehouse_id}",
        before={},
        after=after,
        reason=reason,
    )
