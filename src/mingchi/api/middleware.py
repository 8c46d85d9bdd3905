"""What happens around every request, whichever room answers it."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from mingchi.api import errors, metrics
from mingchi.foundation import context

log = structlog.get_logger("mingchi.request")
Answer = Callable[[HttpRequest], HttpResponseBase]
HEADER = "X-Request-ID"
# Three of the largest pictures in one form.
MOST_BYTES = 32 * 1024**2
# Unfold's Alpine evaluates expressions that stand in attributes, and it styles inline.
ADMIN_POLICY = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}


class RequestContext:
    """Gives the request an id, that reaches logs, events and cash entries, and measures it.

    A caller's own `X-Request-ID` is kept where it is one we can print; the answer names it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        request_id = given if context.valid_request_id(given) else context.new_request_id()
        started = time.perf_counter()
        with context.bound(request_id=request_id):
            response = self.get_response(request)
            if response.status_code == 405 and request.path_info.startswith("/api/"):
                allow = response.get("Allow", "")
                response = errors.envelope(405)
                response["Allow"] = allow
            took_s = time.perf_counter() - started
            response[HEADER] = request_id
            self._note(request, response, took_s)
            # Our line is enough; Django's own would not name the request.
            response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    def _note(self, request: HttpRequest, response: HttpResponseBase, took_s: float) -> None:
        match = request.resolver_match
        route = match.route if match else "unknown"
        method = request.method if request.method in metrics.METHODS else "other"
        metrics.request_done(
            method=str(method), route=route, status=response.status_code, took_s=took_s
        )
        log.info(
            "request",
            method=method,
            path=request.path,
            route=route,
            status=response.status_code,
            took_ms=round(took_s * 1000, 1),
            actor=context.actor(),
        )


class FrontDoor:
    """Refuses requests so large that nobody means them, before anything of them is read."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > MOST_BYTES:
            return errors.envelope(413)
        return self.get_response(request)


class AdminPolicy:
    """Loosens the content-security policy under /admin/ as far as its theme needs, no further,
    and names the member of staff as the actor there."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        if request.user.is_authenticated:
            context.set_actor(f"user:{request.user.pk}")
        response = self.get_response(request)
        if isinstance(response, HttpResponse):
            response._csp_update = ADMIN_POLICY  # type: ignore[attr-defined]
        return response
