"""Roles of platform staff: one Django group each. A merchant's roles stand in `merchants`."""

from django.contrib.auth.models import Group

OWNER, OPERATOR, FINANCE = "owner", "operator", "finance"
AUDITOR, COMPLIANCE, SERVICE = "auditor", "compliance", "service"
ALL = (OWNER, OPERATOR, FINANCE, AUDITOR, COMPLIANCE, SERVICE)


def ensure() -> None:
    """Make the groups that are missing."""
    for name in ALL:
        Group.objects.get_or_create(name=name)
