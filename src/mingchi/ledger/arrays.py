"""Arrays as PostgreSQL reads them from text, which is quicker than anything else to build."""

from collections.abc import Iterable


def array_text(values: Iterable[int]) -> str:
    """`{1,2}`: for COPY, and for parameters that are cast to an array."""
    return "{" + ",".join(map(str, values)) + "}"
