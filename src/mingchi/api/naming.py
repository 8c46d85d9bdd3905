"""Names of shapes in the OpenAPI: each its own.

Ninja puts all shapes into one place by the names of their classes, the later over the earlier, and
clients made of that are typed wrong. Here a choice is called after its class too (`OrderState`, not
one `State` for all), and two shapes of one name are refused.
"""

import re
from typing import Final

from ninja.openapi import schema
from ninja.schema import NinjaGenerateJsonSchema
from pydantic.json_schema import CoreModeRef, CoreRef, DefsRef

# `mingchi.orders.models.order.Order.State:94…` → `Order` and `State` are one name.
_WITHIN: Final = re.compile(r"\b([A-Z]\w*)\.(?=[A-Z])")
_ID: Final = re.compile(r":\d+")
_owners: dict[str, str] = {}


class ShapeNames(NinjaGenerateJsonSchema):
    """Errors: `TypeError` where two classes would stand under one name."""

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        """The name of a class, with that of the class it stands in."""
        ref, mode = core_mode_ref
        joined = _WITHIN.sub(r"\1", ref)
        self._refuse_twins(_ID.sub("", joined))
        return super().get_defs_ref((CoreRef(joined), mode))

    def _refuse_twins(self, full_name: str) -> None:
        short = re.sub(r"(?:[\w]+\.)+", "", full_name)
        owner = _owners.setdefault(short, full_name)
        if owner != full_name:
            raise TypeError(f"two shapes of one name in the API: {owner} and {full_name}")


def install() -> None:
    """Let ninja name shapes so; it offers no other way in."""
    schema.NinjaGenerateJsonSchema = ShapeNames  # type: ignore[attr-defined]
