"""For which causes a case may be opened, by its kind; the first that fits best comes first."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError
from mingchi.orders.models import AfterSalesCase

Kind, Cause = AfterSalesCase.Kind, AfterSalesCase.Cause

CAUSES: Final[Mapping[str, tuple[AfterSalesCase.Cause, ...]]] = MappingProxyType(
    {
        Kind.REFUND_ONLY: (
            Cause.NOT_RECEIVED,
            Cause.CHANGED_MIND,
            Cause.SHORT,
            Cause.DAMAGED,
            Cause.QUALITY,
            Cause.NOT_AS_DESCRIBED,
            Cause.OTHER,
        ),
        Kind.RETURN: (
            Cause.NO_REASON,
            Cause.QUALITY,
            Cause.NOT_AS_DESCRIBED,
            Cause.DAMAGED,
            Cause.WRONG_ITEM,
            Cause.SHORT,
            Cause.WRONG_SIZE,
            Cause.OTHER,
        ),
        Kind.EXCHANGE: (
            Cause.WRONG_SIZE,
            Cause.QUALITY,
            Cause.DAMAGED,
            Cause.WRONG_ITEM,
            Cause.OTHER,
        ),
    }
)


def refuse_unfitting(kind: str, cause: str, *, reason: str) -> None:
    """`cause_invalid` for one that this kind does not know, `reason_missing` where another reason
    is not said in words."""
    if cause not in CAUSES.get(kind, ()):
        raise DomainError(
            "cause_invalid", _("This kind of case knows no such cause."), field="cause"
        )
    if cause == Cause.OTHER and not reason:
        raise DomainError("reason_missing", _("Say in words why."), field="reason")
