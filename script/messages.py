"""Extract, merge and compile translations: our own messages, and those of Unfold, which ships
none for Chinese. Django's own translations are left to Django."""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "mingchi"
FOLDER = SOURCES / "locale" / "zh_Hans" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moved would make every update a change
DJANGO_APPS = ("admin", "auth", "contenttypes", "sessions")  # of those installed, with texts
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
Message = tuple[str | None, str | tuple[str, str]]  # context, id (and plural)

_TRANSLATE = re.compile(
    r"""^trans(?:late)?\s+(["'])(.*?)\1(?:.*?\bcontext\s+(["'])(.*?)\3)?""", re.S
)
_BLOCK = re.compile(r"""^blocktrans(?:late)?\b(?:.*?\bcontext\s+(["'])(.*?)\1)?""", re.S)
_UNDERSCORE = re.compile(r"""_\((["'])(.*?)\1\)""")


def wanted() -> set[Message]:
    """Every message that needs a translation of ours."""
    import unfold

    theme = Path(unfold.__file__).parent
    unused = ("constance", "guardian", "import_export", "location_field", "simple_history")
    from_theme = _of_tree(theme, leave_out=unused) - _django()
    return _of_tree(SOURCES) | from_theme


def update() -> None:
    """Bring the catalogue up to date, keeping what is translated, and compile it."""
    old = _read()
    new = _catalog()
    for context, msgid in sorted(wanted(), key=lambda m: (_first(m[1]), m[0] or "")):
        known = old.get(_first(msgid), context)
        new.add(msgid, string=known.string if known else "", context=context)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, new, width=100, omit_header=False)
    MO.write_bytes(_compiled(new))


def faults() -> list[str]:
    """What is missing, fuzzy, left over or not compiled; empty when all is well."""
    catalog = _read()
    have = {(m.context, _key(m.id)): m for m in catalog if m.id}
    need = wanted()
    found = [f"not in the catalogue: {msgid!r}" for context, msgid in need - set(have)]
    found += [f"no longer used: {msgid!r}" for context, msgid in set(have) - need]
    for (_context, msgid), message in have.items():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(strings):
            found.append(f"not translated: {msgid!r}")
        if message.fuzzy:
            found.append(f"fuzzy: {msgid!r}")
        found += [f"placeholders differ: {msgid!r}" for s in strings if s and _differ(msgid, s)]
    if not found and (not MO.exists() or MO.read_bytes() != _compiled(catalog)):
        found.append("django.mo is not what django.po compiles to: run script/messages update")
    return sorted(found)


def _of_tree(top: Path, *, leave_out: tuple[str, ...] = ()) -> set[Message]:
    found: set[Message] = set()
    for path in sorted(top.rglob("*")):
        if set(leave_out) & set(path.parts):
            continue
        if path.suffix == ".py":
            found |= set(_of_python(path))
        elif path.suffix == ".html":
            found |= set(_of_template(path))
    return found


def _of_python(path: Path) -> Iterator[Message]:
    for _line, message, _comments, context in extract_from_file("python", path, keywords=KEYWORDS):
        if message and _first(message):
            yield context, message if isinstance(message, str) else (message[0], message[1])


def _of_template(path: Path) -> Iterator[Message]:
    """Of `translate`, `blocktranslate` and `_("…")`."""
    from django.template.base import Lexer, TokenType

    block: _Block | None = None
    for token in Lexer(path.read_text()).tokenize():
        is_tag = token.token_type == TokenType.BLOCK
        if block is not None:
            if is_tag and token.contents.startswith("endblocktrans"):
                yield block.message()
                block = None
            else:
                block.take(token, is_tag=is_tag, is_variable=token.token_type == TokenType.VAR)
        elif is_tag and (match := _BLOCK.match(token.contents)):
            block = _Block(context=match[2], trimmed=" trimmed" in token.contents)
        else:
            yield from _of_tag(token.contents if token.token_type != TokenType.TEXT else "")


def _of_tag(contents: str) -> Iterator[Message]:
    for match in _UNDERSCORE.finditer(contents):
        yield None, match[2]
    if match := _TRANSLATE.match(contents):
        yield match[4], match[2]


class _Block:
    """What stands between `blocktranslate` and its end."""

    def __init__(self, *, context: str | None, trimmed: bool) -> None:
        self.context, self.trimmed = context, trimmed
        self.singular: str | None = None
        self.parts: list[str] = []

    def take(self, token: Any, *, is_tag: bool, is_variable: bool) -> None:
        if is_tag and token.contents.startswith("plural"):
            self.singular, self.parts = _joined(self.parts, self.trimmed), []
        else:
            self.parts.append(f"%({token.contents.strip()})s" if is_variable else token.contents)

    def message(self) -> Message:
        text = _joined(self.parts, self.trimmed)
        return self.context, (self.singular, text) if self.singular else text


def _joined(parts: list[str], trimmed: bool) -> str:
    text = "".join(parts)
    return " ".join(filter(None, map(str.strip, text.splitlines()))) if trimmed else text


def _django() -> set[Message]:
    """What Django translates itself."""
    import django

    top = Path(django.__file__).parent
    found: set[Message] = set()
    for path in [
        top / "conf/locale/zh_Hans/LC_MESSAGES/django.mo",
        *(top / f"contrib/{app}/locale/zh_Hans/LC_MESSAGES/django.mo" for app in DJANGO_APPS),
    ]:
        with path.open("rb") as file:
            found |= {(m.context, _key(m.id)) for m in read_mo(file) if m.id and m.string}
    return found


def _differ(msgid: str | tuple[str, str], string: str) -> bool:
    marks = re.compile(r"%(?:\(\w+\))?[sd]|\{\w*\}")
    return sorted(marks.findall(_first(msgid))) != sorted(marks.findall(string))


def _first(msgid: str | tuple[str, ...]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _key(msgid: str | list[str] | tuple[str, ...]) -> str | tuple[str, str]:
    return msgid if isinstance(msgid, str) else (msgid[0], msgid[1])


def _catalog() -> Catalog:
    catalog = Catalog(
        locale="zh_Hans",
        project="Mingchi",
        fuzzy=False,
        creation_date=SINCE,
        revision_date=SINCE,
    )
    catalog.header_comment = "# Simplified Chinese, by script/messages."
    return catalog


def _read() -> Catalog:
    if not PO.exists():
        return _catalog()
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def _compiled(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main(argv: list[str]) -> int:
    """`update` or `check`."""
    if argv == ["update"]:
        update()
    elif argv != ["check"]:
        print("usage: script/messages update|check", file=sys.stderr)
        return 2
    found = faults()
    print("\n".join(found) or "All messages are translated.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
