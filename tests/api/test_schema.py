"""Whatever the OpenAPI allows, and much that it does not, is answered without a server error."""

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from ninja import Schema
from pydantic import create_model
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from tests.api.clients import Api, joined, staff
from tests.api.journeys import completed, paid, settle, settler_at_work
from tests.usecases.shop import sku

from mingchi.api import naming
from mingchi.api.app import api
from mingchi.merchants.models import Merchant

Headers = dict[str, str]
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
# Signed in, these end the session of all that comes after; test_members does that.
ENDS_THE_SESSION = {"sign_out", "staff_sign_out"}


@pytest.fixture
def callers(merchant: Merchant) -> list[Headers]:
    """Headers of nobody, of a member who has ordered and holds points, and of an owner."""
    article, buyer, owner = sku(merchant), joined(), staff("owner")
    completed(buyer, owner, article)
    paid(buyer, article)
    settle()
    return [{}, buyer.headers, {**owner.headers, "Cookie": _cookies(owner)}]


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
def test_no_server_error(mode: GenerationMode, callers: list[Headers]) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())
    answered: set[tuple[int, int]] = set()
    tried = 0
    with settler_at_work(every_s=0.5):
        for found in schema.get_all_operations():
            operation: Any = found.ok()
            signed_out = operation.definition.raw["operationId"] in ENDS_THE_SESSION
            _try(operation, mode, callers[:1] if signed_out else callers, answered)
            tried += 1
    assert tried > 60
    # Nobody met closed doors only: member and owner were let in somewhere.
    status = 200 if mode is GenerationMode.POSITIVE else 422
    assert {(0, 401), (1, 403), (0, status), (1, status), (2, status)} <= answered


def _try(
    operation: Any, mode: GenerationMode, callers: list[Headers], answered: set[tuple[int, int]]
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def run(case: schemathesis.Case) -> None:
        for place, headers in enumerate(callers):
            response = case.call(headers=headers)
            answered.add((place, response.status_code))
            case.validate_response(response, checks=[not_a_server_error])

    try:
        run()
    except Unsatisfiable:  # an address that takes nothing has nothing to get wrong
        assert mode is GenerationMode.NEGATIVE


def _cookies(api: Api) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in api.client.cookies.items())


def test_errors_of_all_routes_are_one_class() -> None:
    """Made for each route and status they cost every start a second."""
    routes = [view for _prefix, router in api._routers for view in router.path_operations.values()]
    errors = {one.response_models[404] for view in routes for one in view.operations}
    assert (len(routes) > 60, len(errors)) == (True, 1)


def test_each_shape_has_a_name_of_its_own() -> None:
    shapes = api.get_openapi_schema()["components"]["schemas"]
    assert {"OrderState", "CouponKind", "ProductOut"} <= set(shapes)
    assert not {"State", "Kind"} & set(shapes)


def test_two_shapes_of_one_name_are_refused() -> None:
    twins = [create_model("TwinOut", __base__=Schema, __module__=name) for name in ("a", "b")]
    both = create_model("BothOut", __base__=Schema, one=(twins[0], ...), other=(twins[1], ...))
    with pytest.raises(TypeError, match=r"a\.TwinOut and b\.TwinOut"):
        both.model_json_schema(schema_generator=naming.ShapeNames)
