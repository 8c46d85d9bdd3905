"""The house rules, each a function from the top of a checkout to what breaks it: so that a test can
hand in a small made-up checkout and see that the rule finds what was planted there."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 50
SKIPPED = {
    ".git", ".venv", ".tools", "var", "build", "dist", "node_modules", "__pycache__",
    ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache",
}  # fmt: skip
# Spelt in pieces, so that this file does not break its own rules.
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:wor" r"k|hom" r"e|roo" r"t|Use" r"rs)(?:/[\w.-]+)+")
INDEXES = re.compile(
    r"pypi\.or" r"g|pythonhosted\.or" r"g|https?://py" r"pi|registry\.np" r"mjs|"
    r"tuna\.tsin" r"ghua|mirrors\.ali" r"yun|index-url[= ]+http"
)  # fmt: skip
LEFT_OVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals")
NOT_PURE = {"random", "secrets", "time", "datetime", "uuid", "socket", "subprocess", "threading"}


def texts(root: Path, *tops: str) -> Iterator[tuple[str, str]]:
    """Every text file that is ours: its name from the top, its text."""
    for top in tops or ("",):
        for folder, folders, files in os.walk(root / top):
            folders[:] = sorted(set(folders) - SKIPPED)
            for name in sorted(set(files) - SKIPPED):  # .git is a file in a worktree of git's
                path = Path(folder) / name
                try:
                    yield str(path.relative_to(root)), path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


def python(root: Path, top: str) -> Iterator[tuple[str, str]]:
    """Our Python below a folder, but for migrations, which Django writes."""
    for name, text in texts(root, top):
        if name.endswith(".py") and "/migrations/" not in name:
            yield name, text


def long_files(root: Path) -> list[str]:
    """Files of 400 lines and more."""
    return [
        f"{name}: {text.count(chr(10))} lines"
        for name, text in python(root, "src")
        if text.count("\n") >= FILE_LINES
    ]


def long_functions(root: Path) -> list[str]:
    """Functions of 50 lines and more, from `def` to the end."""
    found = []
    for name, text in python(root, "src"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines >= FUNCTION_LINES:
                    found.append(f"{name}:{node.lineno} {node.name}: {lines} lines")
    return found


def machine_paths(root: Path) -> list[str]:
    """Paths that only somebody's machine has."""
    return _matches(root, MACHINE_PATHS)


def index_addresses(root: Path) -> list[str]:
    """Addresses of package indexes: where packages come from is the machine's business."""
    found = _matches(root, INDEXES)
    for name, text in texts(root, "requirements"):
        found += [f"{name}: an address" for line in text.splitlines() if "://" in line]
    return found


def left_overs(root: Path) -> list[str]:
    """Notes of things undone."""
    return _matches(root, LEFT_OVER)


def _matches(root: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}: {match.group()}" for name, text in texts(root) for match in pattern.finditer(text)
    ]


def imports(text: str) -> Iterator[str]:
    """The modules a file imports, by their full names."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def impure_engine(root: Path) -> list[str]:
    """What the engine imports that is neither itself nor a pure part of the standard library."""
    allowed = (sys.stdlib_module_names - NOT_PURE) | {"mingchi"}
    found = []
    for name, text in python(root, "src/mingchi/engine"):
        for module in imports(text):
            top = module.split(".")[0]
            ours = module in ("mingchi", "mingchi.engine") or module.startswith("mingchi.engine.")
            if top not in allowed or (top == "mingchi" and not ours):
                found.append(f"{name}: {module}")
    return found


def inexact_numbers(root: Path) -> list[str]:
    """Floats in the engine: literals, `float`, and divisions that make one."""
    found = []
    for name, text in python(root, "src/mingchi/engine"):
        for node in ast.walk(ast.parse(text)):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
            called = isinstance(node, ast.Name) and node.id == "float"
            divided = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
            if literal or called or divided:
                found.append(f"{name}:{getattr(node, 'lineno', '?')}: {ast.unparse(node)}")
    return found


def signals(root: Path) -> list[str]:
    """Django's signals, which do things nobody sees in the code that caused them."""
    return [
        f"{name}: {module}"
        for name, text in python(root, "src")
        for module in imports(text)
        if module.startswith(SIGNALS)
    ]


def rooms_without_readme(root: Path) -> list[str]:
    """Domains (rooms with tables) and the engine that don't say what they are."""
    rooms = (root / "src/mingchi").iterdir()
    return [
        f"src/mingchi/{room.name}/README.md is missing"
        for room in sorted(rooms)
        if ((room / "migrations").is_dir() or room.name == "engine")
        and not (room / "README.md").is_file()
    ]


def broken_stops(root: Path) -> list[str]:
    """Stops `file:function` named in ARCHITECTURE.md that are not there."""
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = []
    for file, function in re.findall(r"`([\w/]+\.py):([\w.]+)`", text):
        path = root / "src/mingchi" / file
        if not path.is_file():
            path = root / file
        if not path.is_file():
            found.append(f"{file} is not there")
        elif function not in _names(ast.parse(path.read_text(encoding="utf-8"))):
            found.append(f"{file} has no {function}")
    return found


def _names(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{x.name}" for x in node.body if isinstance(x, ast.FunctionDef)}
    return names


def broken_links(root: Path) -> list[str]:
    """Links in our pages to files that are not there."""
    found = []
    for name, text in texts(root):
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)\s#]+)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (root / name).parent.joinpath(target).exists():
                found.append(f"{name}: {target}")
    return found


def changelog_without_unreleased(root: Path) -> list[str]:
    """A changelog with nowhere to write the next change."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return [] if re.search(r"^## \[?Unreleased", text, re.M) else ["no heading Unreleased"]


def undocumented_variables(root: Path) -> list[str]:
    """Environment variables that the code reads and docs/operating/environment.md doesn't name,
    and the other way round."""
    page = (root / "docs/operating/environment.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)`", page, re.M))
    pattern = re.compile(r"\b(?:MINGCHI_[A-Z_]*[A-Z]|DATABASE_URL)\b")
    used = {
        match
        for name, text in texts(root, "src", "script")
        if not name.endswith(".md")
        for match in pattern.findall(text)
    }
    places = root / "tests/places.py"
    if places.is_file():
        used |= set(pattern.findall(places.read_text(encoding="utf-8")))
    return [f"{name} is not documented" for name in sorted(used - told)] + [
        f"{name} is documented but not read" for name in sorted(told - used)
    ]


def differing_locks(root: Path) -> list[str]:
    """Packages that tests run with in another version than a platform, and those without hash."""
    base, dev = (_locked(root / f"requirements/{name}.lock") for name in ("base", "dev"))
    return [
        f"{package}: {version} in base, {dev.get(package)} in dev"
        for package, version in base.items()
        if dev.get(package) != version
    ]


def _locked(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8")
    found = dict(re.findall(r"^([\w.\[\]-]+)==([^\s;\\]+)", text, re.M))
    assert len(re.findall(r"^[\w.\[\]-]+==[^\n]*\\\n +--hash=", text, re.M)) == len(found), path
    return found
