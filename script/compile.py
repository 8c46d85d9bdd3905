"""Compiles `mingchi.engine` by mypyc into `mingchi/engine/compiled`; see script/compile."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mingchi.engine import COMPILED, checksum, sources

_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup

# A higher level takes twice the time to compile and saves three instructions of a hundred.
modules = mypycify(["--strict", *sys.argv[1:]], opt_level="1", debug_level="0")
setup(name="engine", packages=[], ext_modules=modules, script_args=["-q", "build_ext", "--inplace"])
"""


def main() -> int:
    """Compiles unless what is there is of the same text; 1: it failed, which is told."""
    wanted = checksum()
    done = COMPILED / "SOURCES"
    if done.exists() and done.read_text() == wanted:
        return 0
    shutil.rmtree(COMPILED, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        package = place / "mingchi" / "engine"
        shutil.copytree(COMPILED.parent, package)
        (place / "mingchi" / "__init__.py").touch()
        failure = _build(place, [str(p.relative_to(COMPILED.parents[2])) for p in sources()])
        if failure:
            print(failure, file=sys.stderr)
            return 1
        _put_in_place(place, package, wanted)
    return 0


def _build(place: Path, modules: list[str]) -> str | None:
    """What went wrong, if anything."""
    environment = {**os.environ, "MYPYPATH": str(place), "CFLAGS": "-w"}
    ran = subprocess.run(
        [sys.executable, "-c", _BUILD, *modules],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr if ran.returncode else None


def _put_in_place(built: Path, package: Path, wanted: str) -> None:
    """`SOURCES` comes last: without it nothing of the rest is used."""
    COMPILED.mkdir()
    for library in (*built.glob("*.so"), *package.glob("*.so")):
        shutil.copy(library, COMPILED)
    (COMPILED / "SOURCES").write_text(wanted)


if __name__ == "__main__":
    sys.exit(main())
