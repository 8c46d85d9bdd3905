"""Says in plain words, in the reader's language, what is wrong with a field."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Where a value came from; the first part of a location, of no use to the one who sent it.
_SOURCES = {"body", "query", "path", "header", "form", "cookie", "file", "payload", "data"}
_MESSAGES: dict[str, str | Promise] = {
    "missing": _("This field is required."),
    "int_type": _("This must be a whole number."),
    "int_parsing": _("This must be a whole number."),
    "int_from_float": _("This must be a whole number."),
    "int_parsing_size": _("This number is too large."),
    "greater_than_equal": _("This must be at least %(ge)s."),
    "greater_than": _("This must be more than %(gt)s."),
    "less_than_equal": _("This must be at most %(le)s."),
    "string_type": _("This must be text."),
    "string_too_short": _("This must have at least %(min_length)s characters."),
    "string_too_long": _("This must have at most %(max_length)s characters."),
    "string_pattern_mismatch": _("This does not have the expected form."),
    "too_short": _("This needs at least %(min_length)s entries."),
    "too_long": _("This may have at most %(max_length)s entries."),
    "bool_type": _("This must be true or false."),
    "bool_parsing": _("This must be true or false."),
    "literal_error": _("This must be one of: %(expected)s."),
    "enum": _("This must be one of: %(expected)s."),
    "list_type": _("This must be a list."),
    "extra_forbidden": _("This field is not known."),
    "datetime_from_date_parsing": _("This must be a date with time and zone."),
    "timezone_aware": _("This must be a date with time and zone."),
}
_OTHERWISE = _("This value is not valid.")


def faults(errors: list[dict[str, Any]]) -> list[dict[str, str]]:
    """pydantic's errors as `[{field, code, message}]`; `lines.0.qty` for a nested field."""
    return [
        {
            "field": _field(error.get("loc", ())),
            "code": str(error.get("type", "invalid")),
            "message": _message(error),
        }
        for error in errors
    ]


def _field(location: Any) -> str:
    parts = [str(part) for part in location]
    while len(parts) > 1 and parts[0] in _SOURCES:
        parts = parts[1:]
    return ".".join(parts)


def _message(error: dict[str, Any]) -> str:
    template = str(_MESSAGES.get(str(error.get("type")), _OTHERWISE))
    try:
        return str(template % error.get("ctx", {}))
    except KeyError:
        return str(_OTHERWISE)
