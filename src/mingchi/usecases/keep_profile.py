"""A member states what others call them, and that they have read what must be known."""

from datetime import datetime

from django.db import transaction

from mingchi.members import disclosures
from mingchi.members import services as members
from mingchi.usecases import checks


def rename(*, member_id: int, name: str) -> None:
    """Another name from now on; orders keep whom they were sent to. Errors: `text_invalid`,
    `read_only_account` 403."""
    name = checks.text(name, field="name", longest=60, needed=True)
    with transaction.atomic():
        members.rename(members.acting(member_id), name=name)


def agree(*, member_id: int, disclosure: str, now: datetime) -> None:
    """They have read the text of this digest, which may have changed since they joined; once more
    changes nothing. Errors: those of `disclosures.seen`, `read_only_account` 403."""
    shown = disclosures.seen(disclosure)
    with transaction.atomic():
        member = members.acting(member_id, held=True)
        if disclosures.unseen(member_id) is not None:
            disclosures.consent(member, shown, now=now)
