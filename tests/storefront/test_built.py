"""The storefront as built: of the sources that stand there, small, and served as it should be."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from mingchi.storefront import page

TOP = Path(__file__).resolve().parents[2]
WEB = TOP / "web" / "storefront"
NOT_BUILT = re.compile(r"\.test\.ts$|^src/api/schema|^src/api/openapi")
FIRST_LOAD_BYTES = 300_000


def sources(folder: Path) -> str:
    """The hash that the build leaves: see `stamp` in vite.config.ts."""
    names = ["index.html", "package-lock.json", "package.json", "vite.config.ts"]
    names += [
        name
        for path in (folder / "src").rglob("*")
        if path.suffix in (".ts", ".vue", ".scss", ".json")
        and not NOT_BUILT.search(name := str(path.relative_to(folder)))
    ]
    seen = hashlib.sha256()
    for name in sorted(names):
        seen.update(f"{name}\0".encode())
        seen.update((folder / name).read_bytes())
    return seen.hexdigest()


def named(html: str) -> list[str]:
    """The files that a page asks for at once."""
    return re.findall(r'(?:src|href)="\./(static/storefront/[^"]+)"', html)


def test_what_is_committed_was_built_of_these_sources() -> None:
    built = (page.BUILT / "sources.sha256").read_text().strip()
    assert built == sources(WEB), "run script/web build storefront and commit what it makes"


def test_another_source_gives_another_hash(tmp_path: Path) -> None:
    (tmp_path / "src/api").mkdir(parents=True)
    for name in ("index.html", "package-lock.json", "package.json", "vite.config.ts", "src/a.vue"):
        (tmp_path / name).write_text("one")
    before = sources(tmp_path)
    (tmp_path / "src/a.test.ts").write_text("a test changes nothing")
    (tmp_path / "src/api/schema.ts").write_text("nor do types")
    assert sources(tmp_path) == before
    (tmp_path / "src/a.vue").write_text("two")
    assert sources(tmp_path) != before


def test_the_first_load_is_small() -> None:
    """The page, what it asks for at once, and the home page with what that brings."""
    html = (page.BUILT / "index.html").read_text()
    folder = page.STATIC / "storefront"
    home = [f"static/storefront/{path.name}" for path in folder.glob("pages-home-home*")]
    assert home
    first = {*named(html), *home}
    # What two or more pages share comes with the first of them.
    first |= {f"static/storefront/{path.name}" for path in folder.glob("app-*")}
    sizes = {name: len(gzip.compress((page.BUILT / name).read_bytes(), 9)) for name in first}
    assert sum(sizes.values()) + len(html) < FIRST_LOAD_BYTES, sizes


def test_everything_the_page_names_is_served_and_kept_for_good() -> None:
    keeps = re.compile(settings.WHITENOISE_IMMUTABLE_FILE_TEST)
    names = named((page.BUILT / "index.html").read_text())
    assert len(names) >= 3
    for name in names:
        assert finders.find(name.removeprefix("static/")), name
    for path in (page.STATIC / "storefront").iterdir():
        assert keeps.search(f"/static/storefront/{path.name}"), path.name
    assert not keeps.search("/static/storefront/index.html")


def test_nothing_comes_from_elsewhere() -> None:
    for path in page.STATIC.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", path.read_text()), path.name


def test_the_page_is_asked_for_anew_each_time_and_rarely_sent() -> None:
    answer = Client().get("/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    again = Client().get("/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Client().post("/").status_code == 405


@pytest.mark.parametrize("address", ["/api/openapi.json", "/healthz", "/media/none.webp"])
@pytest.mark.django_db
def test_it_shadows_nothing(address: str) -> None:
    assert b'id="app"' not in Client().get(address).content


def test_lock_and_packages_name_no_address() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    assert not [name for name, one in lock["packages"].items() if "resolved" in one]
    assert all("integrity" in one for name, one in lock["packages"].items() if name)
