"""The rebate engine: plan, pool, awards, refunds and replay, in whole units only.

Pure: no clock, no chance, no floating point, nothing outside the standard library.
The rules are written down in docs/algorithms/engine.md.

`script/compile` makes machine code of these very modules (docs/adr/0011). It is used where it is
there and of the same text; MINGCHI_ENGINE=python does without it.
"""

import os
import sys
import zlib
from importlib import import_module
from pathlib import Path

_HERE = Path(__file__).parent
COMPILED = _HERE.joinpath("compiled")
"""The compiled modules, the library they share, and `SOURCES`: the checksum of their text."""


def sources() -> list[Path]:
    """The modules that are compiled."""
    return sorted(_HERE.glob("[a-z]*.py"))


def checksum() -> str:
    """Tells the text of the modules from any other, for the Python that runs."""
    text = b"".join(path.name.encode() + path.read_bytes() for path in sources())
    return f"{sys.implementation.cache_tag} {zlib.crc32(text):08x}"


def is_compiled() -> bool:
    """Whether the compiled modules are in use."""
    return str(COMPILED) in __path__


def _use_compiled() -> None:
    if os.environ.get("MINGCHI_ENGINE") == "python":
        return
    try:
        if COMPILED.joinpath("SOURCES").read_text() != checksum():
            return
    except OSError:  # it was not compiled
        return
    library = next(COMPILED.glob("*__mypyc.*")).name.partition(".")[0]
    sys.path.insert(0, str(COMPILED))
    try:
        import_module(library)
    finally:
        sys.path.remove(str(COMPILED))
    __path__.insert(0, str(COMPILED))


_use_compiled()
