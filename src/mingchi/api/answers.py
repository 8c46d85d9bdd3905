"""Classes of answers, each made once.

Ninja makes a class anew for each status that each route may answer with, and reads each of them
for the OpenAPI. Nearly all of these are the one shape of errors, so that whoever started waited a
second for what had been made before, and whoever asked for the OpenAPI first waited for three.
"""

from functools import cache
from typing import Any

from ninja import Schema
from ninja.openapi import schema
from ninja.operation import Operation

Described = tuple[dict[str, Any], bool]


@cache
def answer_of(shape: Any) -> type[Schema] | None:
    """The class that answers of this shape are checked by, the same for all routes."""
    if shape is None:
        return None
    return type("NinjaResponseSchema", (Schema,), {"__annotations__": {"response": shape}})


class Description(schema.OpenAPISchema):
    """The OpenAPI; a class is described once."""

    def _create_schema_from_model(self, model: Any, *how: Any, **also: Any) -> Described:
        described: dict[Any, Described] = self.__dict__.setdefault("_described", {})
        key = (model, how, tuple(sorted(also.items())))
        if key not in described:
            described[key] = super()._create_schema_from_model(model, *how, **also)
        return described[key]


def make_once() -> None:
    """Let ninja do so; it offers no other way in. Before the first route is made."""
    Operation._create_response_model = staticmethod(answer_of)  # type: ignore[method-assign]
    schema.OpenAPISchema = Description  # type: ignore[misc]
