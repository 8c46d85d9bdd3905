"""What codes are called on pages, in the reader's language."""

from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mingchi.flows import REGISTRY
from mingchi.fulfilment import roles
from mingchi.fulfilment.models import WorkItem
from mingchi.merchants.models import MerchantStaff

OUTCOMES: Final = MappingProxyType(
    {
        "done": _("Done"),
        "short": _("Short"),
        "again": _("Pick again"),
        "given_up": _("Give the order up"),
        "approved": _("Approve"),
        "rejected": _("Reject"),
        "refused": _("Refuse"),
        "agreed": _("Agree"),
        "declined": _("Decline"),
        "more": _("Ask for more"),
        "for_member": _("For the buyer"),
        "for_merchant": _("For the merchant"),
        "sent": _("On their way"),
        "withdrawn": _("Withdrawn"),
        "passed": _("Passed"),
        "failed": _("Failed inspection"),
        "paid": _("Paid"),
        "open": _("Still open"),
        "waiting": _("Waits"),
        "refunded": _("Refunded"),
        "yes": _("Yes"),
        "no": _("No"),
    }
)


def outcome(code: str) -> str:
    """What choosing it is called; a code of a merchant's own is shown as it is."""
    return str(OUTCOMES.get(code, code))


def role(code: str) -> str:
    """The role that a step is for."""
    if code == roles.BUYER:
        return str(_("buyer"))
    if code == roles.ARBITER:
        return str(_("arbiter of the platform"))
    labels = dict(MerchantStaff.Role.choices)
    return str(labels.get(code, code))


def title(item: WorkItem) -> str:
    """The merchant's name for the step, or the step's own in the reader's language."""
    step = REGISTRY.get(item.step)
    if step is None or item.title not in step.title:
        return item.title
    return in_language(step.title)


def step(code: str) -> str:
    """A registered step's name."""
    found = REGISTRY.get(code)
    return in_language(found.title) if found is not None else code


def in_language(pair: Any) -> str:
    """Of a pair (Chinese, English) the reader's."""
    chinese, english = pair
    return str(chinese if (get_language() or "").startswith("zh") else english)
