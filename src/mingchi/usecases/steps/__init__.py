"""Steps of flows that span domains, registered when this is imported.

Steps that reach a gateway are called with no transaction open: they open their own around what
they write, call in between, and can say what became of an earlier try.
"""

from mingchi.usecases.steps import completing, money, parcels, pricing

__all__ = ["completing", "money", "parcels", "pricing"]
