"""Hashes over runs of entries: one batch covers its entries and the batch before it.

The text that is hashed is the text that COPY sends, so sealing costs one pass over bytes that
exist anyway, and `verify` can make it again from the columns.
"""

from collections.abc import Sequence
from hashlib import sha256

from django.db import connection, transaction

from mingchi.ledger import balances
from mingchi.ledger.arrays import array_text
from mingchi.ledger.models import Batch, CashEntry, CashSeal

GENESIS = bytes(32)
# ARRAY is asked once. Of `IN (SELECT … LIMIT …)` the planner may make a loop that asks again for
# each row, skips what this statement has deleted already, and so takes more than the limit.
_TAKE = """
DELETE FROM ledger_unsealedcash WHERE entry_id = ANY (ARRAY
    (SELECT entry_id FROM ledger_unsealedcash ORDER BY entry_id LIMIT %s FOR UPDATE))
RETURNING entry_id
"""


def chain(previous: bytes, *parts: bytes) -> bytes:
    """The hash of a batch, over the hash before it and its content."""
    digest = sha256(previous)
    for part in parts:
        digest.update(part)
    return digest.digest()


def cash_text(number: int, entry: CashEntry) -> bytes:
    """What is sealed of a cash entry."""
    fields = (
        str(number),
        entry.key,
        entry.kind,
        array_text(entry.accounts),
        array_text(entry.amounts),
    )
    return "\t".join(fields).encode() + b"\n"


def head(programme_id: int) -> tuple[int, int, bytes]:
    """The last batch of a journal: `(number, last entry number, digest)`; zeros at the start."""
    last = Batch.objects.filter(programme_id=programme_id).order_by("-number").first()
    return (last.number, last.last_entry, bytes(last.digest)) if last else (0, 0, GENESIS)


@transaction.atomic
def seal_cash(*, limit: int = 5000) -> int:
    """Number and seal cash entries in order of key; the settler's process alone calls it.

    Also brings the balances of the house up to date, which `cash.post` leaves alone.
    Returns how many were sealed.
    """
    with connection.cursor() as cursor:
        # Two settlers (of two programmes) take turns at the one cash journal.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mingchi.seal_cash'))")
        cursor.execute(_TAKE, [limit])
        taken = [row[0] for row in cursor.fetchall()]
    if not taken:
        return 0
    batch, last, digest = head(Batch.CASH)
    entries = list(CashEntry.objects.filter(id__in=taken).order_by("id"))
    numbered = list(enumerate(entries, last + 1))
    CashSeal.objects.bulk_create([CashSeal(number=n, entry=entry) for n, entry in numbered])
    balances.add(_house_deltas(entries).items())
    Batch.objects.create(
        programme_id=Batch.CASH,
        number=batch + 1,
        first_entry=last + 1,
        last_entry=last + len(entries),
        digest=chain(digest, *(cash_text(n, entry) for n, entry in numbered)),
        previous_digest=digest,
    )
    return len(entries)


def _house_deltas(entries: Sequence[CashEntry]) -> dict[int, int]:
    deltas: dict[int, int] = {}
    for entry in entries:
        for account, amount in zip(entry.accounts, entry.amounts, strict=True):
            if account % 100 not in balances.IMMEDIATE:
                deltas[account] = deltas.get(account, 0) + amount
    return deltas
