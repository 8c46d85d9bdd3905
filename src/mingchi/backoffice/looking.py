"""Who looks at a page, so that it links only to what they may open."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mingchi.backoffice import access

_LOOKING: Final[ContextVar[Any]] = ContextVar("looking", default=None)


class Looking:
    """Keeps the account of a request under /admin/ until its answer is rendered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        token = _LOOKING.set(request.user)
        try:
            return self.get_response(request)
        finally:
            _LOOKING.reset(token)


def may_open(model: type[Model]) -> bool:
    """Whether who looks sees that model's pages; where nobody does, a link is as good as none."""
    user = _LOOKING.get()
    return user is None or access.sees(user, model._meta.label_lower)
