"""What a person may have done wrong, said so that they can act on it."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NO_SUCH_ENTRY = _("There is no such entry.")


class DomainError(Exception):
    """A refusal with a code for programs and a message for people.

    `status` is the HTTP status the API answers with. `details` holds JSON values only
    (`held_upt`, `available_fen` …). A message may be lazy, so that it is translated for the
    one who reads it.
    """

    def __init__(
        self,
        code: str,
        message: str | Promise,
        *,
        field: str | None = None,
        status: int = 400,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self._message = message
        self.field = field
        self.status = status
        self.details = details or {}

    @property
    def message(self) -> str:
        """The message in the language now active."""
        return str(self._message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class NotFoundError(DomainError):
    """404: there is no such thing, or it belongs to somebody else; the answer is the same."""

    def __init__(
        self,
        code: str = "not_found",
        message: str | Promise = NO_SUCH_ENTRY,
        *,
        field: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, message, field=field, status=404, details=details)


class ConflictError(DomainError):
    """409: well-formed, but what stands does not allow it."""

    def __init__(
        self,
        code: str,
        message: str | Promise,
        *,
        field: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, message, field=field, status=409, details=details)
