"""The engine as machine code: the same answers, and never those of another text."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mingchi import engine

DATA = Path(__file__).parent / "data"
WHICH = "import mingchi.engine as e; print(e.is_compiled(), e.__file__)"
REPLAY = "import sys; from mingchi.engine.replay import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder of a copy of the engine."""
    if not engine.COMPILED.joinpath("SOURCES").exists():
        pytest.skip("the engine is not compiled: there is no C compiler (script/compile)")
    package = tmp_path.joinpath("mingchi", "engine")
    shutil.copytree(engine.COMPILED.parent, package)
    tmp_path.joinpath("mingchi", "__init__.py").touch()
    return tmp_path


def _run(copy: Path, code: str, *arguments: str, engine: str = "") -> bytes:
    environment = {**os.environ, "PYTHONPATH": str(copy), "MINGCHI_ENGINE": engine}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False).stdout


def _which(copy: Path, engine: str = "") -> list[str]:
    return _run(copy, WHICH, engine=engine).decode().split()


def test_it_is_used_unless_the_text_has_changed(copy: Path) -> None:
    package = copy.joinpath("mingchi", "engine")
    assert _which(copy) == ["True", str(package.joinpath("__init__.py"))]
    with package.joinpath("split.py").open("a") as file:
        file.write("# changed\n")
    assert _which(copy)[0] == "False"


def test_it_can_be_done_without(copy: Path) -> None:
    assert _which(copy, engine="python")[0] == "False"


def test_it_is_not_used_before_it_is_complete(copy: Path) -> None:
    copy.joinpath("mingchi", "engine", "compiled", "SOURCES").unlink()
    assert _which(copy)[0] == "False"


@pytest.mark.parametrize("example", ["worked", "awards"])
def test_both_answer_the_same(copy: Path, example: str) -> None:
    files = [str(DATA / f"{example}.toml"), str(DATA / f"{example}.jsonl")]
    answers = _run(copy, REPLAY, *files)
    assert answers == _run(copy, REPLAY, *files, engine="python")
    assert answers == (DATA / f"{example}.expected.jsonl").read_bytes()
