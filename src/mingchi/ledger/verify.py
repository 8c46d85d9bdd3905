"""Recomputing the cash journal and the balances; the settlement journal has its own."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mingchi.ledger import accounts, balances, sealing
from mingchi.ledger.models import AccountBalance, Batch, CashEntry, CashSeal, UnsealedCash


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where what stands differs from what was recomputed."""

    event: str
    account: str
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"event {self.event or '-'}, {self.account}: expected {self.expected}, "
            f"found {self.found}"
        )


def cash_differences() -> Iterator[Difference]:
    """Numbers without a gap, entries that sum to zero, batches whose hash holds."""
    digest, next_number = sealing.GENESIS, 1
    for batch in Batch.objects.filter(programme_id=Batch.CASH).order_by("number"):
        seals = CashSeal.objects.filter(
            number__gte=batch.first_entry, number__lte=batch.last_entry
        ).select_related("entry")
        texts = []
        for seal in seals.order_by("number"):
            if seal.number != next_number:
                yield _cash(seal.entry.key, "number", next_number, seal.number)
                return
            next_number += 1
            texts.append(sealing.cash_text(seal.number, seal.entry))
        expected = sealing.chain(digest, *texts)
        if bytes(batch.digest) != expected:
            last = f"cash batch {batch.number}"
            yield _cash(last, "hash", expected.hex(), bytes(batch.digest).hex())
            return
        digest = expected
    beyond = CashSeal.objects.filter(number__gte=next_number).order_by("number").first()
    if beyond is not None:
        yield _cash(beyond.entry.key, "batch", f"one that covers number {beyond.number}", "none")
    unsealed = set(UnsealedCash.objects.values_list("entry_id", flat=True))
    sealed = CashSeal.objects.count()
    if CashEntry.objects.count() != sealed + len(unsealed):
        yield _cash("-", "entries sealed or waiting", CashEntry.objects.count(), sealed)


def _cash(event: str, what: str, expected: object, found: object) -> Difference:
    return Difference(event=event, account=f"cash {what}", expected=str(expected), found=str(found))


def balance_differences(settled_fen: Mapping[int, int]) -> Iterator[Difference]:
    """Every balance against what settlement (`settled_fen`) and the cash journal add up to."""
    expected: defaultdict[int, int] = defaultdict(int, settled_fen)
    unsealed = set(UnsealedCash.objects.values_list("entry_id", flat=True))
    for entry in CashEntry.objects.order_by("id").iterator():
        for account, amount in zip(entry.accounts, entry.amounts, strict=False):
            if entry.id not in unsealed or accounts.kind_of(account) in balances.IMMEDIATE:
                expected[account] += amount
    found = dict(AccountBalance.objects.values_list("account", "balance_fen"))
    for account in sorted(expected.keys() | found.keys()):
        if expected[account] != found.get(account, 0):
            yield Difference(
                event="",
                account=accounts.name(account),
                expected=f"{expected[account]} fen",
                found=f"{found.get(account, 0)} fen",
            )
