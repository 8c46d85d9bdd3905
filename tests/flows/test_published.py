"""Flow files that others published, out of packages that `script/web flows` brings: each compiles
or is refused with a list, and nothing else happens."""

import os
import tarfile
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from tests.flows.stepping import CONDITIONS

from mingchi.config.environment import ROOT
from mingchi.flows.checks import check
from mingchi.flows.reading import Reading, read_flow
from mingchi.flows.steps import Registry

PACKAGES: Final = Path(__file__).with_name("published.txt").read_text().split("\n")[:-1]


def package(line: str) -> Path:
    return ROOT / ".tools" / "flows" / f"{line.split()[0].replace('/', '+')}.tgz"


@pytest.fixture(scope="module", autouse=True)
def _brought() -> None:
    if not all(package(line).exists() for line in PACKAGES):
        if os.environ.get("CI"):
            pytest.fail("CI has to have them: script/web flows")
        pytest.skip("flows published by others are not here: script/web flows")


def _files() -> Iterator[tuple[str, bytes]]:
    seen = set()
    for line in PACKAGES:
        with tarfile.open(package(line)) as opened:
            for member in opened:
                held = opened.extractfile(member) if member.name.endswith(".bpmn") else None
                data = held.read() if held else b""
                digest = sha256(data).digest()
                if data and digest not in seen:
                    seen.add(digest)
                    yield member.name, data


@cache
def readings() -> dict[str, Reading]:
    return {name: read_flow(data, registry=Registry()) for name, data in _files()}


def test_there_are_enough_of_each_fate() -> None:
    fates = [
        "unreadable" if one.unreadable else "refused" if one.graph is None else "compiled"
        for one in readings().values()
    ]
    assert len(fates) >= 200
    assert fates.count("compiled") >= 30
    assert fates.count("refused") >= 100


def test_what_is_refused_names_element_and_line() -> None:
    for name, reading in readings().items():
        assert reading.findings or reading.graph is not None, name
        for finding in reading.findings:
            assert finding.line >= 1, (name, finding)
            assert finding.element or reading.unreadable, (name, finding)


def test_what_compiles_is_checked_to_the_end() -> None:
    """Theirs have neither our roles nor our steps, so none may be published as it is."""
    for name, reading in readings().items():
        if reading.graph is not None:
            found = check(reading.graph, registry=Registry(), conditions=CONDITIONS, strict=False)
            assert all(finding.line for finding in found), (name, found)
            assert reading.graph.to_json(), name
