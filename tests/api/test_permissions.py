"""Every route with every role, from the table of permissions and from the API's own operations."""

import re
from collections.abc import Iterator

import pytest
from tests.api.clients import Api, joined, staff

from mingchi.api import permissions
from mingchi.api.app import api
from mingchi.foundation import roles
from mingchi.merchants.models import Merchant

NOBODY_HAS = "999999999"


SCHEMA = api.get_openapi_schema()["paths"]


def operations() -> Iterator[tuple[str, str, str]]:
    """Name, method and path of every operation that the API knows."""
    for path, methods in SCHEMA.items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path.removeprefix("/api")


OPERATIONS = list(operations())


def test_table_and_operations_agree() -> None:
    names = [name for name, _method, _path in OPERATIONS]
    assert sorted(names) == sorted(permissions.ROUTES)
    assert len(set(names)) == len(names)


def test_only_known_roles_are_named() -> None:
    known = {
        permissions.PUBLIC,
        permissions.MEMBER,
        permissions.STAFF,
        *roles.ALL,
        *permissions.MERCHANT_ROLES,
    }
    assert {role for access in permissions.ROUTES.values() for role in access.roles} == known


def test_what_moves_money_says_so() -> None:
    """Whatever takes an idempotency key in its use case, or posts to the ledger, needs one."""
    for name, method, path in OPERATIONS:
        headers = [p["name"] for p in SCHEMA[f"/api{path}"][method.lower()].get("parameters", [])]
        assert ("Idempotency-Key" in headers) == permissions.of(name).moves_money, name
    money = {name for name, access in permissions.ROUTES.items() if access.moves_money}
    assert money >= {
        "place_order", "pay_order", "ask_refund", "redeem", "ask_withdrawal", "sandbox_pay",
        "staff_complete_order", "staff_ask_refund", "staff_decide_refund",
        "staff_decide_withdrawal", "staff_pay_withdrawal", "staff_ask_subsidy",
        "staff_decide_subsidy", "staff_ask_close", "staff_decide_close",
    }  # fmt: skip


CALLERS = ["nobody", "member", "staff", *roles.ALL, *permissions.MERCHANT_ROLES]


def call_as(caller: str, merchant: Merchant) -> tuple[Api, frozenset[str]]:
    """Somebody with this role, and the roles that he has by it."""
    if caller == "nobody":
        return Api(), frozenset()
    if caller == "member":
        return joined(), frozenset({"member"})
    if caller in permissions.MERCHANT_ROLES:
        api = staff(merchant=merchant, role=caller.removeprefix("merchant."))
        return api, frozenset({"staff", caller})
    return staff(caller), frozenset({"staff", caller})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("caller", CALLERS)
def test_role_by_route(caller: str, merchant: Merchant) -> None:
    caller_api, own = call_as(caller, merchant)
    wrong = []
    for name, method, path in OPERATIONS:
        if name in ("sign_out", "staff_sign_out"):
            continue  # it would be the last one
        body = None if method == "GET" else {}
        found = caller_api.send(
            method, re.sub(r"\{\w+\}", NOBODY_HAS, path), body, **{"Idempotency-Key": name}
        )
        access = permissions.of(name).roles
        if access == {permissions.PUBLIC}:
            # Signing in itself says 403 where the CSRF token is missing.
            expected = found.status not in (401, 403, 500) or name == "staff_sign_in"
        elif access & own:
            expected = found.status not in (401, 403, 500)
        else:
            expected = found.status == (401 if caller == "nobody" else 403)
        if not expected:
            wrong.append((name, found.status, found.body))
    assert wrong == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("caller", ["member", "staff", "auditor", "merchant.clerk"])
def test_what_may_not_be_done_is_not_done(caller: str, merchant: Merchant) -> None:
    api, _own = call_as(caller, merchant)
    assert api.post("/staff/merchants", {"name": "Sneaky"}).status == 403
    assert Merchant.objects.count() == 1
