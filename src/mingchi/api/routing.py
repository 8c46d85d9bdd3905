"""Routers whose routes are guarded by the table of permissions, none forgotten."""

import inspect
from collections.abc import Callable
from typing import Any

from ninja import Router
from ninja.constants import NOT_SET

from mingchi.api import permissions, principals
from mingchi.api.answers import make_once
from mingchi.api.fields import ErrorOut

make_once()
# Refusals that any route may answer with.
_COMMON = (400, 401, 403, 404, 409, 422, 429, 503)
_KEY = {
    "name": principals.KEY_HEADER,
    "in": "header",
    "required": True,
    "description": "1 to 200 printable ASCII characters, a new one for each wish",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


class GuardedRouter(Router):
    """A router that looks every route up in the table by the name of its function.

    The name is the operation's id too. A function that the table does not know fails at import.
    """

    def add_api_operation(
        self,
        path: str,
        methods: list[str],
        view_func: Callable[..., Any],
        *,
        response: Any = NOT_SET,
        **kwargs: Any,
    ) -> None:
        name = view_func.__name__
        access = permissions.of(name)
        # A route that says nothing of its answer streams it.
        plain = None if response is NOT_SET else response
        answers = dict(response) if isinstance(response, dict) else {200: plain}
        for status in _COMMON:
            answers.setdefault(status, ErrorOut)
        text = inspect.cleandoc(view_func.__doc__ or "")
        kwargs["operation_id"] = name
        kwargs["auth"] = principals.guard(name)
        kwargs["description"] = f"{text}\n\nRoles: {', '.join(sorted(access.roles))}."
        if access.moves_money:
            kwargs["openapi_extra"] = {"parameters": [_KEY]}
        super().add_api_operation(path, methods, view_func, response=answers, **kwargs)
