"""The tables of orders, a file a noun."""

from mingchi.orders.models.cart import CartItem
from mingchi.orders.models.case import AfterSalesCase
from mingchi.orders.models.case_entry import CaseEntry, CasePicture
from mingchi.orders.models.decision import OrderDecision, PriceChange
from mingchi.orders.models.order import Checkout, Order, OrderLine
from mingchi.orders.models.paper import InvoiceRequest, Notification
from mingchi.orders.models.refund import Refund
from mingchi.orders.models.reservation import Reservation
from mingchi.orders.models.shipment import Shipment, ShipmentLine

__all__ = [
    "AfterSalesCase",
    "CartItem",
    "CaseEntry",
    "CasePicture",
    "Checkout",
    "InvoiceRequest",
    "Notification",
    "Order",
    "OrderDecision",
    "OrderLine",
    "PriceChange",
    "Refund",
    "Reservation",
    "Shipment",
    "ShipmentLine",
]
