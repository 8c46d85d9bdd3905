"""Routers whose routes are guarded by the table of permissions, none forgotten."""

from collections.abc import Callable
from typing import Any

from ninja import Router
from ninja.constants import NOT_SET

from mingchi.api import permissions, principals
from mingchi.api.fields import ErrorOut

# Refusals that any route may answer with.
_COMMON = (400, 401, 403, 404, 409, 422, 429, 503)


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
        roles = permissions.of(name)
        answers = dict(response) if isinstance(response, dict) else {200: response}
        for status in _COMMON:
            answers.setdefault(status, ErrorOut)
        kwargs["operation_id"] = name
        kwargs["auth"] = principals.guard(name)
        text = (view_func.__doc__ or "").strip()
        kwargs["description"] = f"{text}\n\nRoles: {', '.join(sorted(roles))}."
        super().add_api_operation(path, methods, view_func, response=answers, **kwargs)
