"""Every refusal in one envelope: `{"error": {code, message, field, details, request_id}}`."""

import sys
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from mingchi.api import validation
from mingchi.foundation import context
from mingchi.foundation.errors import DomainError

log = structlog.get_logger("mingchi.api")
RETRY_AFTER_S = 5
DATABASE_DOWN = (OperationalError, InterfaceError)
_BY_STATUS: dict[int, tuple[str, str | Promise]] = {
    400: ("bad_request", gettext_lazy("The request could not be read.")),
    401: ("authentication_required", gettext_lazy("Please sign in.")),
    403: ("forbidden", gettext_lazy("Your role does not allow this.")),
    404: ("not_found", gettext_lazy("There is nothing at this address.")),
    405: ("method_not_allowed", gettext_lazy("This address does not know that method.")),
    413: ("too_large", gettext_lazy("The request is too large.")),
    500: ("internal_error", gettext_lazy("Something went wrong on our side. Nothing was changed.")),
    503: ("unavailable", gettext_lazy("We can't reach our database. Please try again shortly.")),
}


def envelope(
    status: int,
    code: str | None = None,
    message: str | None = None,
    *,
    field: str | None = None,
    details: dict[str, Any] | None = None,
) -> JsonResponse:
    """An error as JSON; code and message of the status where none are given."""
    usual_code, usual_message = _BY_STATUS.get(status, _BY_STATUS[400])
    error = {
        "code": code or usual_code,
        "message": message or str(usual_message),
        "field": field,
        "details": details or {},
        "request_id": context.request_id(),
    }
    response = JsonResponse(
        {"error": error}, status=status, json_dumps_params={"default": str, "ensure_ascii": False}
    )
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
    if status == 429 and details and "retry_after_s" in details:
        response["Retry-After"] = str(details["retry_after_s"])
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="mingchi"'
    return response


def render(exc: Exception) -> JsonResponse:
    """The envelope for whatever was raised."""
    if isinstance(exc, DomainError):
        return envelope(
            exc.status, exc.code, exc.message, field=exc.field, details=dict(exc.details)
        )
    if isinstance(exc, ValidationError):
        faults = validation.faults(exc.errors)
        return envelope(
            422,
            "invalid_input",
            faults[0]["message"] if faults else _("The request is not valid."),
            field=faults[0]["field"] if faults else None,
            details={"faults": faults},
        )
    if isinstance(exc, DATABASE_DOWN):
        log.error("database_unavailable", error=type(exc).__name__, exc_info=exc)
        return envelope(503)
    if isinstance(exc, HttpError):
        return envelope(exc.status_code)
    if isinstance(exc, Http404):
        return envelope(404)
    if isinstance(exc, RequestDataTooBig):
        return envelope(413)
    if isinstance(exc, SuspiciousOperation | UnreadablePostError):
        return envelope(400)
    log.error("unhandled", exc_info=exc)
    return envelope(500)


def install(api: NinjaAPI) -> None:
    """Let the API answer every exception by `render`."""
    for kind in (Exception, DomainError, ValidationError, HttpError, Http404, *DATABASE_DOWN):
        api.add_exception_handler(kind, _handler)


def _handler(_request: HttpRequest, exc: Any) -> HttpResponse:
    return render(exc)


# What Django calls for faults outside the API's own operations (sessions, addresses, hosts).


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return envelope(400) if _is_api(request) else defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return envelope(403) if _is_api(request) else defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return envelope(404) if _is_api(request) else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """A database that can't be reached is 503 with a time to try again, on every page."""
    exc = sys.exc_info()[1]
    if isinstance(exc, DATABASE_DOWN):
        if _is_api(request):
            return envelope(503)
        message = str(_BY_STATUS[503][1])
        return HttpResponse(
            message,
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )
    return envelope(500) if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
