"""Ids of the engine, which are keys of events, and keys of the database.

A member of key 12 is `m12`: the id of the event that brought him in is his own. Events hold no
other name of anybody.
"""

import re
from typing import Final

PREFIXES: Final[dict[str, str]] = {
    "member": "m",
    "order": "o",
    "refund": "r",
    "redeem": "d",
    "subsidy": "s",
    "close": "c",
    "rank": "k",
    "agent": "g",
    "shareholder": "h",
    "plan": "p",
    "sponsor": "b",
}

# One way to write each key, and room for it below ledger.keys.SPAN.
_NUMBER: Final = re.compile("[1-9][0-9]{0,11}")


def key(kind: str, primary_key: int) -> str:
    """The event key of a database row: `key("order", 7)` is `o7`."""
    return f"{PREFIXES[kind]}{primary_key}"


def primary_key(event_key: str) -> int:
    """The database key behind an event key: `primary_key("m12")` is 12."""
    return int(event_key[1:])


def is_key(kind: str, text: str) -> bool:
    """Whether `text` is what `key` gives for some row: `m12`, not `m012` nor `member 12`."""
    prefix = PREFIXES[kind]
    return text.startswith(prefix) and is_number(text[len(prefix) :])


def is_number(text: str) -> bool:
    """Whether `text` is a database key as it is written in events."""
    return _NUMBER.fullmatch(text) is not None
