"""The steps of orders that flows may use, registered when this is imported.

A step is called inside the transaction that advances its flow. It finds its subject, whose order
it locks, and calls the domain's command, which checks the facts once more.
"""

from mingchi.orders.steps import after_sales, goods, ordering, parcels

__all__ = ["after_sales", "goods", "ordering", "parcels"]
