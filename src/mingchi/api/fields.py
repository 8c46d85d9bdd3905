"""Kinds of values in requests and answers: whole numbers only, within what the tables hold."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Field, Schema
from pydantic import AwareDatetime, ConfigDict, StringConstraints

MAX_ID = 2**63 - 1
MAX_FEN = 10**12
MAX_UPT = 10**15
# PostgreSQL takes no NUL; no other control character but tab and line ends has a use either.
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Fen = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN, description="fen (0.01 CNY)")]
FenFromZero = Annotated[int, Field(strict=True, ge=0, le=MAX_FEN, description="fen (0.01 CNY)")]
Upt = Annotated[int, Field(strict=True, ge=1, le=MAX_UPT, description="micro-points")]
Qty = Annotated[int, Field(strict=True, ge=1, le=10**6)]
Qty0 = Annotated[int, Field(strict=True, ge=0, le=10**9)]
Ppm = Annotated[int, Field(description="parts per million")]
Limit = Annotated[int, Field(ge=1, le=100, description="at most this many")]
Before = Annotated[
    int | None, Field(ge=1, le=MAX_ID, description="older than this entry: `next` of the page")
]
Phone = Annotated[str, StringConstraints(pattern=r"^[+0-9][0-9 ()-]{5,23}$")]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128, pattern=PRINTABLE)]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
AgentRegion = Annotated[str, StringConstraints(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$")]
Pictures = Annotated[
    list[Id], Field(max_length=9, description="own pictures, uploaded before, in their order")
]
When = AwareDatetime


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PRINTABLE),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PRINTABLE)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE),
]


class Input(Schema):
    """What comes in: an unknown field is a slip we tell about, not one we swallow."""

    model_config = ConfigDict(extra="forbid")


class Made(Schema):
    """The key of what was made."""

    id: int


class StateOut(Schema):
    """What became of it."""

    state: str


class ProposedOut(Schema):
    """Somebody else decides."""

    proposal_id: int


class DecisionIn(Input):
    approve: bool
    reason: Line = ""


class Done(Schema):
    """Nothing more to say than that it is done."""

    done: bool = True


Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """Newest first. `next` goes into `before` of the next page; null: this is the last one."""

    items: list[Item]
    next: int | None = None
    as_of: datetime | None = None


class Fault(Schema):
    code: str
    message: str
    field: str | None
    details: dict[str, Any]
    request_id: str


class ErrorOut(Schema):
    """The one shape of every refusal."""

    error: Fault


class Versioned(Schema):
    """The version of what was changed; send it with the next change, and a change that somebody
    else made in between is not lost."""

    version: int
