"""Who has never bought."""

from mingchi.orders.models import Order


def is_new(member_id: int) -> bool:
    """Whether the member has paid for no order yet."""
    return not Order.objects.filter(member=member_id, paid_at__isnull=False).exists()
