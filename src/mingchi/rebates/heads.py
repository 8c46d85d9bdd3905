"""Heads of batches, published outside the database.

Whoever owns the database could rewrite a whole chain of hashes; not the copy of its heads that
others hold. One JSON line a batch, appended by the settler after each commit.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from mingchi.ledger.models import Batch
from mingchi.ledger.verify import Difference
from mingchi.rebates.models import Programme


def path(programme: Programme) -> Path:
    """The file of a programme's heads."""
    folder: Path = settings.VAR / "heads"
    return folder / f"{programme.code}.jsonl"


def publish(programme: Programme) -> int:
    """Append the heads of batches that are not in the file yet; returns how many."""
    file = path(programme)
    file.parent.mkdir(parents=True, exist_ok=True)
    last = _last(file)
    batches = Batch.objects.filter(programme_id=programme.id, number__gt=last).order_by("number")
    lines = [
        json.dumps(
            {
                "batch": batch.number,
                "last_entry": batch.last_entry,
                "hash": bytes(batch.digest).hex(),
                "at": batch.created_at.isoformat(),
            }
        )
        for batch in batches
    ]
    if lines:
        with file.open("a") as out:
            # A line that a crash cut short must not run into the next.
            out.write("" if _ends_in_a_line(file) else "\n")
            out.write("\n".join(lines) + "\n")
    return len(lines)


def _ends_in_a_line(file: Path) -> bool:
    with file.open("rb") as heads:
        size = heads.seek(0, 2)
        heads.seek(max(0, size - 1))
        return heads.read() in (b"", b"\n")


def _last(file: Path) -> int:
    if not file.exists():
        return 0
    with file.open("rb") as heads:
        heads.seek(0, 2)
        heads.seek(max(0, heads.tell() - 1000))
        lines = [line for line in heads.read().splitlines() if line.startswith(b"{")]
    # A line that a crash cut short is written again after it.
    for line in reversed(lines):
        try:
            return int(json.loads(line)["batch"])
        except (ValueError, KeyError):
            continue
    return 0


def published(programme: Programme) -> list[dict[str, Any]]:
    """The heads that were published so far; none where no file is kept here."""
    file = path(programme)
    found = []
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # cut short by a crash, written again on the next line
    return found


def differences(
    programme: Programme, published_heads: Sequence[dict[str, Any]]
) -> Iterator[Difference]:
    """Heads that were published, when the caller last looked, and no longer stand."""
    if not published_heads:
        return
    stand = {
        number: bytes(digest).hex()
        for number, digest in Batch.objects.filter(programme_id=programme.id)
        .values_list("number", "digest")
        .iterator()
    }
    for head in published_heads:
        found = stand.get(head["batch"])
        if found != head["hash"]:
            yield Difference(
                event=f"batch {head['batch']}",
                account="published hash",
                expected=head["hash"],
                found=found or "no such batch",
            )
            return
