"""A member states what others call them."""

from django.db import transaction

from mingchi.members import services as members
from mingchi.usecases import checks


def rename(*, member_id: int, name: str) -> None:
    """Another name from now on; orders keep whom they were sent to. Errors: `text_invalid`,
    `read_only_account` 403."""
    name = checks.text(name, field="name", longest=60, needed=True)
    with transaction.atomic():
        members.rename(members.acting(member_id), name=name)
