"""Texts that nobody means: every text that comes in has a limit, and beyond it a refusal that names
the field."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.clients import Api, joined

from mingchi.api import permissions
from mingchi.api.app import api
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant

SCHEMA = api.get_openapi_schema()
HUGE = "茶" * 10_000


def shape(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, where it is one of those with a name."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = SCHEMA["components"]["schemas"][name] if name else schema
    return found


def texts(schema: dict[str, Any], at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each text in a value of this schema, and where it stands."""
    schema = shape(schema)
    for each in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from texts(each, at)
    if schema.get("type") == "string":
        yield at, schema
    yield from texts(schema["items"], at) if "items" in schema else ()
    for name, each in schema.get("properties", {}).items():
        yield from texts(each, f"{at}.{name}" if at else name)


def is_limited(text: dict[str, Any]) -> bool:
    outside_of_sets = re.sub(r"\[[^]]*\]", "", text.get("pattern", "*"))
    counted = not {"*", "+"} & set(outside_of_sets)
    return counted or bool(text.keys() & {"maxLength", "enum", "const", "format"})


def taken_in() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Operation, place and schema of every text in a parameter or a body."""
    for operations in SCHEMA["paths"].values():
        for operation in operations.values():
            bodies = operation.get("requestBody", {}).get("content", {})
            given = [(each["name"], each["schema"]) for each in operation.get("parameters", ())]
            for name, schema in [*given, *(("", each["schema"]) for each in bodies.values())]:
                for at, text in texts(schema, name):
                    yield operation["operationId"], at, text


def test_every_text_has_a_limit() -> None:
    found = list(taken_in())
    assert len(found) > 290
    assert [(name, at) for name, at, text in found if not is_limited(text)] == []


def of_members() -> list[tuple[str, str, str]]:
    """Method, path and field of each text in a body that a member, or anybody, may send."""
    return [
        (method.upper(), path.removeprefix("/api"), name)
        for path, operations in SCHEMA["paths"].items()
        for method, operation in operations.items()
        if permissions.ROUTES[operation["operationId"]].roles <= {"public", "member"}
        for body in operation.get("requestBody", {}).get("content", {}).values()
        for name, schema in shape(body["schema"]).get("properties", {}).items()
        if any(at == name for at, _text in texts(schema, name))
    ]


@pytest.mark.django_db
def test_10_000_characters_are_refused_at_their_field(merchant: Merchant) -> None:
    member: Api = joined()
    before = list(Member.objects.values())
    doors = of_members()
    assert len(doors) > 20
    for method, path, name in doors:
        address = re.sub(r"{\w+}", "1", path)
        found = member.send(method, address, {name: HUGE}, **{"Idempotency-Key": "long-text"})
        assert (found.status, found.code) == (422, "invalid_input"), (path, name)
        faults = [each["field"] for each in found.error["details"]["faults"]]
        assert any(each.partition(".")[0] == name for each in faults), (path, name)
    assert list(Member.objects.values()) == before
