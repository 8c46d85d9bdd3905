"""What a use case refuses at the door: long texts, amounts out of range, no regions."""

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import MAX_FEN
from mingchi.foundation.errors import DomainError

_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f\\ud800-\\udfff]")


def text(value: str, *, field: str, longest: int, needed: bool = False) -> str:
    """The text without blanks at its ends; `text_invalid` where it is too long, empty though
    needed, or holds control characters or half a
    surrogate pair (PostgreSQL takes neither)."""
    value = value.strip()
    if len(value) > longest or (needed and not value) or _CONTROL.search(value):
        raise DomainError(
            "text_invalid",
            _("1 to %(longest)s characters, without control characters.") % {"longest": longest},
            field=field,
        )
    return value


def amount(value: int, *, field: str = "amount_fen", least: int = 1) -> int:
    """An amount in fen up to 10^12; `amount_invalid` below `least`, `amount_too_large` above."""
    if type(value) is not int or value < least:
        raise DomainError(
            "amount_invalid", _("The amount is too small or no whole number."), field=field
        )
    if value > MAX_FEN:
        raise DomainError(
            "amount_too_large", _("Amounts above 10 billion yuan are not taken."), field=field
        )
    return value


def moment(value: datetime | None, *, field: str) -> datetime | None:
    """A moment that a clock may show and every zone can hold, or None; `moment_invalid`."""
    if value is not None and not 2000 <= value.year <= 2199:
        raise DomainError("moment_invalid", _("A moment from 2000 to 2199."), field=field)
    return value


def region(value: str | None, *, digits: tuple[int, ...] = (6,)) -> str | None:
    """A region code of so many digits, or None; `region_invalid`."""
    if not value:
        return None
    if len(value) not in digits or not value.isascii() or not value.isdigit():
        raise DomainError("region_invalid", _("This is no region code."), field="region")
    return value


def fields(values: dict[str, Any]) -> dict[str, Any]:
    """The values that were given: a use case that edits leaves the rest (None) alone."""
    return {name: value for name, value in values.items() if value is not None}
