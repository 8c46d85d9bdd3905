"""What staff write down about parcels before a step is done: weight, carrier, proof of delivery."""

from datetime import datetime
from typing import Any

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.orders import shipments
from mingchi.orders.models import Shipment
from mingchi.usecases import checks, rights


def record_weight(*, by: User, shipment_id: int, weight_g: int) -> None:
    """What the parcel weighs. Errors: `not_found` 404, `weight_invalid`, `impossible_move` 409."""
    with transaction.atomic():
        shipment = _found(by, "shipment.prepare", shipment_id)
        shipments.weigh(shipment, weight_g=weight_g)
        _audit(by, "shipment.weigh", shipment, {"weight_g": weight_g})


def name_carrier(*, by: User, shipment_id: int, carrier: str, tracking_number: str) -> None:
    """Who carries it, under which number. Errors: `not_found` 404, `text_invalid`,
    `impossible_move` 409."""
    values = {
        "carrier": checks.text(carrier, field="carrier", longest=40, needed=True),
        "tracking_number": checks.text(
            tracking_number, field="tracking_number", longest=60, needed=True
        ),
    }
    with transaction.atomic():
        shipment = _found(by, "shipment.prepare", shipment_id)
        shipments.name_carrier(shipment, **values)
        _audit(by, "shipment.name_carrier", shipment, values)


def record_delivery(*, by: User, shipment_id: int, proof: str, now: datetime) -> None:
    """The carrier's proof that it arrived. Errors: `not_found` 404, `text_invalid`,
    `impossible_move` 409."""
    proof = checks.text(proof, field="proof", longest=200, needed=True)
    with transaction.atomic():
        shipment = _found(by, "shipment.deliver", shipment_id)
        shipments.deliver(shipment, proof=proof, now=now)
        _audit(by, "shipment.deliver", shipment, {"proof": proof})


def _found(by: User, right: str, shipment_id: int) -> Shipment:
    shipment = shipments.find(shipment_id)
    rights.require(by, right, merchant_id=shipment.order.merchant_id)
    return shipment


def _audit(by: User, action: str, shipment: Shipment, after: dict[str, Any]) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"shipment:{shipment.pk}",
        before={},
        after=after,
    )
