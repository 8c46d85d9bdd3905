"""What is built of web/islands: it is of the sources that stand there, and a page finds it."""

import hashlib
import json
import re
from pathlib import Path

from django.conf import settings

from mingchi.backoffice import islands

TOP = Path(__file__).resolve().parents[2]
WEB = TOP / "web" / "islands"


def sources(folder: Path) -> str:
    """The hash that the build leaves: see `stamp` in vite.config.ts."""
    names = ["package-lock.json", "package.json", "vite.config.ts"]
    names += [
        str(path.relative_to(folder))
        for path in (folder / "src").rglob("*")
        if path.suffix in (".ts", ".vue", ".css") and not path.name.endswith(".test.ts")
    ]
    seen = hashlib.sha256()
    for name in sorted(names):
        seen.update(f"{name}\0".encode())
        seen.update((folder / name).read_bytes())
    return seen.hexdigest()


def test_what_is_committed_was_built_of_these_sources() -> None:
    built = (islands.BUILT / "sources.sha256").read_text().strip()
    assert built == sources(WEB), "run script/web build and commit what it makes"


def test_another_source_gives_another_hash(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name in ("package-lock.json", "package.json", "vite.config.ts", "src/main.ts"):
        (tmp_path / name).write_text("one")
    before = sources(tmp_path)
    (tmp_path / "src" / "main.test.ts").write_text("a test changes nothing")
    assert sources(tmp_path) == before
    (tmp_path / "src" / "main.ts").write_text("two")
    assert sources(tmp_path) != before


def test_everything_the_manifest_names_is_there_and_nothing_comes_from_elsewhere() -> None:
    manifest = json.loads((islands.BUILT / "manifest.json").read_text())
    named = {one["file"] for one in manifest.values()}
    for one in manifest.values():
        named |= {*one.get("css", []), *one.get("assets", [])}
    kept = {str(path.relative_to(islands.BUILT)) for path in islands.BUILT.rglob("assets/*")}
    assert kept == named
    for path in islands.BUILT.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", path.read_text()), path.name
    for name in (islands.assets().script, *islands.assets().styles):
        assert (islands.BUILT.parent / name).is_file(), name


def test_browsers_keep_what_is_named_by_its_content() -> None:
    keeps = re.compile(settings.WHITENOISE_IMMUTABLE_FILE_TEST)
    assert keeps.search(f"/static/{islands.assets().script}")
    assert keeps.search("/static/backoffice/backoffice.0123456789ab.css")
    assert not keeps.search("/static/islands/manifest.json")
    assert not keeps.search("/static/backoffice/backoffice.css")


def test_lock_and_packages_name_no_address() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    assert not [name for name, one in lock["packages"].items() if "resolved" in one]
    assert all("integrity" in one for name, one in lock["packages"].items() if name)
