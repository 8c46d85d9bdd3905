"""Ids of the engine, which are keys of events, and keys of the database.

A member of key 12 is `m12`: the id of the event that brought him in is his own. Events hold no
other name of anybody.
"""

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


def key(kind: str, primary_key: int) -> str:
    """The event key of a database row: `key("order", 7)` is `o7`."""
    return f"{PREFIXES[kind]}{primary_key}"


def primary_key(event_key: str) -> int:
    """The database key behind an event key: `primary_key("m12")` is 12."""
    return int(event_key[1:])
